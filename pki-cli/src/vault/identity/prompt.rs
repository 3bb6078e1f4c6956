//! What ansible-vault asks a person.

use zeroize::Zeroizing;

use crate::password;

/// Whether prompts ask for a secret that exists or, twice, for a new one.
#[derive(Clone, Copy, Debug)]
pub(in crate::vault) enum Prompts {
    Existing,
    New,
}

impl Prompts {
    /// The prompt when no label was given.
    pub(super) fn bare(self) -> Prompt {
        match self {
            Self::Existing => Prompt::once("Vault password: "),
            Self::New => Prompt::twice("New Vault password: ", "Confirm New Vault password: "),
        }
    }

    pub(super) fn labelled(self, label: &str) -> Prompt {
        match self {
            Self::Existing => Prompt::once(&format!("Vault password ({label}): ")),
            Self::New => Prompt::twice(
                &format!("New vault password ({label}): "),
                &format!("Confirm new vault password ({label}): "),
            ),
        }
    }
}

#[derive(Debug)]
pub(super) struct Prompt {
    text: String,
    confirm: Option<String>,
}

impl Prompt {
    fn once(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            confirm: None,
        }
    }

    fn twice(text: &str, confirm: &str) -> Self {
        Self {
            text: text.to_owned(),
            confirm: Some(confirm.to_owned()),
        }
    }

    pub(super) fn ask(&self) -> Result<Zeroizing<Vec<u8>>, password::Error> {
        match &self.confirm {
            Some(confirm) => password::prompt_twice(&self.text, confirm),
            None => password::prompt(&self.text),
        }
    }
}
