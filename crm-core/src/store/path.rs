//! What the paths of filters, orders and figures mean: `name`, `address_city`, `amount`, `custom.tier`.

use super::ColumnRef;
use super::column::{interned_options, is_keyed_list};
use crate::model::{Conventions, CustomField, CustomFieldType, Schema};
use crate::value::ValueType;

#[derive(Clone, Copy)]
pub(super) struct Usable {
    pub(super) filterable: bool,
    pub(super) sortable: bool,
}

/// What a path means.
pub(super) enum Target {
    Column(ColumnRef, Usable),
    Money { minor: ColumnRef, currency: ColumnRef, flags: Usable },
    Keys { index: usize, column: ColumnRef, flags: Usable },
    Custom(ColumnRef, CustomFieldType, Usable),
    Choices(ColumnRef),
}

pub(super) fn target(schema: &'static Schema, name: &str, conventions: &Conventions) -> Option<Target> {
    if let (Some(index), Some(key)) = (schema.custom, name.strip_prefix("custom.")) {
        return conventions.custom_field(schema.kind, key).map(|field| custom(index, field));
    }
    if let Some(column) = ColumnRef::envelope(name) {
        return Some(Target::Column(column, Usable { filterable: true, sortable: true }));
    }
    if let Some(column) = schema.column(name) {
        let field = &schema.fields[column.field];
        // Custom fields are compared one by one, not all of a record together.
        let one = column.ty != ValueType::Custom;
        let flags = Usable { filterable: one && column.filterable, sortable: one && column.sortable };
        let reference = ColumnRef::of(column);
        return Some(if is_keyed_list(field) {
            Target::Keys { index: column.field, column: reference, flags }
        } else {
            Target::Column(reference, flags)
        });
    }
    let minor = schema.column(&format!("{name}_minor"))?;
    let currency = schema.column(&format!("{name}_currency"))?;
    let flags = Usable { filterable: minor.filterable, sortable: minor.sortable };
    (minor.sub == Some("minor")).then(|| Target::Money {
        minor: ColumnRef::of(minor),
        currency: ColumnRef::of(currency),
        flags,
    })
}

/// What a custom field is for lists.
fn custom(index: usize, field: &CustomField) -> Target {
    let column = |ty, sub| ColumnRef::custom(index, &field.key, ty, sub);
    let flags = Usable { filterable: true, sortable: true };
    match field.r#type {
        CustomFieldType::Money => Target::Money {
            minor: column(ValueType::Int, Some("minor")),
            currency: column(ValueType::Text, Some("currency")),
            flags,
        },
        CustomFieldType::Choices => Target::Choices(column(ValueType::Json, None)),
        CustomFieldType::Bool => Target::Custom(column(ValueType::Bool, None), field.r#type, flags),
        CustomFieldType::Number => Target::Custom(column(ValueType::Decimal, None), field.r#type, flags),
        CustomFieldType::Date => Target::Custom(column(ValueType::Date, None), field.r#type, flags),
        CustomFieldType::Choice => {
            let options = ValueType::Choice(interned_options(&field.options));
            Target::Custom(column(options, None), field.r#type, flags)
        }
        _ => Target::Custom(column(ValueType::Text, None), field.r#type, flags),
    }
}

/// The column of a path, for figures.
pub(super) fn column_of(schema: &'static Schema, name: &str) -> Option<(ColumnRef, Option<ColumnRef>)> {
    match target(schema, name, &Conventions::default())? {
        Target::Column(column, flags) if flags.filterable => Some((column, None)),
        Target::Money { minor, currency, flags } if flags.filterable => Some((minor, Some(currency))),
        _ => None,
    }
}

/// How the value of a path is read from a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// As the keys of a list.
    Keys {
        /// The index of the field.
        index: usize,
        /// Its name.
        field: &'static str,
    },
    /// From its column; of an amount the number.
    Column(ColumnRef),
}

/// How the value of a path is read from a record: for the library's own questions. `None` for a path that the entity
/// does not have.
pub(crate) fn reading(schema: &'static Schema, name: &str, conventions: &Conventions) -> Option<Reading> {
    Some(match target(schema, name, conventions)? {
        Target::Keys { index, column, .. } => Reading::Keys { index, field: column.name },
        Target::Column(column, _) | Target::Custom(column, _, _) | Target::Choices(column) => {
            Reading::Column(column)
        }
        Target::Money { minor, .. } => Reading::Column(minor),
    })
}
