use std::io;
use std::path::{Path, PathBuf};

use vault_format::{FormatProblem, Method, inline};

use crate::{password, refusal};

/// Why a command failed. The texts contain the phrases by which programs recognise
/// ansible-vault's errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is a vault already.
    #[error("input is already encrypted")]
    AlreadyEncrypted,
    /// The file was changed by somebody else meanwhile.
    #[error("{} was changed by another program meanwhile; it was left as it is", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Something about the operating system.
    #[error("{action} ({}): {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// What `check`, `status` or `verify` was to find.
    #[error("{0}")]
    Found(String),
    /// Another error, and what to do about it.
    #[error("{source}")]
    Hinted {
        /// The error.
        source: Box<Self>,
        /// What to do.
        hint: String,
    },
    /// Ctrl-C.
    #[error("User interrupted execution")]
    Interrupted,
    /// Reading from standard input or writing to standard output failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another program holds a lock on the file.
    #[error("{} is locked by another program; it was left as it is", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Versions of a file that git can not have merged. Its exit code is one by which git takes
    /// neither of them for the result.
    #[error("{name} is not merged: {source}")]
    NotMerged {
        /// The file.
        name: String,
        /// Why.
        source: Box<Self>,
    },
    /// Options that do not go together, or needed ones that are missing.
    #[error("{0}")]
    Options(String),
    /// An encrypted value that is not found by what it is written as.
    #[error("{}:{line}: {OVERLOOKED}", .path.display())]
    Overlooked {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
    },
    /// Some files failed, and were reported; the others are done.
    #[error("{failed} of {files} files failed; the others are done")]
    Partial {
        /// How many failed.
        failed: usize,
        /// How many there were.
        files: usize,
    },
    /// A password could not be had.
    #[error("{}", capitalized(&.0.to_string()))]
    Password(password::Error),
    /// Any other failure.
    #[error("{0}")]
    Runtime(String),
    /// Something about a vault.
    #[error("{}{}", describe(source), of_what(name))]
    Vault {
        /// The file, or what stands for it; nothing where a list names it.
        name: String,
        /// What about it.
        source: vault_format::Error,
    },
}

impl Error {
    /// The exit code that ansible-vault has for it; what it does not have is 3.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Found(_) => 3,
            Self::Hinted { source, .. } => source.exit_code(),
            Self::Interrupted => 99,
            Self::NotMerged { .. } => 129,
            Self::Options(_) => 5,
            _ => 1,
        }
    }

    /// What to do next, where the message leaves it open.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Hinted { source, hint } => Some(match source.hint() {
                Some(first) => format!("{first}\nhint: {hint}"),
                None => hint.clone(),
            }),
            Self::AlreadyEncrypted => Some(
                "read it with `vault view`, or give it another password with `vault rekey`"
                    .to_owned(),
            ),
            Self::Changed { .. } => Some("see what was changed, and run this again".to_owned()),
            Self::File { path, source, .. } => refusal::advice(source, Some(path)),
            Self::Io(source) => refusal::advice(source, None),
            Self::Locked { .. } => Some(
                "wait until that ends (lslocks shows which it is), and run this again".to_owned(),
            ),
            Self::Vault { source, .. } => hint_of_vault(source).map(str::to_owned),
            Self::NotMerged { source, .. } if source.is_wrong_secret() => Some(
                "give the drivers the secrets of both sides: vault git --vault-id A@SOURCE \
                 --vault-id B@SOURCE --encrypt-vault-id A setup; then merge again"
                    .to_owned(),
            ),
            Self::NotMerged { source, .. } => source.hint(),
            Self::Password(password::Error::NoTerminal) => Some(
                "name a file or a script: --vault-id LABEL@SOURCE; for git: \
                 vault git --vault-id LABEL@SOURCE setup"
                    .to_owned(),
            ),
            Self::Password(error) => error.advice(),
            _ => None,
        }
    }

    /// What is wrong and what to do next, for a list: in every line there is no room for what is the same
    /// for all.
    pub(super) fn in_one_line(&self) -> String {
        match self.hint().filter(|_| !self.is_wrong_secret()) {
            Some(hint) => format!("{self}: {hint}"),
            None => self.to_string(),
        }
    }

    /// The same for a list that names the file, and maybe the line, itself: the line, and the rest.
    pub(super) fn listed(self) -> (Option<usize>, String) {
        match self {
            Self::Overlooked { line, .. } => (Some(line), OVERLOOKED.to_owned()),
            Self::Vault { source, .. } => {
                let name = String::new();
                (None, Self::Vault { name, source }.in_one_line())
            }
            Self::File {
                action,
                source,
                path,
            } => {
                let advice = refusal::advice(&source, Some(&path));
                let advice = advice.map_or_else(String::new, |advice| format!(": {advice}"));
                (None, format!("{action}: {source}{advice}"))
            }
            other => (None, other.in_one_line()),
        }
    }

    /// Whether the reader of our output has gone, which is no failure.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The same with a hint at what to do.
    pub(super) fn hinting(self, hint: &str) -> Self {
        Self::Hinted {
            source: Box::new(self),
            hint: hint.to_owned(),
        }
    }

    /// Whether it is about a vault, and not about its file.
    pub(super) fn is_of_vault(&self) -> bool {
        matches!(self, Self::Vault { .. })
    }

    pub(super) fn is_no_vault(&self) -> bool {
        let Self::Vault { source, .. } = self else {
            return false;
        };
        matches!(source, vault_format::Error::NotVault { .. })
    }

    pub(super) fn is_wrong_secret(&self) -> bool {
        matches!(
            self,
            Self::Vault {
                source: vault_format::Error::DecryptFailed,
                ..
            }
        )
    }

    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    pub(super) fn vault(name: impl Into<String>) -> impl FnOnce(vault_format::Error) -> Self {
        let name = name.into();
        move |source| match source {
            vault_format::Error::Io(source) => Self::Io(source).of(&name),
            source => Self::Vault { name, source },
        }
    }

    /// Says where in the file the fault of a value is.
    pub(super) fn placed(mut self, value: &inline::Value) -> Self {
        if let Self::Vault {
            source: vault_format::Error::Format { line, column, .. },
            ..
        } = &mut self
            && let Some(position) = value.position(*line, *column)
        {
            (*line, *column) = position;
        }
        self
    }

    /// Names the output where only writing can have failed, and it is another file.
    pub(super) fn or_of_output(self, output: &Path) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::File { source, .. }
                if matches!(source.kind(), FileTooLarge | QuotaExceeded | StorageFull) =>
            {
                Self::File {
                    action: "Unable to write",
                    path: output.to_owned(),
                    source,
                }
            }
            other => other,
        }
    }

    /// Names the file that was worked on when reading or writing failed.
    pub(super) fn of(self, name: &str) -> Self {
        match self {
            Self::Io(source) if source.kind() == io::ErrorKind::Interrupted => Self::Interrupted,
            Self::Io(source) => Self::File {
                action: "Unable to read or write",
                path: name.into(),
                source,
            },
            other => other,
        }
    }
}

const OVERLOOKED: &str = "an encrypted value that is written in a way not understood here, or in \
                          what is no YAML; write it as !vault | with the lines of the vault below";

impl From<password::Error> for Error {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Interrupted => Self::Interrupted,
            error => Self::Password(error),
        }
    }
}

/// A text as the start of a sentence.
pub(super) fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

fn of_what(name: &str) -> String {
    match name.is_empty() {
        true => String::new(),
        false => format!(" for {name}"),
    }
}

/// The library's error in ansible-vault's words.
fn describe(error: &vault_format::Error) -> String {
    use vault_format::Error as E;
    match error {
        E::CorruptPayload { problem } => format!("Corrupt payload ({problem})"),
        E::DecryptFailed => {
            "Decryption failed (no vault secrets were found that could decrypt).".to_owned()
        }
        E::Format {
            problem,
            line,
            column,
        } => {
            format!(
                "{} (line {line}, column {column})",
                format_problem(*problem)
            )
        }
        E::NotVault { .. } => "Input is not vault encrypted data.".to_owned(),
        E::UnsupportedMethod { name } => format!("Cipher '{name}' could not be found."),
        other => other.to_string(),
    }
}

fn format_problem(problem: FormatProblem) -> &'static str {
    match problem {
        FormatProblem::HeaderTooLong => "Vault envelope format error: header too long",
        FormatProblem::MissingField => {
            "Vault vaulttext format error: not enough values to unpack (expected 3)"
        }
        FormatProblem::MissingHeaderField => "Vault envelope format error: list index out of range",
        FormatProblem::OddInnerLength | FormatProblem::OddLength => {
            "Vault format unhexlify error: Odd-length string"
        }
        FormatProblem::TooLong => "Vault vaulttext format error: salt or hmac too long",
        _ => "Vault format unhexlify error: Non-hexadecimal digit found",
    }
}

fn hint_of_vault(error: &vault_format::Error) -> Option<&'static str> {
    use vault_format::Error as E;
    Some(match error {
        E::CorruptPayload { .. } => RESTORE,
        E::DecryptFailed => {
            "give the password that it was encrypted with, --vault-password-file FILE or \
             --vault-id LABEL@SOURCE (`vault status` shows the label of each file); if it was changed \
             since, restore it from a copy"
        }
        E::Format { problem, .. } => hint_of_format(*problem),
        E::NotVault { hint } => hint
            .unwrap_or("if it is in clear, read it as it is, or encrypt it with `vault encrypt`"),
        E::UnsupportedMethod { name } => hint_of_method(name),
        _ => return None,
    })
}

fn hint_of_method(name: &str) -> &'static str {
    let is_digit = |c: char| c.is_ascii_hexdigit() || c.is_ascii_whitespace();
    let mut rests = Method::ALL
        .iter()
        .filter_map(|method| name.strip_prefix(method.name()));
    match rests.any(|rest| rest.chars().all(is_digit)) {
        true => "the line must end behind the cipher, and the digits begin on the next one",
        false => "decrypt it with the program that wrote it",
    }
}

fn hint_of_format(problem: FormatProblem) -> &'static str {
    match problem {
        FormatProblem::Blank => "there is a blank, at the end of a line most likely: remove it",
        FormatProblem::Changed => "the file changed while it was read; try again",
        FormatProblem::Indented => {
            "the line is indented: was it cut out of a YAML file? remove the blanks before each line"
        }
        FormatProblem::MergeConflict => "a merge conflict marker: resolve the conflict first",
        FormatProblem::MissingField | FormatProblem::OddLength => {
            "the end is missing: was it copied or saved whole?"
        }
        FormatProblem::SecondVault => {
            "a second vault starts here: a file holds only one; write each into one of its own"
        }
        _ => RESTORE,
    }
}

/// What helps where nothing is left to be mended.
const RESTORE: &str = "restore it from a copy, such as that of git";
