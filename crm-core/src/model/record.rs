//! A stored entity: its data in the envelope that the library keeps.

use super::{Entity, User};
use crate::value::{Id, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use uuid::Uuid;

/// An entity as it is stored. Reads give it; it derefs to the entity's data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "E: Entity"))]
pub struct Record<E: Entity> {
    /// Its id.
    pub id: Id<E>,
    /// 1 at first, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it; `None` for the embedding program.
    pub created_by: Option<Id<User>>,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Who changed it last; `None` for the embedding program.
    pub updated_by: Option<Id<User>>,
    /// The data.
    #[serde(flatten)]
    pub data: E,
}

impl<E: Entity> Deref for Record<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.data
    }
}

/// How a record came into the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// What was deleted together has the same id, and comes back together.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// By whom; `None` for the embedding program.
    pub by: Option<Id<User>>,
}

/// A record in the trash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "E: Entity"))]
pub struct Trashed<E: Entity> {
    /// The record as it was deleted.
    pub record: Record<E>,
    /// How it came here.
    pub deletion: Deletion,
}
