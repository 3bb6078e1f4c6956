//! The files from which Ansible takes the certificates.
//!
//! Each role has two: `certificates.vault.yml`, encrypted, holds the PEM texts under
//! `vault.certificates`; `certificates.yml`, in clear, refers to them under `certificates`, so
//! that tasks read well. A [`Document`] owns some keys of such a file. What a person adds beside
//! them, comments too, stays.

mod ansible;
mod merge;
mod tree;

pub use ansible::{
    AnsibleRole, VaultFile, documents, host_vault_path, references_documents, unused_vault_paths,
    vault_files, vault_paths,
};
pub use merge::MergeError;
pub use tree::{InvalidTree, Tree};

use crate::name::Label;
use crate::secret_text::SecretText;

/// A YAML file, as far as it is ours.
#[derive(Debug)]
pub struct Document {
    /// Where it lies, from the top of the project.
    pub path: String,
    /// Whether it must be encrypted.
    pub secret: bool,
    /// The node for which alone it is, and under whose vault id it is encrypted then.
    pub host: Option<Label>,
    /// The comment at the head of a new file.
    header: &'static str,
    /// The keys that lead to the mapping in which we own keys.
    parents: &'static [&'static str],
    /// The keys that we own there; one without a value is removed.
    owned: Vec<(&'static str, Option<Tree>)>,
}

impl Document {
    /// The new text of the file, given the old one; `None` when nothing is to be changed.
    ///
    /// # Errors
    ///
    /// When the old text is not YAML, or cannot be changed without touching what is not ours.
    pub fn merge(&self, old: Option<&str>) -> Result<Option<SecretText>, MergeError> {
        match old {
            // Nothing to remove from a file that is not there.
            None if self.owned.iter().all(|(_, value)| value.is_none()) => Ok(None),
            None => Ok(Some(self.fresh())),
            Some(old) => merge::merge(self, old),
        }
    }

    fn fresh(&self) -> SecretText {
        let mut text = SecretText::default();
        for line in self.header.lines() {
            text.push_str("# ");
            text.push_str(line);
            text.push_str("\n");
        }
        text.push_str("---\n");
        for (depth, parent) in self.parents.iter().enumerate() {
            tree::indent(&mut text, depth);
            text.push_str(parent);
            text.push_str(":\n");
        }
        for (key, value) in &self.owned {
            if let Some(value) = value {
                value.render(key, self.parents.len(), &mut text);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
