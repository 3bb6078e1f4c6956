//! What to do next, of each error whose message does not say it.

mod converge;

use std::io;
use std::path::Path;

use pki_core::adopt::AdoptError;
#[cfg(feature = "etcd")]
use pki_core::agent::DeliveryError;
use pki_core::converge::ConvergeError;
use pki_core::csr::PolicyError;
use pki_core::document::MergeError;
use pki_core::import::ImportError;
use pki_core::name::San;
use pki_core::rotation::RotationError;
use pki_core::seal::{SealError, SlotError};
use pki_core::store::StoreError;

use super::{Error, STDOUT};
#[cfg(feature = "etcd")]
use crate::etcdpki::agent::AgentError;
use crate::etcdpki::description::Surroundings;
use crate::etcdpki::secrets::VAULT_PASSWORD_FILE;
use crate::refusal;

impl Error {
    /// What to do next, where the message does not say it.
    pub(in crate::etcdpki) fn hint(&self) -> Option<String> {
        match self {
            Self::DescriptionLost { .. } => Some(
                "restore it from a copy, or move pki/ away to begin a new PKI".to_owned(),
            ),
            Self::NoDescription { .. } | Self::NoPki { .. } => {
                Some("run `etcdpki init` first, or give its directory with -C".to_owned())
            }
            Self::SecondPki(Surroundings { above, .. }) => Some(format!(
                "to go on with that one, use -C {}; to have another one here, describe it: in an etcdpki.yml, or with --domain or --node",
                above.display()
            )),
            Self::NoHome => Some("say where with --prefix".to_owned()),
            Self::NoManual { .. } => Some(
                "write the words of a command with dashes between them, such as etcdpki-rotate-ca or vault-edit".to_owned(),
            ),
            Self::NoPasswordForVault { .. } => Some(
                "give the one that it was encrypted with: --vault-password-file, --vault-password-command or the file vault-password.txt; of a node, vault-passwords/NODE.txt; if it is lost, remove the file, and it is written anew".to_owned(),
            ),
            Self::NoPassphraseForKeyring { .. } => Some(
                "give the passphrase that it was made with: --passphrase-file, --passphrase-command or the file etcdpki-passphrase.txt".to_owned(),
            ),
            Self::StopsCluster { .. } => Some(
                "once the list is out, only the list before brings the cluster back; replace the authority instead, as docs/revocation.md says".to_owned(),
            ),
            Self::Policy { source: PolicyError::Name { name, .. }, .. } => Some(hint_of_name(name)),
            Self::MembersBehind { is_first: true, .. } => Some(
                "where members cannot be reached from here, or were never started, add --unchecked: then it is for you to see that each has everything".to_owned(),
            ),
            Self::OthersUnproved { .. } => Some("give the passphrase of another slot with --passphrase-file, or its identity with --age-identity".to_owned()),
            Self::Password { hint, .. } => hint.clone(),
            Self::WrongPassphrase { origin, .. } => Some(format!(
                "it came from {origin}; see which slots there are: `etcdpki ca slot list`"
            )),
            Self::Unopened(error) => {
                let without = "`etcdpki verify --without-keys` checks all that needs no key";
                Some(match error.hint() {
                    Some(hint) => format!("{hint}; {without}"),
                    None => without.to_owned(),
                })
            }
            Self::NotEncrypted { path } => {
                let password = match Path::new(VAULT_PASSWORD_FILE).is_file() {
                    true => format!(" --vault-password-file {VAULT_PASSWORD_FILE}"),
                    false => String::new(),
                };
                let path = refusal::quoted(path);
                Some(format!("if it is yours, encrypt it: vault encrypt{password} {path}"))
            }
            Self::Merge {
                source: MergeError::Malformed(_),
                ..
            } => Some("mend it there, or move it away to have it written anew".to_owned()),
            Self::NotText { .. } => Some("save it as UTF-8".to_owned()),
            Self::Key { path, .. }
            | Self::Pem { path, .. }
            | Self::Request { path, .. }
            | Self::RevocationList { path, .. }
            | Self::Path { path, .. } => Some(format!(
                "see what is in it: etcdpki inspect {}",
                refusal::quoted(path)
            )),
            #[cfg(feature = "etcd")]
            Self::Agent(error) => hint_of_agent(error),
            Self::Io { path, source } if path == Path::new(STDOUT) => hint_of_output(source.kind()),
            Self::Json { source } => hint_of_output(source.io_error_kind()?),
            Self::Vault { source, .. } if hint_of_vault(source).is_some() => hint_of_vault(source),
            Self::Slot(SlotError::Unfinished { .. }) => {
                Some("`etcdpki ca slot rotate` does".to_owned())
            }
            _ => {
                let known = match self {
                    Self::Converge(error) => converge::hint(error),
                    Self::Rotation(error) => converge::hint_of_rotation(error),
                    _ => None,
                };
                known.or_else(|| match self.of_seal() {
                    Some(seal) => hint_of_seal(seal),
                    None => refusal::advice(self.refusal()?, self.path()),
                })
            }
        }
    }

    /// What the operating system answered, whatever it was asked for.
    fn refusal(&self) -> Option<&io::Error> {
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            if let Some(refused) = error.downcast_ref() {
                return Some(refused);
            }
            next = error.source();
        }
        None
    }

    /// The file that it is about, if that is one of this machine.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. } | Self::Vault { path, .. } => Some(path),
            _ => match self.of_store()? {
                StoreError::Io { path, .. } if !path.contains("://") => Some(Path::new(path)),
                _ => None,
            },
        }
    }

    /// What is wrong with the store, whoever came upon it.
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Adopt(AdoptError::Store(error))
            | Self::Converge(ConvergeError::Store(error))
            | Self::Import(ImportError::Store(error))
            | Self::Rotation(RotationError::Converge(ConvergeError::Store(error))) => Some(error),
            #[cfg(feature = "etcd")]
            Self::Copy(pki_core::store::copy::CopyError::Store(error)) => Some(error),
            _ => None,
        }
    }

    /// What is sealed and does not open, whoever came upon it.
    fn of_seal(&self) -> Option<&SealError> {
        match self {
            Self::Seal(error) | Self::Slot(SlotError::Seal(error)) => Some(error),
            _ => match self.of_store()? {
                StoreError::Key { source, .. } => Some(source),
                _ => None,
            },
        }
    }
}

fn hint_of_vault(error: &vault_format::Error) -> Option<String> {
    use vault_format::Error as E;
    let hint = match error {
        E::DecryptFailed => {
            "is it another password, or was the file changed? Restore it from a copy, or move it away to have it written anew"
        }
        E::CorruptPayload { .. }
        | E::Format { .. }
        | E::NotVault { .. }
        | E::UnsupportedMethod { .. } => {
            "restore it from a copy, such as that of git; a file that `etcdpki init` wrote is written anew once it is moved away"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What was printed is cut, and nothing else is.
fn hint_of_output(refused: io::ErrorKind) -> Option<String> {
    (refused == io::ErrorKind::StorageFull)
        .then(|| "what was printed is cut: make room where it goes, and run this again".to_owned())
}

#[cfg(feature = "etcd")]
fn hint_of_agent(error: &AgentError) -> Option<String> {
    match error {
        AgentError::Delivery {
            owner,
            source: DeliveryError::OtherPublisher { .. },
        } => Some(format!(
            "if it is the publisher now, enrol this machine again: `etcdpki agent invite {owner}` where the PKI is held, then `etcdpki agent enrol {owner}` here"
        )),
        AgentError::Delivery { .. } | AgentError::Letter { .. } => {
            Some("have it handed out anew where the PKI is held: `etcdpki agent answer`".to_owned())
        }
        _ => None,
    }
}

/// Only what `--san` reads can be granted.
fn hint_of_name(name: &str) -> String {
    let name = name.strip_prefix("URI:").unwrap_or(name);
    match name.parse::<San>() {
        Ok(name) => format!(
            "if it may have that name all the same, grant it: --san {name}; or leave out what it may not have: --drop-names"
        ),
        Err(_) => {
            "leave out what it may not have, --drop-names, or have a request made without that name"
                .to_owned()
        }
    }
}

fn hint_of_seal(error: &SealError) -> Option<String> {
    match error {
        SealError::NoPassphrase => Some("`--generate-secrets` makes one".to_owned()),
        SealError::WrongPassphrase => Some(
            "give another one, or see what else opens the keys: `etcdpki ca slot list`".to_owned(),
        ),
        SealError::Closed { .. } | SealError::NoPassphraseSlot { .. } | SealError::WrongIdentity { .. } => Some(
            "see who can open what: `etcdpki ca slot list`; a slot for age recipients opens with --age-identity FILE".to_owned(),
        ),
        _ => None,
    }
}
