use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::bytes::LIMIT;
use crate::refusal;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command has no words, or a quote that is not closed.
    #[error(
        "the vault password command is empty, or a quote in it is not closed: give a program and its arguments"
    )]
    BadCommand,
    /// A command that failed. Its output may be a password, so it is not told.
    #[error("the vault password command `{}` failed: {status}; run it by itself to see why", .program.display())]
    CommandFailed {
        /// Its first word.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// A command that is not there.
    #[error("the vault password command `{}` was not found: check its spelling, or give the path of the program", .program.display())]
    CommandMissing {
        /// Its first word.
        program: PathBuf,
    },
    /// A command that printed nothing.
    #[error("the vault password command `{}` printed nothing: it must print the vault password to standard output", .program.display())]
    CommandSilent {
        /// Its first word.
        program: PathBuf,
    },
    /// A command that could not be started.
    #[error("the vault password command `{}` could not be started: {source}; is it a program that you may execute?", .program.display())]
    CommandStart {
        /// Its first word.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A directory instead of a file.
    #[error("the vault password file {} can not be a directory", .path.display())]
    Directory {
        /// Its path.
        path: PathBuf,
    },
    /// A file without a password.
    #[error("invalid vault password was provided from file ({}): it is empty", .path.display())]
    EmptyFile {
        /// Its path.
        path: PathBuf,
    },
    /// A script that printed nothing.
    #[error("invalid vault password was provided from script ({}): it printed nothing", .path.display())]
    EmptyOutput {
        /// The program.
        path: PathBuf,
    },
    /// A script that failed.
    #[error("vault password script {} failed: {status}", .path.display())]
    Failed {
        /// The program.
        path: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// Ctrl-C.
    #[error("user interrupted execution")]
    Interrupted,
    /// The two passwords differ.
    #[error("passwords do not match")]
    Mismatch,
    /// The file is not there.
    #[error("the vault password file {} was not found", .path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
    },
    /// Nowhere to ask.
    #[error("there is no terminal to ask for the password on")]
    NoTerminal,
    /// An empty line.
    #[error("invalid vault password was provided: nothing was entered")]
    NothingEntered,
    /// Asking for the password failed.
    #[error("could not ask for the password: {source}")]
    Prompt {
        /// Why.
        source: io::Error,
    },
    /// Reading the file failed.
    #[error("could not read vault password file {}: {source}", .path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Other users may read the file.
    #[error("password file {} is readable by other users; run: chmod 600 {}", .path.display(), .path.display())]
    ReadableByOthers {
        /// Its path.
        path: PathBuf,
    },
    /// The script could not be started.
    #[error("problem running vault password script {}: {source}; if this is not a script, remove the executable bit from the file", .path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The script or command did not end in time.
    #[error("vault password script {} did not end within {} s", .path.display(), .limit.as_secs_f32())]
    TimedOut {
        /// The program.
        path: PathBuf,
        /// How long it was waited for.
        limit: Duration,
    },
    /// More than a password can be.
    #[error("{} has more than {LIMIT} bytes, which is no password", .path.display())]
    TooLong {
        /// Its path.
        path: PathBuf,
    },
}

impl Error {
    /// What to do about it, whatever the password is for and wherever else it could be had.
    pub(crate) fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Directory { path } => format!("name a file in it: ls {}", refusal::quoted(path)),
            Self::EmptyFile { .. } => "write the password into it".to_owned(),
            Self::EmptyOutput { .. } => "it must print the password to standard output".to_owned(),
            Self::Failed { .. } => "run it by itself to see why".to_owned(),
            Self::Mismatch => "type the same one twice".to_owned(),
            Self::Missing { path } => {
                return refusal::advice(&io::ErrorKind::NotFound.into(), Some(path));
            }
            Self::NothingEntered => "type it, or name a file that holds it".to_owned(),
            Self::Read { path, source } => return refusal::advice(source, Some(path)),
            Self::TimedOut { .. } => "run it by itself to see what it waits for".to_owned(),
            Self::TooLong { .. } => {
                "have it hold, or print, the password and nothing else".to_owned()
            }
            _ => return None,
        })
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Self::Missing { path }
        } else {
            Self::Read { path, source }
        }
    }
}
