//! Typed ids: a customer's id can't be passed where a contact's is wanted.

use crate::error::Error;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The id of an `E`: a UUID version 7, so ids sort by the time of their making. Written as the usual 36 characters.
///
/// The default is the nil id; it refers to nothing and is refused wherever a reference is required.
pub struct Id<E> {
    uuid: Uuid,
    of: PhantomData<fn() -> E>,
}

impl<E> Id<E> {
    /// The id with these bits.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Id { uuid, of: PhantomData }
    }

    /// The bits.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// Whether this is the nil id, which no record has.
    pub const fn is_nil(self) -> bool {
        self.uuid.is_nil()
    }
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> Default for Id<E> {
    fn default() -> Self {
        Id::from_uuid(Uuid::nil())
    }
}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<E> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<E> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<E> FromStr for Id<E> {
    type Err = Error;

    /// # Errors
    /// `invalid` (`id`) for what is no UUID.
    fn from_str(text: &str) -> Result<Self, Error> {
        let id = Uuid::from_str(text).map(Id::from_uuid);
        id.map_err(|_| Error::invalid("id", "syntax", format!("{text:?} is not an id")))
    }
}
impl<E> Serialize for Id<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.uuid.serialize(serializer)
    }
}
impl<'de, E> Deserialize<'de> for Id<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Id::from_uuid)
    }
}
