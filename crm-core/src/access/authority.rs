//! What somebody may do: decided here and nowhere else.

use crate::error::{Error, Result};
use crate::model::{Action, Actor, Gate, Kind, Level, Record, Role, User};
use crate::store::Sight;
use crate::value::Id;
use std::sync::Arc;

/// Somebody's permissions, worked out once and kept until users or roles change.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) actor: Actor,
    pub(crate) user: Option<Record<User>>,
    pub(crate) journal_view: bool,
    pub(crate) users_manage: bool,
    sights: Vec<Arc<Sight>>,
}

impl Authority {
    /// The embedding program: may do everything.
    pub(crate) fn system(label: &str) -> Self {
        Authority {
            actor: Actor::System(label.to_owned()),
            user: None,
            journal_view: true,
            users_manage: true,
            sights: Action::ALL.iter().map(|_| Arc::new(Sight::all())).collect(),
        }
    }

    /// A user with a role.
    pub(crate) fn of(user: Record<User>, role: &Role) -> Self {
        let sight = |action: &Action| {
            let level = |kind| level(role, kind, *action);
            Arc::new(Sight::of(user.id, user.team.clone(), level))
        };
        Authority {
            actor: Actor::User(user.id),
            journal_view: role.journal_view,
            users_manage: role.users_manage,
            sights: Action::ALL.iter().map(sight).collect(),
            user: Some(user),
        }
    }

    /// The records on which somebody may do this.
    pub(crate) fn sight(&self, action: Action) -> &Arc<Sight> {
        &self.sights[action as usize]
    }

    /// The level for an action on a kind of record.
    pub(crate) fn level(&self, kind: Kind, action: Action) -> Level {
        self.sight(action).level(kind)
    }

    /// The customers of a level, for records that hang on them.
    pub(crate) fn customers_at(&self, level: Level) -> Sight {
        match &self.user {
            Some(user) => Sight::of(user.id, user.team.clone(), |_| level),
            None => Sight::all(),
        }
    }

    /// `denied` unless somebody may do this on at least some records of the kind.
    pub(crate) fn require(&self, kind: Kind, action: Action) -> Result<()> {
        if self.level(kind, action) == Level::None {
            return Err(Error::Denied { action: action.as_str(), entity: kind.as_str() });
        }
        Ok(())
    }

    /// Whether the actor is the embedding program.
    pub(crate) fn is_system(&self) -> bool {
        self.user.is_none()
    }

    pub(crate) fn user_id(&self) -> Option<Id<User>> {
        self.actor.user()
    }
}

/// A role's level, with what its general permissions take away: users and roles are changed by those who manage
/// users, settings, pipelines, custom fields and rates by those who edit settings.
fn level(role: &Role, kind: Kind, action: Action) -> Level {
    let allowed = match (kind, action) {
        (_, Action::View | Action::Export) => true,
        (Kind::User | Kind::Role, _) => role.users_manage,
        (Kind::Settings | Kind::Pipeline | Kind::CustomField | Kind::Rate, _) => role.settings_edit,
        _ => true,
    };
    // Nobody does anything with what he can't see.
    let seen = role.grants.level(kind, Action::View);
    match role.grants.level(kind, action).min(seen) {
        _ if !allowed => Level::None,
        // What hangs on no customer is a role's wholly or not at all.
        Level::Own | Level::Team if kind.schema().gate == Gate::Free => Level::None,
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_roles_do_what_they_are_for() {
        let level_of = |key: &str, kind, action| {
            let roles = Role::shipped();
            level(roles.iter().find(|role| role.key == key).unwrap(), kind, action)
        };
        assert_eq!(level_of("manager", Kind::Customer, Action::Delete), Level::All);
        assert_eq!(level_of("manager", Kind::User, Action::Edit), Level::None);
        assert_eq!(level_of("manager", Kind::Settings, Action::Edit), Level::None);
        assert_eq!(level_of("agent", Kind::Customer, Action::Delete), Level::None);
        assert_eq!(level_of("agent", Kind::Contact, Action::Delete), Level::None);
        assert_eq!(level_of("agent", Kind::Reminder, Action::Delete), Level::All);
        assert_eq!(level_of("agent", Kind::Customer, Action::Edit), Level::All);
        assert_eq!(level_of("viewer", Kind::Customer, Action::Edit), Level::None);
        assert_eq!(level_of("admin", Kind::Customer, Action::Purge), Level::All);
    }
}
