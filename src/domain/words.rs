//! Enums whose variants have one word in the database, in JSON and on the command line.

/// A word of a database enum that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} `{word}`")]
pub struct UnknownWord {
    /// The enum for which the word was parsed.
    pub kind: &'static str,
    /// The word.
    pub word: String,
}

/// Declares an enum whose variants are words of a database enum.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $kind:literal { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every variant, in the order of the database enum.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Returns the word of the database.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::domain::words::UnknownWord { kind: $kind, word: word.to_owned() }),
                }
            }
        }
    };
}
pub(crate) use words;
