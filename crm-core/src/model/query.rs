//! What a caller asks a list for, and what comes back.

use super::{Field, Filter};
use crate::error::{Error, Result, Violations};
use crate::value::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape, Value, ValueType};
use serde::{Deserialize, Serialize};

/// A list, in words that come from the caller: nothing in it is trusted yet.
///
/// ```
/// use crm_core::{Customer, CustomerStatus, Query};
/// let query = Query::new()
///     .filter(Customer::STATUS.is(CustomerStatus::Active))
///     .order_by(["-created_at", "name"])
///     .page_size(20);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// Which records.
    pub filter: Filter,
    /// Words that the records must contain: each whole, as the beginning of a word, or inside of one from three letters.
    pub words: Option<String>,
    /// Fields to sort by, `-` before one for descending; newest first when empty. Empty values come last.
    pub order: Vec<String>,
    /// Records a page, 1 to 1,000.
    pub page_size: u32,
    /// Where to go on: [`Page::next`] of the page before.
    pub cursor: Option<String>,
    /// Whether to count all records that match; costs a count.
    pub total: bool,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            filter: Filter::all(),
            words: None,
            order: Vec::new(),
            page_size: Query::PAGE_SIZE,
            cursor: None,
            total: false,
        }
    }
}

impl Query {
    /// Records a page when nothing else is said.
    pub const PAGE_SIZE: u32 = 50;
    /// The most records a page.
    pub const LARGEST_PAGE: u32 = 1_000;

    /// Everything, newest first.
    pub fn new() -> Self {
        Query::default()
    }

    /// Only what this filter accepts too.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = self.filter.and(filter);
        self
    }

    /// Only records with these words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
        self
    }

    /// Sorted by these fields, `-` before one for descending.
    #[must_use]
    pub fn order_by<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.order = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Then sorted by this field, ascending.
    #[must_use]
    pub fn ascending<E, T>(mut self, field: Field<E, T>) -> Self {
        self.order.push(field.name().to_owned());
        self
    }

    /// Then sorted by this field, descending.
    #[must_use]
    pub fn descending<E, T>(mut self, field: Field<E, T>) -> Self {
        self.order.push(format!("-{}", field.name()));
        self
    }

    /// So many records a page.
    #[must_use]
    pub fn page_size(mut self, records: u32) -> Self {
        self.page_size = records;
        self
    }

    /// Go on after the page that gave this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Count all matches too.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        self.total = true;
        self
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The records, in order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end. Opaque, and stable while records are added or changed.
    pub next: Option<String>,
    /// How many records match in all, when the query asked for it.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next, total: self.total }
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// A saved list, kept as JSON.
impl FieldValue for Query {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Json)
    }
    fn to_value(&self) -> Value {
        let json = serde_json::to_value(self).unwrap_or_default();
        serde_json::from_value(json).unwrap_or_default()
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        if value == Value::Null {
            return Ok(Query::new());
        }
        let json = serde_json::to_value(&value).ok();
        let query = json.and_then(|json| serde_json::from_value(json).ok());
        query.ok_or_else(|| Mismatch::new("a query: {\"filter\": …, \"words\": …, \"order\": […]}", &value))
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        let json = serde_json::to_string(self);
        let json = json.map_err(|error| Error::invalid("query", "mismatch", error.to_string()))?;
        out.put(Cell::Text(&json))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(json) => {
                serde_json::from_str(json).map(Some).map_err(|error| Error::corrupt(error.to_string()))
            }
            _ => Err(Error::corrupt("a query is no JSON text")),
        }
    }
    fn tidy(&mut self, name: &str, _: usize, problems: &mut Violations) {
        // Deeper ones are refused as filters, and can't be read back from JSON.
        if self.filter.is_deeper_than(Filter::DEEPEST) {
            problems.add(name, "too_deep", "", format!("filters nest at most {} deep", Filter::DEEPEST));
        } else if let Ok(as_stored) = Query::from_value(self.to_value()) {
            *self = as_stored;
        }
    }
}
