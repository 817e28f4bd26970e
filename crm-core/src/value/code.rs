//! Codes that people say to each other: `C001`.

use super::field::{Cell, ColumnReader, ColumnWriter, FieldValue, KeyRules, Mismatch, Shape};
use super::{Value, Words};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A customer's code: a prefix and a number, sorted by the number (`C999` before `C1000`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code {
    text: String,
    number: u64,
}

impl Code {
    /// The code with this number, filled with zeros to `width` digits.
    pub fn new(prefix: &str, number: u64, width: usize) -> Self {
        Code { text: format!("{prefix}{number:0width$}"), number }
    }

    /// The code as people write it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The code that a text is, or what would be one.
    pub(crate) fn from_text(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().to_uppercase();
        let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let number =
            text[text.len() - digits..].parse().map_err(|_| "a code that ends with a number, like C001")?;
        if i64::try_from(number).is_err() || text.len() > 40 || text.contains('\0') {
            return Err("a code of at most 40 characters with a number of at most 18 digits");
        }
        Ok(Code { text, number })
    }

    /// The number in it.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl FromStr for Code {
    type Err = Error;

    /// # Errors
    /// `invalid` (`code`) for what is no code.
    fn from_str(text: &str) -> Result<Self> {
        let reason = |expected: &str| format!("{text:?} is not {expected}");
        Code::from_text(text).map_err(|expected| Error::invalid("code", "syntax", reason(expected)))
    }
}

impl TryFrom<String> for Code {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.text
    }
}
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Code {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number).then_with(|| self.text.cmp(&other.text))
    }
}

impl FieldValue for Code {
    const CELLS: usize = 2;

    fn shape() -> Shape {
        Shape::Code { nullable: false }
    }
    fn to_value(&self) -> Value {
        Value::Text(self.text.clone())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match &value {
            Value::Text(text) => Code::from_text(text).map_err(|expected| Mismatch::new(expected, &value)),
            _ => Err(Mismatch::new("a code like C001", &value)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Text(&self.text))?;
        out.put(Cell::Int(i64::try_from(self.number).unwrap_or(i64::MAX)))
    }
    fn write_absent(out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Null)?;
        out.put(Cell::Null)
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        let code = match from.take()? {
            Cell::Null => None,
            Cell::Text(text) => Some(Code::from_text(text).map_err(|_| Error::corrupt("a code is none"))?),
            _ => return Err(Error::corrupt("a code is no text")),
        };
        // The number is in the text; its column is for the order of lists.
        from.skip(1)?;
        Ok(code)
    }
    fn keys(&self, _: &KeyRules, out: &mut dyn FnMut(String)) {
        out(self.text.clone());
    }
    fn words(&self, _: &KeyRules, out: &mut Words) {
        out.add(&self.text);
    }
}
