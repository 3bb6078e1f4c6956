//! Where a secret comes from.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::password::{self, Answer, Program, Readable};
use crate::vault::error::Error;
use crate::vault::{child, paths, talk};

use super::age;
use super::prompt::Prompt;

type Password = Zeroizing<Vec<u8>>;

/// The part of a vault id after the `@`.
#[derive(Debug)]
pub(super) enum Source {
    Age(PathBuf),
    Client {
        path: PathBuf,
        label: Option<String>,
    },
    Descriptor(u32),
    File(PathBuf),
    Prompt(Prompt),
    Variable(String),
}

impl Source {
    pub(super) fn parse(source: &str, label: Option<&str>) -> Result<Self, Error> {
        let path = paths::expand(Path::new(source));
        // A file of that name is what ansible would take.
        if !path.exists() {
            if let Some(path) = source.strip_prefix("age:") {
                return Ok(Self::Age(paths::expand(Path::new(path))));
            }
            if let Some(name) = source.strip_prefix("env:") {
                child::hide(name);
                return Ok(Self::Variable(name.to_owned()));
            }
            if let Some(number) = source.strip_prefix("fd:") {
                let bad = || {
                    Error::Options(format!(
                        "'{number}' is no number of a file descriptor: write one such as fd:3"
                    ))
                };
                return Ok(Self::Descriptor(number.parse().map_err(|_| bad())?));
            }
        }
        Ok(Self::of_file(path, label))
    }

    pub(super) fn of_file(path: PathBuf, label: Option<&str>) -> Self {
        let is_client = path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
        if is_client && is_script(&path) {
            Self::Client {
                path,
                label: label.map(str::to_owned),
            }
        } else {
            Self::File(path)
        }
    }

    /// What it is, if it gives its secret only once.
    pub(super) fn used_up(&self) -> Option<String> {
        match self {
            Self::Descriptor(number) => Some(format!("file descriptor {number}")),
            Self::Prompt(_) => Some("to be typed in".to_owned()),
            Self::Age(path) | Self::File(path) => {
                let is_stream = path.metadata().is_ok_and(|metadata| !metadata.is_file());
                is_stream.then(|| format!("in {}, which is no regular file", path.display()))
            }
            Self::Client { .. } | Self::Variable(_) => None,
        }
    }

    /// The file that it is, or is in.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Age(path) | Self::Client { path, .. } | Self::File(path) => Some(path),
            Self::Descriptor(_) | Self::Prompt(_) | Self::Variable(_) => None,
        }
    }

    /// Whether it is a file that is not there.
    pub(super) fn is_missing(&self) -> bool {
        self.path()
            .is_some_and(|path| matches!(path.try_exists(), Ok(false)))
    }

    pub(super) fn is_script(&self) -> bool {
        match self {
            Self::Client { .. } => true,
            Self::File(path) => is_script(path),
            _ => false,
        }
    }

    /// The password, or why there is none. A script may run for as long as `limit`.
    pub(super) fn fetch(&self, limit: Option<Duration>) -> Result<Password, String> {
        match self {
            Self::Age(path) => age::open(path),
            Self::Client { path, label } => run_client(path, label.as_deref(), limit),
            Self::Descriptor(number) => {
                let file = File::open(format!("/dev/fd/{number}")).and_then(password::read_all);
                let content = file.map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => format!(
                        "file descriptor {number} is not open: open it, as in {number}<FILE"
                    ),
                    _ => format!("file descriptor {number}: {error}"),
                })?;
                let password = Zeroizing::new(password::trim_white_space(&content).to_vec());
                match password.is_empty() {
                    true => Err(format!(
                        "file descriptor {number} gave no password: write one into what it is open on"
                    )),
                    false => Ok(password),
                }
            }
            Self::File(path) => read(path, limit).map_err(|error| match scheme(path) {
                Some(scheme) => format!(
                    "{error}; a secret from {scheme} is named by --vault-id \
                     [LABEL@]{scheme}… (or vault_identity_list)"
                ),
                None => advised(&error),
            }),
            Self::Prompt(prompt) => prompt.ask().map_err(|error| advised(&error)),
            Self::Variable(name) => match env::var_os(name) {
                Some(value) if value.is_empty() => Err(format!(
                    "the environment variable {name} is empty: put the password into it"
                )),
                Some(value) => Ok(Zeroizing::new(OsString::into_vec(value))),
                None => Err(format!(
                    "the environment variable {name} is not set: put the password into it, and export it"
                )),
            },
        }
    }
}

/// What is wrong and what to do about it, for a warning.
fn advised(error: &password::Error) -> String {
    match error.advice() {
        Some(advice) => format!("{error}; {advice}"),
        None => error.to_string(),
    }
}

/// What other kind of source the name of a file looks like that is not there.
fn scheme(path: &Path) -> Option<&'static str> {
    let mut names = path.iter().map(|name| name.to_string_lossy());
    let schemes = ["age:", "env:", "fd:"];
    let named = names.find_map(|name| schemes.into_iter().find(|scheme| name.starts_with(scheme)));
    named.filter(|_| !path.exists())
}

fn is_script(path: &Path) -> bool {
    matches!(password::Source::of(path), Ok(password::Source::Script))
}

fn read(path: &Path, limit: Option<Duration>) -> Result<Password, password::Error> {
    match password::Source::of(path)? {
        password::Source::Script => script(path, limit)?.password(),
        password::Source::File { by_others } => {
            if by_others {
                talk::warning(&password::Error::ReadableByOthers { path: path.into() }.to_string());
            }
            password::from_file(path, Readable::Allow)
        }
    }
}

fn script(path: &Path, limit: Option<Duration>) -> Result<Program, password::Error> {
    Ok(Program::script(path)?
        .without_variables(&child::hidden())
        .limit(limit))
}

/// Runs a script that gets the label as an argument and says by exit code 2 that it knows no
/// secret for it.
fn run_client(
    path: &Path,
    label: Option<&str>,
    limit: Option<Duration>,
) -> Result<Password, String> {
    let name = path.display();
    let failed = |error: password::Error| {
        format!(
            "Problem running vault password client script {name}: {}",
            advised(&error)
        )
    };
    let arguments = label.map(|label| ["--vault-id", label]);
    let program = script(path, limit).map_err(failed)?;
    let program = program.arguments(arguments.as_ref().map_or(&[], |both| &both[..]));
    let Answer {
        password,
        status,
        messages,
    } = program.answer().map_err(failed)?;
    let label = label.unwrap_or("None");
    match status.code() {
        Some(0) if password.is_empty() => Err(format!(
            "Invalid vault password was provided from script ({name}): it printed nothing, and must print the password to standard output"
        )),
        Some(0) => Ok(password),
        Some(2) => Err(format!(
            "Vault password client script {name} did not find a secret for vault-id={label}: \
             {messages}"
        )),
        _ => Err(format!(
            "Vault password client script {name} returned non-zero ({status}) when getting secret \
             for vault-id={label}: {messages}"
        )),
    }
}
