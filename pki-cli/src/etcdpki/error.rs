//! Everything that can fail, each with what to do next.

use std::io;
use std::path::{Path, PathBuf};

use pki_core::converge::ConvergeError;
use pki_core::description::DescriptionError;
use pki_core::document::MergeError;
use pki_core::inspect::InspectError;
use pki_core::seal::SealError;
use pki_core::store::StoreError;
use pki_core::store::atomic::WriteError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Converge(#[from] ConvergeError),
    #[error("{path}{}: {source}", .source.position.map(|at| format!(":{at}")).unwrap_or_default(), path = .path.display())]
    Description {
        path: PathBuf,
        source: DescriptionError,
    },
    #[error("{option} says {given}, and {path} says {described}: edit {path}, or leave the option out", path = .path.display())]
    DescribedOtherwise {
        path: PathBuf,
        option: &'static str,
        given: String,
        described: String,
    },
    #[error(
        "{path}: the JSON report could not be written: {source}",
        path = "standard output"
    )]
    Json { source: serde_json::Error },
    #[error("{}: {source}", .path.display())]
    Inspect { path: PathBuf, source: InspectError },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    Merge { path: PathBuf, source: MergeError },
    #[error("no {what}: {hint}")]
    NoSecret { what: &'static str, hint: String },
    #[error("{}: no description here", .path.display())]
    NoDescription { path: PathBuf },
    #[error("{}: this PKI is sealed already, so no new passphrase can be made for it", .path.display())]
    NoPassphraseForKeyring { path: PathBuf },
    #[error("{}: the file is not encrypted", .path.display())]
    NotEncrypted { path: PathBuf },
    #[error("{}: the file is not text", .path.display())]
    NotText { path: PathBuf },
    #[error("the operating system gave no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("{what}: {reason}")]
    Password { what: &'static str, reason: String },
    #[error("{}: {source}: remove it, and files that were edited are kept until --force is given", .path.display())]
    Record {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the query on standard input: {0}")]
    Query(String),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a template could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
    #[error(
        "`{name}` is none of {what} of {}: they are {known}",
        super::description::FILE
    )]
    Undescribed {
        what: &'static str,
        name: String,
        known: String,
    },
    #[error("{}: {source}", .path.display())]
    Vault {
        path: PathBuf,
        source: vault_format::Error,
    },
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Self::Io {
            path: error.path,
            source: error.source,
        }
    }
}

impl Error {
    /// An error of the operating system about a path.
    pub(super) fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_owned(),
            source,
        }
    }

    /// What to do next, where the message does not say it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Converge(ConvergeError::OutsideConstraints { position: Some(at), .. }) => Some(
                format!("the name is asked for at etcdpki.yml:{at}"),
            ),
            Self::NoDescription { .. } => Some("run `etcdpki init` first, or give its directory with -C".to_owned()),
            Self::NoPassphraseForKeyring { .. } => Some(
                "give the passphrase that it was made with: --passphrase-file, --passphrase-command or the file etcdpki-passphrase.txt".to_owned(),
            ),
            Self::NotEncrypted { path } => {
                Some(format!("if it is yours, encrypt it: vault encrypt {}", path.display()))
            }
            Self::Io { path, .. } if path == Path::new(STDOUT) => None,
            Self::Io { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some(format!("see who owns it: ls -ld {}", path.display()))
            }
            Self::Io { source, .. } | Self::Store(StoreError::Io { source, .. })
                if source.kind() == io::ErrorKind::StorageFull =>
            {
                Some("what was there before is as it was; make room and run this again".to_owned())
            }
            Self::Vault { source: vault_format::Error::DecryptFailed, .. } => {
                Some("is it another password, or was the file changed? Restore it from a copy, or move it away to have it written anew".to_owned())
            }
            _ => None,
        }
    }

    /// Whether the reader of our output went away.
    pub(super) fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Io { path, source } => {
                path == Path::new(STDOUT) && source.kind() == io::ErrorKind::BrokenPipe
            }
            Self::Json { source } => source.io_error_kind() == Some(io::ErrorKind::BrokenPipe),
            _ => false,
        }
    }
}

/// What standard output is called in messages.
pub(super) const STDOUT: &str = "standard output";
