//! Exact decimal numbers with up to six decimals: quantities, percentages, numbers in custom fields.

use super::field::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape};
use super::{Value, ValueType};
use crate::error::{Error, Result, Violations};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many of something, exactly: up to 1,000,000,000,000 with at most six decimals; may be negative.
///
/// It is kept as a whole number of millionths, so that stores sum and sort it exactly.
///
/// ```
/// use crm_core::{Decimal, Quantity};
/// let quantity = Quantity(Decimal::new(25, 1));
/// assert_eq!(quantity.to_string(), "2.5");
/// assert_eq!(quantity, "2.5".parse()?);
/// assert_eq!(Quantity::from(3), "3".parse()?);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(pub Decimal);

/// What fits.
const EXPECTED: &str = "a number of at most 1,000,000,000,000 with at most 6 decimals";

/// The greatest amount of a [`Quantity`].
const GREATEST: i64 = 1_000_000_000_000;

impl Quantity {
    /// The digits after the decimal point.
    pub const DECIMALS: u32 = 6;
    /// One.
    pub const ONE: Quantity = Quantity(Decimal::ONE);

    /// In millionths; `None` when it is too large or too fine.
    pub fn millionths(self) -> Option<i64> {
        let number = self.0.normalize();
        if number.scale() > Self::DECIMALS || number.abs() > Decimal::from(GREATEST) {
            return None;
        }
        (number * Decimal::from(1_000_000)).to_i64()
    }

    /// From millionths.
    pub fn from_millionths(millionths: i64) -> Self {
        Quantity(Decimal::new(millionths, Self::DECIMALS).normalize())
    }

    /// Parses what people and programs write: a whole number, a decimal, or a text like `2.5`.
    pub(crate) fn parse(value: &Value) -> Option<Decimal> {
        match value {
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(number.normalize()),
            Value::Text(text) => text.trim().parse::<Decimal>().ok().map(|number| number.normalize()),
            _ => None,
        }
    }
}

impl From<i64> for Quantity {
    fn from(number: i64) -> Self {
        Quantity(Decimal::from(number))
    }
}
impl From<i32> for Quantity {
    fn from(number: i32) -> Self {
        Quantity(Decimal::from(number))
    }
}
impl TryFrom<Decimal> for Quantity {
    type Error = Error;

    /// # Errors
    /// `invalid` (`quantity`) when it is too large or has more than six decimals.
    fn try_from(number: Decimal) -> Result<Self> {
        let quantity = Quantity(number.normalize());
        match quantity.millionths() {
            Some(_) => Ok(quantity),
            None => Err(Error::invalid("quantity", "range", format!("{number} is not {EXPECTED}"))),
        }
    }
}
impl FromStr for Quantity {
    type Err = Error;

    /// # Errors
    /// `invalid` (`quantity`) for what is no number, is too large or has more than six decimals.
    fn from_str(text: &str) -> Result<Self> {
        let number = text
            .trim()
            .parse::<Decimal>()
            .map_err(|_| Error::invalid("quantity", "syntax", format!("{text:?} is not {EXPECTED}")))?;
        Quantity::try_from(number)
    }
}

impl From<Quantity> for Value {
    fn from(quantity: Quantity) -> Self {
        quantity.to_value()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl FieldValue for Quantity {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Decimal)
    }
    fn to_value(&self) -> Value {
        Value::Decimal(self.0.normalize())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        Quantity::parse(&value).map(Quantity).ok_or_else(|| Mismatch::new("a number", &value))
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        let millionths = self.millionths();
        out.put(Cell::Int(
            millionths.ok_or_else(|| Error::invalid("", "range", "the number is too large or too fine"))?,
        ))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Int(millionths) => Ok(Some(Quantity::from_millionths(millionths))),
            _ => Err(Error::corrupt("a quantity is no number")),
        }
    }
    fn tidy(&mut self, name: &str, _: usize, problems: &mut Violations) {
        self.0 = self.0.normalize();
        if self.millionths().is_none() {
            problems.add(name, "range", &self.0.to_string(), format!("expected {EXPECTED}"));
        }
    }
}

/// An exact decimal that is only shown and calculated with, such as a rate: kept as text.
impl FieldValue for Decimal {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Text)
    }
    fn to_value(&self) -> Value {
        Value::Decimal(self.normalize())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        Quantity::parse(&value).ok_or_else(|| Mismatch::new("a number", &value))
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Text(&self.normalize().to_string()))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(text) => {
                text.parse().map(Some).map_err(|_| Error::corrupt(format!("{text:?} is no number")))
            }
            _ => Err(Error::corrupt("a number is no text")),
        }
    }
    fn tidy(&mut self, _: &str, _: usize, _: &mut Violations) {
        *self = self.normalize();
    }
}
