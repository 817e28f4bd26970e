//! The list of all entities, written once.

use super::{Entity, Schema};

/// Calls a macro with every stored entity and its name: `Customer = "customer", …`. For adapters, bindings and tests
/// that must not forget a kind.
#[macro_export]
macro_rules! for_each_entity {
    ($callback:ident) => {
        $callback! {
            Settings = "settings",
            Role = "role",
            User = "user",
            Pipeline = "pipeline",
            CustomField = "custom_field",
            Rate = "rate",
            SavedView = "saved_view",
            Product = "product",
            Customer = "customer",
            Contact = "contact",
            Opportunity = "opportunity",
            Interaction = "interaction",
            Reminder = "reminder",
            Note = "note",
            Sale = "sale",
            Feedback = "feedback",
            Attachment = "attachment",
            Distinction = "distinction",
        }
    };
}

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
                    $(Kind::$entity => <super::$entity as Entity>::schema()),+
                }
            }
        }
    };
}
for_each_entity!(kinds);
