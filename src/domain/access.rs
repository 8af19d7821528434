//! What somebody may do beyond reading what is their own: two roles, and sets of them.

use std::time::Duration;

use super::words::{UnknownWord, words};

words! {
    /// A role. Everybody who is known may read their own; these are for changes.
    Role, "role" {
        /// Upload files and ask for another run.
        Uploader = "uploader",
        /// Resolve issues, edit rows, delete.
        Editor = "editor",
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    uploader: bool,
    editor: bool,
}

impl Roles {
    /// Every role.
    pub(crate) const ALL: Roles = Roles { uploader: true, editor: true };

    /// Whether the role is among them.
    pub(crate) fn has(self, role: Role) -> bool {
        match role {
            Role::Uploader => self.uploader,
            Role::Editor => self.editor,
        }
    }

    /// These, and the role.
    pub(crate) fn with(self, role: Role) -> Roles {
        match role {
            Role::Uploader => Roles { uploader: true, ..self },
            Role::Editor => Roles { editor: true, ..self },
        }
    }

    /// The roles in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.has(*role))
    }

    /// Whether none of them is beyond `most`.
    pub(crate) fn within(self, most: Roles) -> bool {
        self.iter().all(|role| most.has(role))
    }

    /// The roles that are in both sets.
    pub(crate) fn and(self, other: Roles) -> Roles {
        self.iter().filter(|role| other.has(*role)).collect()
    }

    /// The words of the database. Fails on one that is no role.
    pub(crate) fn from_words(words: &[String]) -> Result<Roles, UnknownWord> {
        words.iter().map(|word| word.parse::<Role>()).collect()
    }

    /// The words for the database.
    pub(crate) fn words(self) -> Vec<String> {
        self.iter().map(|role| role.to_string()).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        roles.into_iter().fold(Roles::default(), Roles::with)
    }
}

/// How many days an API token lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDays {
    /// If whoever makes it says nothing.
    pub default: u32,
    /// At most.
    pub max: u32,
}

impl TokenDays {
    /// The lifetime of a token for which `days` were asked; `None` if that is none or more than the maximum.
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
    fn sets_hold_what_was_put_in() {
        let one = Roles::default().with(Role::Editor);
        assert!(one.has(Role::Editor) && !one.has(Role::Uploader));
        assert_eq!((one.and(Roles::ALL), one.and(Roles::default())), (one, Roles::default()));
        assert!(one.within(Roles::ALL) && !Roles::ALL.within(one) && Roles::default().within(one));
        assert_eq!(Roles::ALL.words(), ["uploader", "editor"]);
        assert_eq!(Roles::from_words(&one.words()), Ok(one));
        assert!(Roles::from_words(&["root".to_owned()]).is_err());
    }

    #[test]
    fn a_token_lasts_no_longer_than_the_maximum() {
        let days = TokenDays { default: 2, max: 3 };
        assert_eq!(days.lifetime(None), Some(Duration::from_secs(172_800)));
        assert_eq!(days.lifetime(Some(3)), Some(Duration::from_secs(259_200)));
        assert_eq!((days.lifetime(Some(0)), days.lifetime(Some(4))), (None, None));
    }
}
