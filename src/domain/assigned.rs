//! To whom issues are assigned.

/// A person or nobody, as people name them: `me`, `nobody` or the name of a person.
///
/// ```
/// use ingest::domain::assigned::AssignedTo;
///
/// assert_eq!(AssignedTo::from("me".to_owned()).of("Ann Lee"), AssignedTo::Person("Ann Lee".to_owned()));
/// assert_eq!(AssignedTo::from("nobody".to_owned()).person(), None);
/// assert_eq!(String::from(AssignedTo::Person("Bob".to_owned())), "Bob");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub enum AssignedTo {
    /// Who asks. Replace it by [`AssignedTo::of`] before it is compared with issues.
    Me,
    /// Nobody.
    Nobody,
    /// The person with this name.
    Person(String),
}

impl AssignedTo {
    /// Returns the same with the name of who asks instead of `me`.
    #[must_use]
    pub fn of(self, me: &str) -> AssignedTo {
        match self {
            AssignedTo::Me => AssignedTo::Person(me.to_owned()),
            AssignedTo::Nobody | AssignedTo::Person(_) => self,
        }
    }

    /// Returns the name of the person, or `None` for nobody.
    pub fn person(&self) -> Option<&str> {
        match self {
            AssignedTo::Me => Some(ME),
            AssignedTo::Nobody => None,
            AssignedTo::Person(name) => Some(name),
        }
    }
}

/// The word for who asks.
const ME: &str = "me";
/// The word for nobody.
const NOBODY: &str = "nobody";

impl From<String> for AssignedTo {
    fn from(text: String) -> AssignedTo {
        match text.trim() {
            ME => AssignedTo::Me,
            NOBODY | "" => AssignedTo::Nobody,
            name => AssignedTo::Person(name.to_owned()),
        }
    }
}

impl From<AssignedTo> for String {
    fn from(to: AssignedTo) -> String {
        to.person().unwrap_or(NOBODY).to_owned()
    }
}
