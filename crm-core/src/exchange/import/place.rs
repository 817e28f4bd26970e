//! Where in a record a cell goes, and what type it has there.

use super::formats::Refusal;
use crate::model::{Conventions, CustomField, CustomFieldType, Kind, Schema};
use crate::value::{Currency, FieldDef, Money, Shape, Value, ValueType};
use std::collections::BTreeMap;

/// Where in a record a cell goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// A field.
    Field(usize),
    /// A part of a composite.
    Part(usize, &'static str),
    /// One more entry of a list; the part of the entry that the text is.
    List(usize, Option<&'static str>),
    /// An entry of a map.
    Entry(usize, String),
    /// A custom field.
    Custom(usize, String),
}

impl Place {
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Place::List(..))
    }

    /// The index of the field.
    pub(super) fn field(&self) -> usize {
        match self {
            Place::Field(field)
            | Place::Part(field, _)
            | Place::List(field, _)
            | Place::Entry(field, _)
            | Place::Custom(field, _) => *field,
        }
    }
}

/// How the text of a cell is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CellType {
    /// A value of this type.
    Plain(ValueType),
    /// An amount, or a number of the plan's currency.
    Money,
    /// One of these words of the organisation.
    Option(Vec<String>),
    /// Several of these.
    Options(Vec<String>),
    /// Texts, several in a cell when the plan says what separates them.
    Texts,
    /// JSON, for what has no plain form.
    Json,
    /// A record of this kind.
    Reference(Kind),
}

fn unknown(kind: Kind, path: &str) -> Refusal {
    ("unknown_field", format!("{kind} has no field {path:?} that a cell can go to"))
}

/// Where a path leads.
pub(super) fn place_of(kind: Kind, path: &str) -> Result<Place, Refusal> {
    let schema = kind.schema();
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let index =
        schema.fields.iter().position(|field| field.name == name).ok_or_else(|| unknown(kind, path))?;
    let field = schema.fields.get(index).ok_or_else(|| unknown(kind, path))?;
    if field.system && name != "code" {
        return Err(("system", format!("only the library sets this field: {}", field.doc)));
    }
    match ((field.shape)(), rest) {
        (Shape::Scalar { ty: ValueType::Custom, .. }, Some(key)) => Ok(Place::Custom(index, key.to_owned())),
        (Shape::Scalar { ty: ValueType::Json, .. }, Some(key)) if takes(field, entry_of(key)) => {
            Ok(Place::Entry(index, key.to_owned()))
        }
        (Shape::Scalar { ty: ValueType::Json, .. }, None) if takes(field, Value::List(Vec::new())) => {
            let entry =
                |part| Value::List(vec![Value::Map(BTreeMap::from([(part, Value::Text("x".into()))]))]);
            let part = ["address", "number"].into_iter().find(|part| takes(field, entry((*part).to_owned())));
            Ok(Place::List(index, part))
        }
        (Shape::Scalar { ty, .. }, None) if ty != ValueType::Custom => Ok(Place::Field(index)),
        (Shape::Money { .. } | Shape::Code { .. }, None) => Ok(Place::Field(index)),
        (Shape::Parts { parts, .. }, Some(part)) => {
            let part = parts.iter().find(|known| known.name == part).ok_or_else(|| unknown(kind, path))?;
            Ok(Place::Part(index, part.name))
        }
        _ => Err(unknown(kind, path)),
    }
}

fn takes(field: &FieldDef, value: Value) -> bool {
    (field.retype)(value).is_ok()
}

fn number() -> Value {
    Value::Decimal(rust_decimal::Decimal::ONE)
}

fn entry_of(key: &str) -> Value {
    Value::Map(BTreeMap::from([(key.to_owned(), Value::Text("x".to_owned()))]))
}

/// How cells that go to a place are read.
pub(super) fn type_of(
    schema: &'static Schema,
    place: &Place,
    conventions: &Conventions,
) -> Result<CellType, Refusal> {
    let field = schema.fields.get(place.field());
    let shape = field.map(|field| (field.shape)());
    Ok(match (place, shape) {
        (Place::Custom(_, key), _) => {
            let definition = conventions.custom_field(schema.kind, key);
            custom_type(
                definition.ok_or_else(|| {
                    ("unknown_field", format!("{} has no custom field {key:?}", schema.entity))
                })?,
            )
        }
        (Place::Entry(..), _) => CellType::Plain(ValueType::Text),
        (Place::List(index, part), _) => {
            let text = Value::List(vec![Value::Text("x".to_owned())]);
            let texts = part.is_some() || schema.fields.get(*index).is_some_and(|field| takes(field, text));
            if texts { CellType::Texts } else { CellType::Json }
        }
        (Place::Part(_, part), Some(Shape::Parts { parts, .. })) => {
            let shape = parts.iter().find(|known| known.name == *part).map(|part| (part.shape)());
            shape.map_or(CellType::Json, of_shape)
        }
        // An exact number that is kept as text.
        (Place::Field(_), Some(Shape::Scalar { ty: ValueType::Text, .. }))
            if field.is_some_and(|field| {
                !takes(field, Value::Text("x".to_owned())) && takes(field, number())
            }) =>
        {
            CellType::Plain(ValueType::Decimal)
        }
        (_, Some(shape)) => of_shape(shape),
        (_, None) => CellType::Json,
    })
}

fn of_shape(shape: Shape) -> CellType {
    match shape {
        Shape::Scalar { ty: ValueType::Id(target), .. } => {
            Kind::from_word(target).map_or(CellType::Json, CellType::Reference)
        }
        Shape::Scalar { ty: ValueType::Json | ValueType::Custom, .. } | Shape::Parts { .. } => CellType::Json,
        Shape::Scalar { ty: ValueType::Money, .. } | Shape::Money { .. } => CellType::Money,
        Shape::Scalar { ty: ValueType::Code, .. } | Shape::Code { .. } => CellType::Plain(ValueType::Text),
        Shape::Scalar { ty, .. } => CellType::Plain(ty),
    }
}

fn custom_type(definition: &CustomField) -> CellType {
    match definition.r#type {
        CustomFieldType::Number => CellType::Plain(ValueType::Decimal),
        CustomFieldType::Money => CellType::Money,
        CustomFieldType::Date => CellType::Plain(ValueType::Date),
        CustomFieldType::Instant => CellType::Plain(ValueType::Instant),
        CustomFieldType::Bool => CellType::Plain(ValueType::Bool),
        CustomFieldType::Choice => CellType::Option(definition.options.clone()),
        CustomFieldType::Choices => CellType::Options(definition.options.clone()),
        CustomFieldType::Reference => definition.target.map_or(CellType::Json, CellType::Reference),
        CustomFieldType::Text | CustomFieldType::Url | CustomFieldType::Email | CustomFieldType::Phone => {
            CellType::Plain(ValueType::Text)
        }
    }
}

/// An amount of the currency in major units.
pub(super) fn money(amount: rust_decimal::Decimal, currency: Currency) -> Result<Value, Refusal> {
    match Money::from_decimal(amount, currency) {
        Ok(money) => Ok(Value::Money(money)),
        Err(_) => Err(("range", format!("{amount} is no amount of {currency}"))),
    }
}
