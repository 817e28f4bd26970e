//! Roles: what their users may do, and to whose records.

use super::{Kind, Validate};
use crate::error::{Error, Result, Violations};
use crate::value::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape, Value, ValueType, choice};
use crm_core_derive::Entity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the users who have it may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "role")]
pub struct Role {
    /// What users refer to: `admin`, `manager`, `agent`, `viewer`, or the organisation's own.
    #[entity(unique, filterable, sortable, max = 100)]
    pub key: String,
    /// The name that is shown.
    #[entity(max = 255)]
    pub name: String,
    /// For each kind of record and action, on whose records. To change users and roles takes `users_manage` as well, to
    /// change settings, pipelines, custom fields and rates `settings_edit`.
    pub grants: Grants,
    /// May read the feed of all operations.
    pub journal_view: bool,
    /// May create, change and delete users and roles, set passwords and revoke sessions.
    pub users_manage: bool,
    /// May change settings and pipelines.
    pub settings_edit: bool,
}

impl Role {
    /// The roles that a new store has.
    pub fn shipped() -> Vec<Role> {
        use Action::{Create, Delete, Edit, Export, View};
        let role = |key: &str, name: &str, grants| Role {
            key: key.to_owned(),
            name: name.to_owned(),
            grants,
            ..Role::default()
        };
        let mut agent = Grants::of_all_kinds(&[View, Create, Edit, Export, Delete], Level::All);
        agent.grant(Kind::Customer, Delete, Level::None);
        agent.grant(Kind::Contact, Delete, Level::None);
        vec![
            Role {
                journal_view: true,
                users_manage: true,
                settings_edit: true,
                ..role("admin", "Administrator", Grants::of_all_kinds(Action::ALL, Level::All))
            },
            Role {
                journal_view: true,
                ..role(
                    "manager",
                    "Manager",
                    Grants::of_all_kinds(&[View, Create, Edit, Delete, Export], Level::All),
                )
            },
            role("agent", "Agent", agent),
            role("viewer", "Viewer", Grants::of_all_kinds(&[View], Level::All)),
        ]
    }
}

impl Validate for Role {
    fn check(&self, problems: &mut Violations) {
        if self.key.is_empty() {
            problems.add("key", "blank", "", "a role has a key");
        }
    }
}

choice! {
    /// What a role allows to do.
    pub enum Action {
        /// See them: list, get, count, search, figures, history.
        View = "view",
        /// Create them.
        Create = "create",
        /// Change them, and restore them from the trash.
        Edit = "edit",
        /// Put them in the trash.
        Delete = "delete",
        /// Take them out as a file.
        Export = "export",
        /// Remove them from the trash for good.
        Purge = "purge",
    }
}

choice! {
    /// On whose records: decided on the owner of the customer that a record hangs on. Kinds of records that hang on no
    /// customer, such as pipelines, products, users and settings, are open to `All` only: any other level is none there.
    pub enum Level {
        /// On none.
        None = "none",
        /// On those of customers that the user owns.
        Own = "own",
        /// On those of customers that someone of the user's team owns.
        Team = "team",
        /// On all.
        All = "all",
    }
}

/// Levels by kind of record and action; what is not named is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(BTreeMap<Kind, BTreeMap<Action, Level>>);

impl Grants {
    /// The same level for these actions on every kind of record.
    pub fn of_all_kinds(actions: &[Action], level: Level) -> Self {
        let mut grants = Grants::default();
        for kind in Kind::ALL {
            for action in actions {
                grants.grant(*kind, *action, level);
            }
        }
        grants
    }

    /// Sets one level.
    pub fn grant(&mut self, kind: Kind, action: Action, level: Level) {
        self.0.entry(kind).or_default().insert(action, level);
    }

    /// The level for an action on a kind of record.
    pub fn level(&self, kind: Kind, action: Action) -> Level {
        self.0.get(&kind).and_then(|actions| actions.get(&action)).copied().unwrap_or(Level::None)
    }
}

impl FieldValue for Grants {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Json)
    }
    fn to_value(&self) -> Value {
        let actions = |actions: &BTreeMap<Action, Level>| {
            Value::Map(actions.iter().map(|(action, level)| (action.to_string(), (*level).into())).collect())
        };
        Value::Map(self.0.iter().map(|(kind, levels)| (kind.to_string(), actions(levels))).collect())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        let json = serde_json::to_string(&value).ok();
        let grants = json.and_then(|json| serde_json::from_str(&json).ok());
        grants.ok_or_else(|| Mismatch::new("{\"customer\": {\"view\": \"own\"}, …}", &value))
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        let json =
            serde_json::to_string(self).map_err(|e| Error::invalid("grants", "mismatch", e.to_string()))?;
        out.put(Cell::Text(&json))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(json) => {
                serde_json::from_str(json).map(Some).map_err(|e| Error::corrupt(e.to_string()))
            }
            _ => Err(Error::corrupt("grants are no JSON text")),
        }
    }
    fn absent() -> Option<Self> {
        Some(Grants::default())
    }
}
