//! The columns of an export of this library, back into their fields.

use super::own_field;
use crate::exchange::formula;
use crate::exchange::import::lookup::{By, usual};
use crate::exchange::import::place::{CellType, place_of, type_of};
use crate::exchange::import::plan::Mapping;
use crate::exchange::import::sniff::{Sniffed, SniffedColumn};
use crate::model::{Conventions, Kind};

/// A file that the library wrote.
pub(super) struct Export<'s> {
    kind: Kind,
    sniffed: &'s Sniffed,
}

impl<'s> Export<'s> {
    /// Nobody else's file has all of these columns.
    pub(super) fn of(kind: Kind, sniffed: &'s Sniffed) -> Option<Self> {
        let export = Export { kind, sniffed };
        ["id", "version", "created_at", "updated_at"]
            .into_iter()
            .all(|name| export.has(name))
            .then_some(export)
    }

    fn has(&self, name: &str) -> bool {
        self.sniffed.columns.iter().any(|column| column.name == name)
    }

    /// Whether texts have an apostrophe that keeps spreadsheets from running them.
    pub(super) fn is_spreadsheet_safe(&self) -> bool {
        let mut samples = self.sniffed.columns.iter().flat_map(|column| &column.samples);
        samples.any(|sample| formula::restore(sample) != sample)
    }

    pub(super) fn mapping(&self, column: &SniffedColumn) -> Option<Mapping> {
        let name = column.name.as_str();
        let mapping = |field: &str| Mapping {
            column: Some(name.to_owned()),
            field: field.to_owned(),
            // As lists are written.
            separator: Some("; ".to_owned()),
            ..Mapping::default()
        };
        if name.starts_with("custom.") {
            return match name.strip_suffix(".currency") {
                Some(amount) if self.has(amount) => None,
                _ => Some(self.with_currency(mapping(name), &format!("{name}.currency"))),
            };
        }
        if let Some((field, key)) = name.split_once('.') {
            let kind = self.reference(field)?;
            // The column with the ids is surer where names are not unique.
            let surer = !is_unique(kind, key) && self.has(field);
            let known = By::parse(kind, key).is_ok() && !surer;
            return known.then(|| Mapping { by: vec![key.to_owned()], separator: None, ..mapping(field) });
        }
        let field = own_field(self.kind, name)?;
        match type_of(self.kind.schema(), &place_of(self.kind, &field).ok()?, &Conventions::default()).ok()? {
            CellType::Reference(kind) => {
                let better =
                    usual(kind).iter().any(|key| is_unique(kind, key) && self.has(&format!("{name}.{key}")));
                (!better).then(|| Mapping { separator: None, ..mapping(&field) })
            }
            CellType::Texts => Some(mapping(&field)),
            CellType::Money => Some(self.with_currency(mapping(&field), &format!("{name}_currency"))),
            _ => Some(Mapping { separator: None, ..mapping(&field) }),
        }
    }

    /// An amount is written without its currency, which has a column of its own.
    fn with_currency(&self, mapping: Mapping, currency: &str) -> Mapping {
        if !self.has(currency) {
            return mapping;
        }
        let amount = mapping.column.unwrap_or_default();
        let template = Some(format!("{{{amount}}} {{{currency}}}"));
        Mapping { column: None, template, separator: None, ..mapping }
    }

    /// The kind that a field refers to.
    fn reference(&self, field: &str) -> Option<Kind> {
        let place = place_of(self.kind, field).ok()?;
        match type_of(self.kind.schema(), &place, &Conventions::default()).ok()? {
            CellType::Reference(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Whether records of the kind are never two with the same value here.
fn is_unique(kind: Kind, field: &str) -> bool {
    matches!(
        (kind, field),
        (Kind::Customer, "code") | (Kind::User, "username") | (Kind::Product, "sku") | (Kind::Role, "key")
    )
}
