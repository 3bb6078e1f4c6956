//! What ansible-vault asks a person.

use zeroize::Zeroizing;

use crate::password;

/// Whether prompts ask for a secret that exists or, twice, for a new one.
#[derive(Clone, Copy, Debug)]
pub(in crate::vault) enum Prompts {
    Existing,
    New,
    /// For one that exists, but never by reading standard input.
    OnTerminal,
}

impl Prompts {
    /// The prompt when no label was given.
    pub(super) fn bare(self) -> Prompt {
        match self {
            Self::Existing => Prompt::once("Vault password: "),
            Self::OnTerminal => Prompt::on_terminal("Vault password: "),
            Self::New => Prompt::twice("New Vault password: ", "Confirm New Vault password: "),
        }
    }

    pub(super) fn labelled(self, label: &str) -> Prompt {
        match self {
            Self::Existing => Prompt::once(&format!("Vault password ({label}): ")),
            Self::OnTerminal => Prompt::on_terminal(&format!("Vault password ({label}): ")),
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
    way: Way,
}

#[derive(Debug)]
enum Way {
    Once,
    OnTerminal,
    Twice { confirm: String },
}

impl Prompt {
    fn once(text: &str) -> Self {
        Self::new(text, Way::Once)
    }

    fn on_terminal(text: &str) -> Self {
        Self::new(text, Way::OnTerminal)
    }

    fn twice(text: &str, confirm: &str) -> Self {
        let confirm = confirm.to_owned();
        Self::new(text, Way::Twice { confirm })
    }

    fn new(text: &str, way: Way) -> Self {
        let text = text.to_owned();
        Self { text, way }
    }

    pub(super) fn ask(&self) -> Result<Zeroizing<Vec<u8>>, password::Error> {
        match &self.way {
            Way::Once => password::prompt(&self.text),
            Way::OnTerminal => password::prompt_on_terminal(&self.text),
            Way::Twice { confirm } => password::prompt_twice(&self.text, confirm),
        }
    }
}
