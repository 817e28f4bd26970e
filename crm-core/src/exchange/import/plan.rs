//! What an import does, as a value that people read, keep and approve.

use super::formats::Formats;
use super::lookup::By;
use super::place::place_of;
use super::rows::Layout;
use crate::error::{Error, Result, Violations};
use crate::model::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// An import: files, each with what its columns mean, in the order in which they are read. A later file may refer to
/// what an earlier one brought.
///
/// Its text form is TOML or JSON; what is left out has a default.
///
/// ```
/// use crm_core::exchange::import::Plan;
/// let plan: Plan = serde_json::from_str(r#"{"steps": [{
///     "entity": "customer", "file": "people.csv", "match_by": ["emails"], "on_match": "update",
///     "columns": [{"column": "Full name", "field": "name"}, {"column": "E-mail", "field": "emails"}]
/// }]}"#).unwrap();
/// plan.check()?;
/// assert_eq!(plan.hash()?.len(), 64);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What people call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The files in their order.
    pub steps: Vec<Step>,
}

/// One file and what its columns mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What a row becomes.
    pub entity: Kind,
    /// The name of the file, by which the program finds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The rows themselves, in place of a file: a few records that the others need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The keys by which a row is found to be a record that is there, tried in turn: `emails`, `phones`, `code`, `name`,
    /// `external_ids.SOURCE` … Several that must all agree are joined by `+`: `customer+family_name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_by: Vec<String>,
    /// What happens to a row that is there already.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_match: OnMatch,
    /// What happens to a row that is not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_new: OnNew,
    /// What an empty cell does to a record that is updated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when_empty: WhenEmpty,
    /// What a cell does to a list, such as phones, that has entries already.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lists: OnList,
    /// The file was written for spreadsheets, with an apostrophe before what they would run as a formula: it is taken off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spreadsheet_safe: bool,
    /// How the text is laid out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub layout: Layout,
    /// How dates, numbers and yes or no are written in all columns that say nothing else.
    #[serde(default, skip_serializing_if = "is_default")]
    pub formats: Formats,
    /// What becomes of the columns. Those that are not named are left out.
    pub columns: Vec<Mapping>,
    /// Other words for the words of a column, by the column: a stage's other name, a product's short one. They are
    /// compared without case and accents.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

/// What becomes of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The name of the column. Without it, and without a template, the default is what all rows get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A text made of several columns: `{product} for {account}`. It is empty when all of them are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The field: `name`, `address.city`, `lead.status`, `external_ids.SOURCE`, `custom.KEY`. Several columns may go into
    /// one list.
    pub field: String,
    /// Only this part of the text: a full name becomes a given and a family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<TextPart>,
    /// Texts that others take the place of, wherever they stand in the cell: `{" " = "."}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
    /// What a new record gets when the cell is empty, written as in a cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// For a reference: by what the other record is looked up, tried in turn: `code`, `name`, `emails`, `username`,
    /// `full_name`, `external_ids.SOURCE`, `id` … What is usual for its kind when nothing is said: ids first, then what people call
    /// such records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// What an empty cell does here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_empty: Option<WhenEmpty>,
    /// What stands between several values of a list in one cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// The label of an e-mail address or phone number: `work`, `mobile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How this column is written, where it differs from the others.
    #[serde(default, skip_serializing_if = "is_default")]
    pub formats: Formats,
}

impl Mapping {
    /// What it is called in reports: its column, its template, or its field when it has neither.
    pub(super) fn name(&self) -> &str {
        self.column.as_deref().or(self.template.as_deref()).unwrap_or(&self.field)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$item])* $variant),+ }
    };
}

words! {
    /// What happens to a row that is a record already.
    OnMatch {
        /// Nobody looks: every row is new.
        #[default]
        Create,
        /// The cells replace what the record has.
        Update,
        /// The cells fill what is empty in the record. A list gets what it lacks, behind what it has; with
        /// [`OnList::Replace`] it is filled only when it is empty.
        FillEmpty,
        /// The row is left out.
        Skip,
    }
}

words! {
    /// What happens to a row that is no record yet.
    OnNew {
        /// It becomes one.
        #[default]
        Create,
        /// It is left out.
        Skip,
        /// It is refused.
        Fail,
    }
}

words! {
    /// What an empty cell does to a record that is updated.
    WhenEmpty {
        /// The record keeps what it has.
        #[default]
        Keep,
        /// The field is emptied.
        Clear,
    }
}

words! {
    /// What a cell does to a list that has entries.
    OnList {
        /// What is new comes first, what was there stays. Where only what is empty is filled, what was there stays first.
        #[default]
        Unite,
        /// The list has what the file has and nothing else.
        Replace,
    }
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPart {
    /// What stands before the last word; nothing of a single word.
    AllButLastWord,
    /// The last word.
    LastWord,
    /// The first word; nothing of a single word.
    FirstWord,
    /// What stands after the first word; a single word whole.
    AllButFirstWord,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for Step {
    /// New customers from a file without a name.
    fn default() -> Self {
        Step {
            entity: Kind::Customer,
            file: String::new(),
            text: None,
            match_by: Vec::new(),
            on_match: OnMatch::default(),
            on_new: OnNew::default(),
            when_empty: WhenEmpty::default(),
            lists: OnList::default(),
            spreadsheet_safe: false,
            layout: Layout::default(),
            formats: Formats::default(),
            columns: Vec::new(),
            values: BTreeMap::new(),
        }
    }
}

impl Step {
    /// What the step is called in reports: its file, or its kind of record.
    pub fn label(&self) -> &str {
        if self.file.is_empty() { self.entity.as_str() } else { &self.file }
    }
}

impl Plan {
    /// The SHA-256 of the plan, in hexadecimal digits: two plans that do the same in the same words have the same, on
    /// every machine. An import that goes on must have the plan that it began with.
    ///
    /// # Errors
    /// `invalid` for a plan that has no JSON form.
    pub fn hash(&self) -> Result<String> {
        let json = serde_json::to_vec(self)
            .map_err(|error| Error::invalid("plan", "mismatch", error.to_string()))?;
        Ok(Sha256::digest(json).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether the plan can be carried out, as far as that can be said without the files and the store.
    ///
    /// # Errors
    /// `invalid` with all that is wrong, each with its place: `steps.0.columns.2.field`.
    pub fn check(&self) -> Result<()> {
        let mut problems = Violations::default();
        if self.steps.is_empty() {
            problems.add("steps", "blank", "", "a plan has a step");
        }
        problems.within("steps", |problems| {
            for (number, step) in self.steps.iter().enumerate() {
                problems.within(&number.to_string(), |problems| step.check(problems));
            }
        });
        problems.into_result()
    }
}

impl Step {
    fn check(&self, problems: &mut Violations) {
        if matches!(self.entity, Kind::Settings | Kind::Attachment | Kind::Distinction) {
            let reason = format!("records of the kind {} are not imported", self.entity);
            problems.add("entity", "unknown", self.entity.as_str(), reason);
        }
        if self.file.is_empty() == self.text.is_none() {
            problems.add("file", "blank", "", "a step has either a file or rows of its own");
        }
        if self.on_match != OnMatch::Create && self.match_by.is_empty() {
            problems.add("match_by", "blank", "", "say by which fields a row is found to be there already");
        }
        if self.on_match == OnMatch::Create && !self.match_by.is_empty() {
            let reason =
                "rows are compared with what is there and created all the same: say what happens on a match";
            problems.add("on_match", "blank", "", reason);
        }
        for by in self.match_by.iter().flat_map(|way| way.split('+')).map(str::trim) {
            if By::parse(self.entity, by).is_ok() && !self.gives(by) {
                let reason = format!("no column goes to {by}, so no row would be found to be there already");
                problems.add("match_by", "unmapped", by, reason);
            }
        }
        if self.columns.is_empty() {
            problems.add("columns", "blank", "", "a step has a column");
        }
        if let Err((rule, reason)) = self.formats.check() {
            problems.add("formats", rule, "", reason);
        }
        problems.within("columns", |problems| {
            for (number, mapping) in self.columns.iter().enumerate() {
                problems
                    .within(&number.to_string(), |problems| self.check_mapping(number, mapping, problems));
            }
        });
    }

    /// Whether rows can have this key. Names are made of others where they are not said.
    fn gives(&self, by: &str) -> bool {
        let field = |path: &str| path.split('.').next().map(str::to_owned);
        let made = by == "name" || by == "full_name";
        made || self.columns.iter().any(|mapping| field(&mapping.field) == field(by))
    }

    fn check_mapping(&self, number: usize, mapping: &Mapping, problems: &mut Violations) {
        if mapping.column.is_some() && mapping.template.is_some() {
            problems.add("template", "mismatch", "", "a field has either a column or a template");
        }
        if mapping.column.is_none() && mapping.template.is_none() && mapping.default.is_none() {
            problems.add("column", "blank", "", "a field has a column, a template or a default");
        }
        let formats = mapping.formats.or(&self.formats);
        if let (false, Err((rule, reason))) = (is_default(&mapping.formats), formats.check()) {
            problems.add("formats", rule, "", reason);
        }
        let again = |other: &Mapping| other.column == mapping.column && other.field == mapping.field;
        if let (Some(column), true) = (&mapping.column, self.columns.iter().take(number).any(again)) {
            let reason = format!("the second column of this name is {column}#2");
            problems.add("column", "twice", column, reason);
        }
        match place_of(self.entity, &mapping.field) {
            Err((rule, reason)) => problems.add("field", rule, &mapping.field, reason),
            Ok(place) if !place.is_list() => {
                let twice = self.columns.iter().take(number).any(|other| other.field == mapping.field);
                if twice {
                    problems.add("field", "twice", &mapping.field, "two columns can't both be this field");
                }
            }
            Ok(_) => {}
        }
    }
}
