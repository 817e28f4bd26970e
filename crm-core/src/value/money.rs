//! Exact money.

use super::field::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape};
use super::{Value, ValueType};
use crate::error::{Error, Result};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A currency of ISO 4217, by its three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

/// What fits.
const EXPECTED: &str = "a currency code of three letters, such as KES";

impl Currency {
    /// The Kenyan shilling.
    pub const KES: Currency = Currency(iso_currency::Currency::KES);
    /// The United States dollar.
    pub const USD: Currency = Currency(iso_currency::Currency::USD);
    /// The euro.
    pub const EUR: Currency = Currency(iso_currency::Currency::EUR);

    /// The currency with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(Currency)
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point: 2 for most, 0 for JPY, 3 for KWD (ISO 4217).
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl FromStr for Currency {
    type Err = Error;

    /// # Errors
    /// `invalid` (`currency`) for what is no code of ISO 4217.
    fn from_str(code: &str) -> Result<Self> {
        Currency::from_code(code)
            .ok_or_else(|| Error::invalid("currency", "syntax", format!("{code:?} is not {EXPECTED}")))
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Currency::from_code(&code).ok_or_else(|| serde::de::Error::custom(format!("expected {EXPECTED}")))
    }
}
impl FieldValue for Currency {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Text)
    }
    fn to_value(&self) -> Value {
        Value::Text(self.code().to_owned())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match &value {
            Value::Text(code) => Currency::from_code(code).ok_or_else(|| Mismatch::new(EXPECTED, &value)),
            _ => Err(Mismatch::new(EXPECTED, &value)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Text(self.code()))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(code) => {
                code.parse().map(Some).map_err(|_| Error::corrupt(format!("{code:?} is no currency")))
            }
            _ => Err(Error::corrupt("a currency is no text")),
        }
    }
}

/// An exact amount: whole minor units (cents) of one currency. Unlike currencies never add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in the currency's smallest unit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// So many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Money { minor, currency }
    }

    /// An amount in major units, such as `12.50`.
    ///
    /// # Errors
    /// `invalid` when it has more digits than the currency or is too large.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    /// assert_eq!(Money::from_decimal("12.50".parse().unwrap(), Currency::KES).unwrap().minor, 1250);
    /// assert!(Money::from_decimal("0.001".parse().unwrap(), Currency::KES).is_err());
    /// ```
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self> {
        let factor = Decimal::from(10_u64.pow(currency.exponent()));
        let minor = amount.checked_mul(factor).filter(|minor| minor.fract().is_zero());
        let minor = minor.and_then(|minor| i64::try_from(minor).ok());
        let reason =
            || format!("{amount} is no amount of {currency}: it has {} decimals", currency.exponent());
        minor
            .map(|minor| Money { minor, currency })
            .ok_or_else(|| Error::invalid("amount", "range", reason()))
    }

    /// An amount in major units, as text with a decimal point.
    ///
    /// # Errors
    /// As [`Money::from_decimal`]; `invalid` for what is no number.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    /// assert_eq!(Money::parse("1850.50", Currency::KES).unwrap().minor, 185_050);
    /// ```
    pub fn parse(amount: &str, currency: Currency) -> Result<Self> {
        let number = Decimal::from_str_exact(amount.trim());
        let number = number.map_err(|_| {
            Error::invalid(
                "amount",
                "syntax",
                "an amount is written in digits, with a point before the decimals",
            )
        })?;
        Money::from_decimal(number, currency)
    }

    /// The amount in major units.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The amount times a number, rounded half to even at the currency's exponent; `None` when it is too large.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    /// let net = Money::new(2_539_520, Currency::EUR);
    /// assert_eq!(net.times("0.19".parse().unwrap()), Some(Money::new(482_509, Currency::EUR)));
    /// ```
    pub fn times(self, factor: Decimal) -> Option<Money> {
        let minor = Decimal::from(self.minor).checked_mul(factor)?;
        let minor = minor.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
        Some(Money { minor: i64::try_from(minor).ok()?, currency: self.currency })
    }

    /// So many percent of the amount, rounded half to even at the currency's exponent.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    /// assert_eq!(Money::new(1_050, Currency::KES).percent(50), Money::new(525, Currency::KES));
    /// ```
    #[must_use]
    pub fn percent(self, percent: u8) -> Money {
        // At most 255 % of 64 bits fit into 128; what does not fit back stays at the edge.
        let product = i128::from(self.minor) * i128::from(percent);
        let (whole, rest) = (product.div_euclid(100), product.rem_euclid(100));
        let up = rest > 50 || (rest == 50 && whole % 2 != 0);
        let minor =
            i64::try_from(whole + i128::from(up)).unwrap_or(if product < 0 { i64::MIN } else { i64::MAX });
        Money { minor, currency: self.currency }
    }

    /// The amount in another currency at this rate (units of `to` for one unit of this currency), rounded half to
    /// even at its exponent; `None` when it is too large.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    /// let shillings = Money::new(41_000, Currency::USD).convert(Currency::KES, "129.5".parse().unwrap());
    /// assert_eq!(shillings, Some(Money::new(5_309_500, Currency::KES)));
    /// ```
    pub fn convert(self, to: Currency, rate: Decimal) -> Option<Money> {
        let amount = self.to_decimal().checked_mul(rate)?;
        let minor = amount.checked_mul(Decimal::from(10_u64.pow(to.exponent())))?;
        let minor = minor.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
        Some(Money { minor: i64::try_from(minor).ok()?, currency: to })
    }

    /// The sum.
    ///
    /// # Errors
    /// `refused` (`unlike_currencies`) for two currencies, `invalid` when the sum is too large.
    pub fn checked_add(self, other: Money) -> Result<Money> {
        if self.currency != other.currency {
            return Err(Error::Refused {
                rule: "unlike_currencies",
                reason: format!("{} and {} do not add without a dated rate", self.currency, other.currency),
            });
        }
        let minor = self.minor.checked_add(other.minor);
        let minor = minor.ok_or_else(|| Error::invalid("amount", "range", "the sum is too large"))?;
        Ok(Money { minor, currency: self.currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_decimal())
    }
}

impl FieldValue for Money {
    const CELLS: usize = 2;

    fn shape() -> Shape {
        Shape::Money { nullable: false }
    }
    fn to_value(&self) -> Value {
        Value::Money(*self)
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        const AMOUNT: &str = "an amount like {\"minor\": 125000, \"currency\": \"KES\"}";
        match value {
            Value::Money(money) => Ok(money),
            Value::Map(map) => match (map.get("minor"), map.get("currency"), map.len()) {
                (Some(Value::Int(minor)), Some(Value::Text(code)), 2) => match Currency::from_code(code) {
                    Some(currency) => Ok(Money { minor: *minor, currency }),
                    None => Err(Mismatch::new(EXPECTED, &Value::Text(code.clone()))),
                },
                _ => Err(Mismatch::new(AMOUNT, &Value::Map(map))),
            },
            other => Err(Mismatch::new(AMOUNT, &other)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Int(self.minor))?;
        out.put(Cell::Text(self.currency.code()))
    }
    fn write_absent(out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Null)?;
        out.put(Cell::Null)
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        let minor = i64::read(from)?;
        match (minor, Currency::read(from)?) {
            (None, None) => Ok(None),
            (Some(minor), Some(currency)) => Ok(Some(Money { minor, currency })),
            _ => Err(Error::corrupt("an amount and its currency don't belong together")),
        }
    }
}
