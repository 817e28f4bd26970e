//! The list of all entities, written once.

use super::{
    Contact, Customer, Entity, Interaction, Opportunity, Pipeline, Reminder, Role, Schema, Settings, User,
};

/// Calls a macro with every stored entity and its name.
macro_rules! for_each_entity {
    ($callback:ident) => {
        $callback! {
            Settings = "settings",
            Role = "role",
            User = "user",
            Pipeline = "pipeline",
            Customer = "customer",
            Contact = "contact",
            Opportunity = "opportunity",
            Interaction = "interaction",
            Reminder = "reminder",
        }
    };
}
pub(crate) use for_each_entity;

macro_rules! kinds {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        crate::value::choice! {
            /// The kind of a record.
            pub enum Kind {
                $(#[doc = concat!("See [`crate::", stringify!($entity), "`].")] $entity = $name),+
            }
        }

        impl Kind {
            /// The fields and columns of this kind.
            pub fn schema(self) -> &'static Schema {
                match self {
                    $(Kind::$entity => <$entity as Entity>::schema()),+
                }
            }
        }
    };
}
for_each_entity!(kinds);
