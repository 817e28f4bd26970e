//! May they? Permissions and visibility of what is read and written.

use super::UnitOfWork;
use crate::crm::ops::ops;
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, ChangeKind, Customer, Entity, FieldSet, Gate, Kind, Level, User};
use crate::store::{AnyEntry, Entry, Stored, keeper, own};
use crate::value::Id;
use std::collections::BTreeSet;
use uuid::Uuid;

impl UnitOfWork<'_> {
    /// The live record, if the actor may see it.
    pub(crate) fn load<E: Stored>(&self, id: Id<E>) -> Result<Entry<E>> {
        own(self.load_kind(E::kind(), id.uuid())?)
    }

    /// The same for a record of a kind.
    pub(in crate::crm) fn load_kind(&self, kind: Kind, id: Uuid) -> Result<Box<AnyEntry>> {
        match self.load_kind_any(kind, id)? {
            entry if entry.is_live() => Ok(entry),
            _ => Err(not_found(kind, id)),
        }
    }

    /// The record, live or in the trash, if the actor may see it.
    pub(crate) fn load_any<E: Stored>(&self, id: Id<E>) -> Result<Entry<E>> {
        own(self.load_kind_any(E::kind(), id.uuid())?)
    }

    /// The same for a record of a kind.
    pub(in crate::crm) fn load_kind_any(&self, kind: Kind, id: Uuid) -> Result<Box<AnyEntry>> {
        let seen = keeper(kind).get(self.tx(), id, self.authority.sight(Action::View))?;
        seen.ok_or_else(|| not_found(kind, id))
    }

    /// `denied` unless the actor may do this to at least some records of the kind.
    pub(crate) fn require_any(&self, kind: Kind, action: Action) -> Result<()> {
        self.authority.require(kind, action)
    }

    /// `denied` unless the actor may do this to a record that he sees.
    pub(crate) fn require<E: Stored>(&self, id: Id<E>, action: Action) -> Result<()> {
        self.require_kind(E::kind(), id.uuid(), action)
    }

    /// The same for a record of a kind.
    pub(in crate::crm) fn require_kind(&self, kind: Kind, id: Uuid, action: Action) -> Result<()> {
        self.authority.require(kind, action)?;
        if self.authority.level(kind, action) == self.authority.level(kind, Action::View) {
            return Ok(());
        }
        match keeper(kind).get(self.tx(), id, self.authority.sight(action))? {
            Some(_) => Ok(()),
            None => Err(Error::Denied { action: action.as_str(), entity: kind.as_str() }),
        }
    }

    /// Every reference that is new must lead to a live record that the actor sees. One that he does not see looks
    /// like one that is not there.
    pub(super) fn check_references(
        &self,
        data: &AnyData,
        old: Option<&AnyData>,
        changed: FieldSet,
    ) -> Result<()> {
        let mut problems = Violations::default();
        let fields = data.schema().fields;
        for field in changed.iter().filter(|field| fields[*field].reference.is_some()) {
            let mut known = BTreeSet::new();
            if let Some(old) = old {
                old.references(field, &mut |_, id| {
                    known.insert(id);
                });
            }
            let mut wanted = Vec::new();
            data.references(field, &mut |entity, id| wanted.push((entity, id)));
            for (entity, id) in wanted {
                let own_user = self.user().is_some_and(|user| entity == User::ENTITY && user.uuid() == id);
                if own_user || !known.insert(id) {
                    continue;
                }
                let kind = Kind::from_word(entity);
                let found = match kind {
                    Some(kind) => ops(kind).is_live(self.tx(), id, self.authority.sight(Action::View))?,
                    None => Some(true),
                };
                if found != Some(true) {
                    let reason = format!("there is no {entity} with this id");
                    problems.add(fields[field].name, "unknown", &id.to_string(), reason);
                }
            }
        }
        problems.into_result()
    }

    /// `denied` when the record would lie where the actor may not do this.
    pub(super) fn require_scope(&self, kind: Kind, data: &AnyData, action: Action) -> Result<()> {
        let schema = kind.schema();
        let level = self.authority.level(kind, action);
        let view = self.authority.level(Kind::Customer, Action::View);
        let denied = Error::Denied { action: action.as_str(), entity: schema.entity };
        match schema.gate {
            Gate::Free => Ok(()),
            Gate::Owner if level == Level::All => Ok(()),
            Gate::Owner => {
                let mut owner = None;
                if let Some(field) = schema.field("owner") {
                    data.references(field, &mut |_, id| owner = Some(Id::from_uuid(id)));
                }
                match owner {
                    Some(owner) if Some(owner) == self.user() => Ok(()),
                    Some(owner) if level == Level::Team && self.is_of_team(owner)? => Ok(()),
                    _ => Err(denied),
                }
            }
            // The check of references sees to it that the customer is visible.
            Gate::Customer if level == view || level == Level::All => Ok(()),
            Gate::Customer => {
                let mut customer = Id::<Customer>::default();
                if let Some(field) = schema.field("customer") {
                    data.references(field, &mut |_, id| customer = Id::from_uuid(id));
                }
                let sight = self.authority.customers_at(level);
                match Customer::reads(self.tx()).get(customer, &sight)? {
                    Some(_) => Ok(()),
                    None => Err(denied),
                }
            }
        }
    }

    pub(super) fn is_of_team(&self, user: Id<User>) -> Result<bool> {
        let team = self.authority.user.as_ref().and_then(|me| me.team.clone());
        let other = self.peek::<User>(user)?.and_then(|entry| entry.record.data.team);
        Ok(team.is_some() && team == other)
    }

    /// The holder of a unique value is named only to those who may see it.
    pub(super) fn hide_holder(&self, error: Error) -> Error {
        match error {
            // What this operation made itself is gone with it.
            Error::Duplicate { entity, field, value, holder: Some(holder) }
                if self
                    .operation
                    .changes
                    .iter()
                    .any(|c| c.id == holder && c.change == ChangeKind::Create) =>
            {
                Error::Duplicate { entity, field, value, holder: None }
            }
            Error::Duplicate { entity, field, value, holder: Some(holder) } => {
                let seen = Kind::from_word(entity)
                    .map(|kind| ops(kind).is_live(self.tx(), holder, self.authority.sight(Action::View)));
                let holder = match seen {
                    Some(Ok(Some(_))) => Some(holder),
                    _ => None,
                };
                Error::Duplicate { entity, field, value, holder }
            }
            other => other,
        }
    }
}

fn not_found(kind: Kind, id: Uuid) -> Error {
    Error::NotFound { entity: kind.as_str(), key: id.to_string() }
}
