//! Which records a reader may see. Part of every read, so that no list, count or figure can forget it.

use crate::model::{Gate, Kind, Level, Schema, User};
use crate::value::Id;

/// For every kind of record, whose records a reader sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    levels: Vec<Level>,
    user: Option<Id<User>>,
    team: Option<String>,
}

/// What a reader sees of one entity.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope<'a> {
    /// Everything.
    All,
    /// Nothing.
    Nothing,
    /// What belongs to customers that this user owns.
    Own(Id<User>),
    /// What belongs to customers that a user of this team owns.
    Team(&'a str),
}

impl Sight {
    /// Sees everything: the embedding program.
    pub fn all() -> Self {
        Sight { levels: vec![Level::All; Kind::ALL.len()], user: None, team: None }
    }

    /// What a user sees, by a level for each kind.
    pub fn of(user: Id<User>, team: Option<String>, level: impl Fn(Kind) -> Level) -> Self {
        Sight { levels: Kind::ALL.iter().map(|kind| level(*kind)).collect(), user: Some(user), team }
    }

    /// The level for a kind of record.
    pub fn level(&self, kind: Kind) -> Level {
        self.levels.get(kind as usize).copied().unwrap_or(Level::None)
    }

    /// The same sight with another level for a kind of record.
    pub(crate) fn with(&self, kind: Kind, level: Level) -> Sight {
        let mut sight = self.clone();
        if let Some(known) = sight.levels.get_mut(kind as usize) {
            *known = level;
        }
        sight
    }

    /// A sight that sees customers as this one sees records of a kind that hang on them.
    pub fn customers_as(&self, kind: Kind) -> Sight {
        self.with(Kind::Customer, self.level(kind))
    }

    /// What is seen of an entity. One that hangs on no customer is seen wholly or not at all; a user without a team
    /// is a team of one.
    pub fn scope(&self, schema: &Schema) -> Scope<'_> {
        let level = match schema.kind {
            Some(kind) => self.level(kind),
            // An entity of the embedding program's own has no grants; only a sight of everything sees it.
            None if self.user.is_none() => Level::All,
            None => Level::None,
        };
        match (level, self.user, schema.gate) {
            (Level::All, _, _) => Scope::All,
            (Level::None, _, _) | (_, _, Gate::Free) | (_, None, _) => Scope::Nothing,
            (Level::Team, Some(user), _) => self.team.as_deref().map_or(Scope::Own(user), Scope::Team),
            (Level::Own, Some(user), _) => Scope::Own(user),
        }
    }
}
