//! What somebody may do beyond reading what is their own: two roles, and sets of them.

use super::job::{UnknownWord, words};

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
pub struct Roles {
    uploader: bool,
    editor: bool,
}

impl Roles {
    /// Every role.
    pub const ALL: Roles = Roles { uploader: true, editor: true };

    /// Whether the role is among them.
    pub fn has(self, role: Role) -> bool {
        match role {
            Role::Uploader => self.uploader,
            Role::Editor => self.editor,
        }
    }

    /// These, and the role.
    pub fn with(self, role: Role) -> Roles {
        match role {
            Role::Uploader => Roles { uploader: true, ..self },
            Role::Editor => Roles { editor: true, ..self },
        }
    }

    /// The roles in their order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.has(*role))
    }

    /// Whether none of them is beyond `most`.
    pub fn within(self, most: Roles) -> bool {
        self.iter().all(|role| most.has(role))
    }

    /// The words of the database. Fails on one that is no role.
    pub fn from_words(words: &[String]) -> Result<Roles, UnknownWord> {
        words.iter().map(|word| word.parse::<Role>()).collect()
    }

    /// The words for the database.
    pub fn words(self) -> Vec<String> {
        self.iter().map(|role| role.to_string()).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        roles.into_iter().fold(Roles::default(), Roles::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
        let one = Roles::default().with(Role::Editor);
        assert!(one.has(Role::Editor) && !one.has(Role::Uploader));
        assert!(one.within(Roles::ALL) && !Roles::ALL.within(one) && Roles::default().within(one));
        assert_eq!(Roles::ALL.words(), ["uploader", "editor"]);
        assert_eq!(Roles::from_words(&one.words()), Ok(one));
        assert!(Roles::from_words(&["root".to_owned()]).is_err());
    }
}
