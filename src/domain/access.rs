//! Roles, which permit changes, or the operation of what all owners share. Reading one's own data requires none.

use std::time::Duration;

use super::words::{UnknownWord, words};

words! {
    /// A role.
    Role, "role" {
        /// Upload files and request runs.
        Uploader = "uploader",
        /// Resolve issues, edit rows, delete.
        Editor = "editor",
        /// Operate what all owners share: pause workers, redrive and drop dead letters.
        Operator = "operator",
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    uploader: bool,
    editor: bool,
    operator: bool,
}

impl Roles {
    /// Every role.
    pub(crate) const ALL: Roles = Roles { uploader: true, editor: true, operator: true };

    /// Returns whether the set contains the role.
    pub(crate) fn has(self, role: Role) -> bool {
        match role {
            Role::Uploader => self.uploader,
            Role::Editor => self.editor,
            Role::Operator => self.operator,
        }
    }

    /// Returns the set with the role added.
    pub(crate) fn with(self, role: Role) -> Roles {
        match role {
            Role::Uploader => Roles { uploader: true, ..self },
            Role::Editor => Roles { editor: true, ..self },
            Role::Operator => Roles { operator: true, ..self },
        }
    }

    /// Returns the roles in the order of [`Role::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.has(*role))
    }

    /// Returns whether `most` contains all of the roles.
    pub(crate) fn within(self, most: Roles) -> bool {
        self.iter().all(|role| most.has(role))
    }

    /// Returns the roles that are in both sets.
    pub(crate) fn and(self, other: Roles) -> Roles {
        self.iter().filter(|role| other.has(*role)).collect()
    }

    /// Parses the words of the database. Fails if one is not a role.
    pub(crate) fn from_words(words: &[String]) -> Result<Roles, UnknownWord> {
        words.iter().map(|word| word.parse::<Role>()).collect()
    }

    /// Returns the words for the database.
    pub(crate) fn words(self) -> Vec<String> {
        self.iter().map(|role| role.to_string()).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        roles.into_iter().fold(Roles::default(), Roles::with)
    }
}

/// The lifetime of API tokens, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDays {
    /// Lifetime if a request names none.
    pub default: u32,
    /// Maximum lifetime.
    pub max: u32,
}

impl TokenDays {
    /// Returns the lifetime of a token for the requested `days`, or `None` if that is 0 or exceeds the maximum.
    pub(crate) fn lifetime(self, days: Option<u32>) -> Option<Duration> {
        const SECONDS_PER_DAY: u64 = 86_400;
        let days = days.unwrap_or(self.default);
        let allowed = (1..=self.max).contains(&days);
        allowed.then(|| Duration::from_secs(u64::from(days) * SECONDS_PER_DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_contain_the_roles_added() {
        let one = Roles::default().with(Role::Editor);
        assert!(one.has(Role::Editor) && !one.has(Role::Uploader));
        assert_eq!((one.and(Roles::ALL), one.and(Roles::default())), (one, Roles::default()));
        assert!(one.within(Roles::ALL) && !Roles::ALL.within(one) && Roles::default().within(one));
        assert_eq!(Roles::ALL.words(), ["uploader", "editor", "operator"]);
        assert_eq!(Roles::from_words(&one.words()), Ok(one));
        assert!(Roles::from_words(&["root".to_owned()]).is_err());
    }

    #[test]
    fn a_lifetime_does_not_exceed_the_maximum() {
        let days = TokenDays { default: 2, max: 3 };
        assert_eq!(days.lifetime(None), Some(Duration::from_secs(172_800)));
        assert_eq!(days.lifetime(Some(3)), Some(Duration::from_secs(259_200)));
        assert_eq!((days.lifetime(Some(0)), days.lifetime(Some(4))), (None, None));
    }
}
