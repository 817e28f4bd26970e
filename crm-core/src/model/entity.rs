//! What makes a struct an entity, and the table that describes it.

use super::{Filter, Kind};
use crate::error::{Result, Violations};
use crate::value::{
    Column, ColumnReader, ColumnWriter, FieldDef, KeyRules, Mismatch, OnPurge, Shape, Value, ValueType, Words,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::marker::PhantomData;
use uuid::Uuid;

/// A struct of user-editable data that can be stored. Derived: see [`derive@crate::Entity`].
pub trait Entity:
    Validate + Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The entity's name in the singular: `customer`. Its table is `crm_customer`.
    const ENTITY: &'static str;
    /// The fields in their order.
    const FIELDS: &'static [FieldDef];

    /// The fields with their columns, built once.
    fn schema() -> &'static Schema;
    /// The value of the field with this index.
    fn value(&self, field: usize) -> Value;
    /// Sets the field with this index.
    ///
    /// # Errors
    /// What would have fitted.
    fn set(&mut self, field: usize, value: Value) -> std::result::Result<(), Mismatch>;
    /// Takes one field over from another.
    fn copy_field(&mut self, field: usize, from: &Self);
    /// The fields that differ.
    fn changed(&self, other: &Self) -> FieldSet;
    /// Cleans every text and notes what is wrong with single fields.
    fn tidy(&mut self, problems: &mut Violations);
    /// Writes all columns of [`Schema::columns`] in order.
    ///
    /// # Errors
    /// Those of the store.
    fn write_columns(&self, out: &mut dyn ColumnWriter) -> Result<()>;
    /// Reads all columns of [`Schema::columns`] in order.
    ///
    /// # Errors
    /// `corrupt`, and those of the store.
    fn read_columns<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Self>;
    /// The records that a field refers to, with the names of their entities.
    fn references(&self, field: usize, visit: &mut dyn FnMut(&'static str, Uuid));
    /// The comparison keys of a field.
    fn keys(&self, field: usize, rules: &KeyRules, out: &mut dyn FnMut(String));
    /// The searchable words of a field.
    fn words(&self, field: usize, rules: &KeyRules, out: &mut Words);
}

/// The entity's own rules that need nothing but the struct.
pub trait Validate {
    /// Fills what follows from other fields. Runs before [`check`](Validate::check), after texts are cleaned.
    fn normalise(&mut self) {}
    /// Notes every rule that the data breaks.
    fn check(&self, problems: &mut Violations) {
        let _ = problems;
    }
}

/// A set of fields by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u64);

impl FieldSet {
    /// No field.
    pub const EMPTY: FieldSet = FieldSet(0);

    /// Adds the field with this index.
    pub fn insert(&mut self, field: usize) {
        self.0 |= 1 << field;
    }

    /// Whether the field with this index is in it.
    pub fn contains(self, field: usize) -> bool {
        self.0 >> field & 1 == 1
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indexes in it, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..64).filter(move |field| self.contains(*field))
    }

    /// One bit for each field, the first the lowest.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// What is in both.
    pub fn intersection(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 & other.0)
    }
}

/// On whose owner the visibility of an entity's records is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// On its own `owner`: customers.
    Owner,
    /// On the owner of its `customer`.
    Customer,
    /// On nobody: a role sees none or all of them.
    Free,
}

/// An entity's fields and columns.
#[derive(Debug)]
pub struct Schema {
    /// The entity's name.
    pub entity: &'static str,
    /// Its kind, when it is one of the library's own.
    pub kind: Option<Kind>,
    /// Its fields.
    pub fields: &'static [FieldDef],
    /// Its columns in the order in which rows are written and read.
    pub columns: Vec<Column>,
    /// How visibility is decided.
    pub gate: Gate,
    /// Whether any field has words that search finds.
    pub searchable: bool,
    /// The indexes of the fields with keys.
    pub keyed: Vec<usize>,
    /// The index of the field that holds the custom fields.
    pub custom: Option<usize>,
}

impl Schema {
    /// Builds the table from the fields; the derive calls it once for each entity.
    pub fn build(entity: &'static str, fields: &'static [FieldDef]) -> Self {
        let mut columns = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            add_columns(&mut columns, index, None, field, field.name, (field.shape)());
        }
        let hangs_on_customer = fields.iter().any(|field| {
            field.name == "customer"
                && matches!((field.shape)(), Shape::Scalar { ty: ValueType::Id("customer"), .. })
        });
        let gate = match entity {
            "customer" => Gate::Owner,
            _ if hangs_on_customer => Gate::Customer,
            _ => Gate::Free,
        };
        Schema {
            entity,
            kind: Kind::from_word(entity),
            fields,
            columns,
            gate,
            searchable: fields.iter().any(|field| field.searchable),
            keyed: (0..fields.len()).filter(|i| fields[*i].key || fields[*i].unique).collect(),
            custom: fields
                .iter()
                .position(|field| matches!((field.shape)(), Shape::Scalar { ty: ValueType::Custom, .. })),
        }
    }

    /// All fields.
    pub(crate) fn all_fields(&self) -> FieldSet {
        let mut all = FieldSet::EMPTY;
        (0..self.fields.len()).for_each(|field| all.insert(field));
        all
    }

    /// The index of the field with this name, now or before.
    pub fn field(&self, name: &str) -> Option<usize> {
        let named = |field: &FieldDef| field.name == name;
        let renamed = |field: &FieldDef| field.was == Some(name);
        self.fields.iter().position(named).or_else(|| self.fields.iter().position(renamed))
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The fields that refer to records of this entity, with what happens to this one then.
    pub(crate) fn references_to(&self, entity: &str) -> impl Iterator<Item = (usize, OnPurge)> {
        let target = entity.to_owned();
        self.fields.iter().enumerate().filter_map(move |(index, field)| {
            let policy = field.reference?;
            ((field.target)() == Some(target.as_str())).then_some((index, policy))
        })
    }
}

fn add_columns(
    columns: &mut Vec<Column>,
    field: usize,
    part: Option<&'static str>,
    def: &'static FieldDef,
    name: &'static str,
    shape: Shape,
) {
    // Column names live as long as the program: each schema is built once.
    let joined = |suffix: &str| -> &'static str { Box::leak(format!("{name}_{suffix}").into_boxed_str()) };
    let (filterable, sortable) = (def.filterable, def.sortable);
    let mut add = |name, ty, nullable, sub: Option<&'static str>| {
        let text = ty == ValueType::Text && sub.is_none() && (filterable || sortable);
        let folded = text || ty == ValueType::Custom;
        columns.push(Column { name, ty, nullable, field, part, sub, filterable, sortable, folded });
    };
    match shape {
        Shape::Scalar { ty, nullable } => add(name, ty, nullable, None),
        Shape::Money { nullable } => {
            add(joined("minor"), ValueType::Int, nullable, Some("minor"));
            add(joined("currency"), ValueType::Text, nullable, Some("currency"));
        }
        Shape::Code { nullable } => {
            add(name, ValueType::Code, nullable, None);
            add(joined("number"), ValueType::Int, nullable, Some("number"));
        }
        Shape::Parts { parts, nullable } => {
            for part in parts {
                let shape = if nullable { (part.shape)().optional() } else { (part.shape)() };
                add_columns(columns, field, Some(part.name), part, joined(part.name), shape);
            }
        }
    }
}

/// A field of an entity with its type, for filters and sorting: `Customer::STATUS.is(CustomerStatus::Active)`.
#[derive(Debug)]
pub struct Field<E, T> {
    name: &'static str,
    of: PhantomData<fn() -> (E, T)>,
}

impl<E, T> Clone for Field<E, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E, T> Copy for Field<E, T> {}

impl<E, T> Field<E, T> {
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Field { name, of: PhantomData }
    }

    /// The field's name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The path of a part of this field: `Customer::ADDRESS.part(Address::CITY)` is `address_city`.
    pub fn part<P, U>(self, part: Field<P, U>) -> String {
        format!("{}_{}", self.name, part.name)
    }

    /// The path of a field of the record that this one refers to:
    /// `Contact::CUSTOMER.hop(Customer::STATUS)` is `customer.status`.
    pub fn hop<F, U>(self, field: Field<F, U>) -> String {
        format!("{}.{}", self.name, field.name)
    }

    /// Equal; texts are compared without case and accents; a list contains it.
    pub fn is(self, value: impl Into<Value>) -> Filter {
        Filter::is(self.name, value)
    }

    /// Not equal, or empty.
    pub fn is_not(self, value: impl Into<Value>) -> Filter {
        Filter::is_not(self.name, value)
    }

    /// Equal to one of these.
    pub fn is_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter {
        Filter::is_in(self.name, values)
    }

    /// Less than.
    pub fn less(self, value: impl Into<Value>) -> Filter {
        Filter::less(self.name, value)
    }

    /// Less or equal.
    pub fn at_most(self, value: impl Into<Value>) -> Filter {
        Filter::at_most(self.name, value)
    }

    /// Greater than.
    pub fn greater(self, value: impl Into<Value>) -> Filter {
        Filter::greater(self.name, value)
    }

    /// Greater or equal.
    pub fn at_least(self, value: impl Into<Value>) -> Filter {
        Filter::at_least(self.name, value)
    }

    /// Between two values, both included.
    pub fn between(self, low: impl Into<Value>, high: impl Into<Value>) -> Filter {
        Filter::between(self.name, low, high)
    }

    /// The text has this in it, without case and accents. In a list one of its values: of an e-mail address as it is
    /// compared, without case and with its domain in ASCII; of a phone number these digits, in a row. A list of records,
    /// and a custom field with several choices, contains one that it names wholly.
    pub fn contains(self, text: impl Into<String>) -> Filter {
        Filter::contains(self.name, text)
    }

    /// The text starts with this, without case and accents; in a list one of its values, a phone number as it is dialled
    /// inside its country or from outside. A list of records does not, nor does a custom field with several choices.
    pub fn starts_with(self, text: impl Into<String>) -> Filter {
        Filter::starts_with(self.name, text)
    }

    /// Nothing is set: null, an empty text or list.
    pub fn is_empty(self) -> Filter {
        Filter::is_empty(self.name)
    }
}
