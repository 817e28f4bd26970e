//! Closed sets of words, such as a customer's status.

/// Declares an enum whose variants are words: stored as text, written as text in JSON, checked on the way in.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vmeta])* $variant ),+ }

        impl $name {
            /// Every variant, in the order in which lists sort them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The words, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word, as in JSON, CSV and the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The variant with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::from_word(&word)
                    .ok_or_else(|| serde::de::Error::unknown_variant(&word, Self::WORDS))
            }
        }

        impl From<$name> for crate::value::Value {
            fn from(choice: $name) -> Self {
                crate::value::Value::Text(choice.as_str().to_owned())
            }
        }

        impl crate::value::FieldValue for $name {
            fn shape() -> crate::value::Shape {
                crate::value::Shape::scalar(crate::value::ValueType::Choice(Self::WORDS))
            }
            fn to_value(&self) -> crate::value::Value {
                (*self).into()
            }
            fn from_value(value: crate::value::Value) -> std::result::Result<Self, crate::value::Mismatch> {
                match &value {
                    crate::value::Value::Text(word) => Self::from_word(word),
                    _ => None,
                }
                .ok_or_else(|| crate::value::Mismatch::one_of(Self::WORDS, &value))
            }
            fn write(&self, out: &mut dyn crate::value::ColumnWriter) -> crate::error::Result<()> {
                out.put(crate::value::Cell::Text(self.as_str()))
            }
            fn read<R: crate::value::ColumnReader + ?Sized>(from: &mut R) -> crate::error::Result<Option<Self>> {
                match from.take()? {
                    crate::value::Cell::Null => Ok(None),
                    crate::value::Cell::Text(word) => Self::from_word(word).map(Some).ok_or_else(|| {
                        crate::error::Error::corrupt(format!("{word:?} is none of {:?}", Self::WORDS))
                    }),
                    _ => Err(crate::error::Error::corrupt(concat!("a ", stringify!($name), " is no text"))),
                }
            }
        }
    };
}
pub(crate) use choice;
