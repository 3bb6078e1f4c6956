//! Passwords: from files, scripts, commands and prompts.
//!
//! The rules are ansible's, so that a password file serves both. A password is never in an
//! argument, an environment variable, an error or a log.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use zeroize::Zeroizing;

/// The longest password that is read, in bytes: an end for `/dev/zero`.
const LIMIT: usize = 1 << 20;

/// Reads the password from `path`.
///
/// A file that somebody may execute is run, and what it prints is the password, without the line
/// breaks around it. Any other file contains the password; blanks and line breaks around it do
/// not belong to it. `others` says whether such a file may be readable by other users; pipes and
/// the like have nobody else to read them.
///
/// # Errors
///
/// [`Error`] if the file is missing, a directory, unreadable, readable by others or empty, or if
/// the script fails.
pub fn from_file(path: &Path, others: Readable) -> Result<Zeroizing<Vec<u8>>, Error> {
    match Source::of(path)? {
        Source::Script => from_script(path, &[]),
        Source::File { by_others: true } if others == Readable::Refuse => {
            Err(Error::ReadableByOthers {
                path: path.to_owned(),
            })
        }
        Source::File { .. } => {
            let file = File::open(path).map_err(|source| Error::read(path, source))?;
            let content = read(file).map_err(|error| error.at(path))?;
            let password = copy(trim(&content, is_blank));
            if password.is_empty() {
                return Err(Error::EmptyFile {
                    path: path.to_owned(),
                });
            }
            Ok(password)
        }
    }
}

/// Runs a script whose output is the password.
///
/// Its messages go where ours go.
///
/// # Errors
///
/// [`Error`] if it can not be run, fails or prints nothing.
pub fn from_script(path: &Path, arguments: &[&str]) -> Result<Zeroizing<Vec<u8>>, Error> {
    // A bare name is a file here, not a command to be searched for.
    let program = std::path::absolute(path).map_err(|source| Error::read(path, source))?;
    let (password, status) = run(program.as_os_str(), arguments, path)?;
    if status.success() {
        non_empty(password, path)
    } else {
        Err(Error::failed(path, status))
    }
}

/// Runs a command, split into words as a shell does but without a shell; its output is the
/// password.
///
/// # Errors
///
/// [`Error`] if the quotes do not match, or if the command can not be run, fails or prints
/// nothing.
pub fn from_command(command: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let words = shlex::split(command).filter(|words| !words.is_empty());
    let words = words.ok_or(Error::BadCommand)?;
    let arguments: Vec<_> = words[1..].iter().map(String::as_str).collect();
    let name = Path::new(&words[0]);
    let (password, status) = run(OsStr::new(&words[0]), &arguments, name)?;
    if status.success() {
        non_empty(password, name)
    } else {
        Err(Error::failed(name, status))
    }
}

/// Asks for a password on the terminal, without showing it.
///
/// Without a terminal it is a line of standard input.
///
/// # Errors
///
/// [`Error`] if nothing was entered, on Ctrl-C, and if reading fails.
pub fn prompt(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let entered = ask(text)?;
    let password = copy(trim(&entered, is_blank));
    if password.is_empty() {
        Err(Error::NothingEntered)
    } else {
        Ok(password)
    }
}

/// Asks for a secret of which every character counts.
///
/// # Errors
///
/// [`Error`] on Ctrl-C and if reading fails.
pub fn prompt_verbatim(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    ask(text)
}

/// Asks for a new password and, after `Confirm`, once more for the same.
///
/// # Errors
///
/// [`Error`] if the two differ, and those of [`prompt`].
pub fn prompt_new(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    prompt_twice(text, &confirmation(text))
}

/// Asks for a new password, and once more for the same with another text.
///
/// # Errors
///
/// [`Error`] if the two differ, and those of [`prompt`].
pub fn prompt_twice(text: &str, confirm: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let first = prompt(text)?;
    if prompt(confirm)? == first {
        Ok(first)
    } else {
        Err(Error::Mismatch)
    }
}

/// Whether a password file may be readable by its group or by others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Readable {
    /// It may.
    Allow,
    /// It is an error.
    Refuse,
}

/// What a password file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// It contains the password.
    File {
        /// Whether its group or others may read it.
        by_others: bool,
    },
    /// It prints the password.
    Script,
}

impl Source {
    /// Looks at a password file without reading it.
    ///
    /// # Errors
    ///
    /// [`Error`] if it is missing or a directory.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let metadata = path
            .metadata()
            .map_err(|source| Error::read(path, source))?;
        if metadata.is_dir() {
            return Err(Error::Directory {
                path: path.to_owned(),
            });
        }
        let mode = metadata.permissions().mode();
        if mode & 0o111 != 0 && !is_stream(&metadata) {
            Ok(Self::Script)
        } else {
            Ok(Self::File {
                by_others: metadata.is_file() && mode & 0o044 != 0,
            })
        }
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command has no words, or a quote that is not closed.
    #[error("the password command is empty or a quote in it is not closed")]
    BadCommand,
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
    /// A script or command that printed nothing.
    #[error("invalid vault password was provided from script ({}): it printed nothing", .path.display())]
    EmptyOutput {
        /// The program.
        path: PathBuf,
    },
    /// A script or command that failed.
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
    /// More than a password can be.
    #[error("{} has more than {LIMIT} bytes, which is no password", .path.display())]
    TooLong {
        /// Its path.
        path: PathBuf,
    },
}

impl Error {
    fn failed(path: &Path, status: ExitStatus) -> Self {
        Self::Failed {
            path: path.to_owned(),
            status,
        }
    }

    fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Self::Missing { path }
        } else {
            Self::Read { path, source }
        }
    }
}

/// Why [`read`] stopped.
enum Unread {
    Io(io::Error),
    TooLong,
}

impl Unread {
    fn at(self, path: &Path) -> Error {
        match self {
            Self::Io(source) => Error::read(path, source),
            Self::TooLong => Error::TooLong {
                path: path.to_owned(),
            },
        }
    }
}

/// Reads a line of standard input, without its end.
///
/// Unbuffered: what follows the line belongs to somebody else, and no copy stays behind.
///
/// # Errors
///
/// [`io::Error`] if reading fails.
pub fn read_line() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut line = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LIMIT && input.read(&mut *byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    Ok(line)
}

/// Bytes without the line breaks around them, which is how scripts are read.
#[must_use]
pub fn trim_line_breaks(bytes: &[u8]) -> &[u8] {
    trim(bytes, |byte| matches!(byte, b'\r' | b'\n'))
}

/// Bytes without the white space around them, which is how files are read.
#[must_use]
pub fn trim_white_space(bytes: &[u8]) -> &[u8] {
    trim(bytes, is_blank)
}

/// Reads everything, leaving no copy behind.
///
/// # Errors
///
/// [`io::Error`] if reading fails or there is more than a password can be.
pub fn read_all(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    read(input).map_err(|unread| match unread {
        Unread::Io(error) => error,
        Unread::TooLong => io::Error::new(io::ErrorKind::FileTooLarge, "too long for a password"),
    })
}

fn read(mut input: impl Read) -> Result<Zeroizing<Vec<u8>>, Unread> {
    let mut content = Zeroizing::new(vec![0; 4096]);
    let mut length = 0;
    loop {
        match input.read(&mut content[length..]) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Unread::Io(error)),
        }
        if length > LIMIT {
            return Err(Unread::TooLong);
        }
        if length == content.len() {
            // Growing in place would leave the old memory as it is.
            let mut larger = Zeroizing::new(vec![0; length * 2]);
            larger[..length].copy_from_slice(&content);
            content = larger;
        }
    }
    content.truncate(length);
    Ok(content)
}

fn run(
    program: &OsStr,
    arguments: &[&str],
    name: &Path,
) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), Error> {
    let start = |source| Error::Start {
        path: name.to_owned(),
        source,
    };
    let mut command = Command::new(program);
    let mut child = command
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(start)?;
    let output = child
        .stdout
        .take()
        .map_or_else(|| Ok(Zeroizing::default()), read);
    // A child whose output is not read to the end must not be waited for.
    if output.is_err() {
        child.kill().map_err(start)?;
    }
    let status = child.wait().map_err(start)?;
    Ok((
        copy(trim_line_breaks(&output.map_err(|error| error.at(name))?)),
        status,
    ))
}

fn non_empty(password: Zeroizing<Vec<u8>>, path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    if password.is_empty() {
        return Err(Error::EmptyOutput {
            path: path.to_owned(),
        });
    }
    Ok(password)
}

fn ask(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .is_err()
    {
        return ask_on_stdin(text).map_err(|source| Error::Prompt { source });
    }
    match rpassword::prompt_password(text) {
        Ok(line) => Ok(Zeroizing::new(line.into_bytes())),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Error::Interrupted),
        Err(source) => Err(Error::Prompt { source }),
    }
}

fn ask_on_stdin(text: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut stderr = anstream::stderr();
    if io::stdin().is_terminal() {
        stderr.write_all(b"[WARNING]: the password will be shown: there is no /dev/tty\n")?;
    }
    stderr.write_all(text.as_bytes())?;
    stderr.flush()?;
    read_line()
}

fn is_stream(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket() || kind.is_char_device()
}

fn confirmation(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest
        .next()
        .map(|first| first.to_lowercase().to_string())
        .unwrap_or_default();
    format!("Confirm {first}{}", rest.as_str())
}

/// What ansible strips: ASCII white space.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim(bytes: &[u8], strip: impl Fn(u8) -> bool) -> &[u8] {
    let start = bytes
        .iter()
        .position(|&byte| !strip(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|&byte| !strip(byte))
        .map_or(start, |last| last + 1);
    &bytes[start..end]
}

fn copy(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn file(directory: &TempDir, mode: u32, content: &str) -> PathBuf {
        let path = directory.path().join(format!("{mode:o}"));
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn white_space_around_the_content_of_a_file_does_not_count() {
        let directory = TempDir::new().unwrap();
        let path = file(&directory, 0o600, " \t\n pass word\u{a0}\r\n\x0b\x0c");
        let password = from_file(&path, Readable::Refuse).unwrap();
        assert_eq!(*password, "pass word\u{a0}".as_bytes());
    }

    #[test]
    fn only_line_breaks_around_the_output_of_a_script_do_not_count() {
        let directory = TempDir::new().unwrap();
        let script = "#!/bin/sh\nprintf '\\n pass word \\r\\n\\n'\n";
        // Every executable bit counts.
        for mode in [0o700, 0o710, 0o755] {
            let path = file(&directory, mode, script);
            assert_eq!(*from_file(&path, Readable::Refuse).unwrap(), b" pass word ");
        }
    }

    #[test]
    fn a_password_that_others_can_read_is_refused_or_allowed() {
        let directory = TempDir::new().unwrap();
        for mode in [0o640, 0o604, 0o644] {
            let path = file(&directory, mode, "password");
            let error = from_file(&path, Readable::Refuse).unwrap_err();
            assert!(matches!(error, Error::ReadableByOthers { .. }), "{error}");
            assert_eq!(*from_file(&path, Readable::Allow).unwrap(), b"password");
        }
    }

    #[test]
    fn what_is_no_password_file_is_an_error() {
        let directory = TempDir::new().unwrap();
        let directory_error = from_file(directory.path(), Readable::Allow).unwrap_err();
        assert!(matches!(directory_error, Error::Directory { .. }));
        let missing = directory.path().join("missing");
        let error = from_file(&missing, Readable::Allow).unwrap_err();
        assert!(matches!(error, Error::Missing { .. }));
        let empty = file(&directory, 0o600, " \n");
        assert!(matches!(
            from_file(&empty, Readable::Allow),
            Err(Error::EmptyFile { .. })
        ));
        let no_script = file(&directory, 0o700, "password\n");
        assert!(matches!(
            from_file(&no_script, Readable::Allow),
            Err(Error::Start { .. })
        ));
        let endless = from_file(Path::new("/dev/zero"), Readable::Allow).unwrap_err();
        assert!(matches!(endless, Error::TooLong { .. }));
    }

    #[test]
    fn a_script_that_fails_does_not_leak_what_it_printed() {
        let directory = TempDir::new().unwrap();
        let path = file(&directory, 0o700, "#!/bin/sh\necho secret\nexit 3\n");
        let error = from_file(&path, Readable::Allow).unwrap_err();
        assert!(matches!(error, Error::Failed { .. }));
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    #[test]
    fn commands_are_split_into_words_without_a_shell() {
        assert_eq!(
            *from_command("printf '%s %s\\n' 'a b' $HOME").unwrap(),
            b"a b $HOME"
        );
        assert!(matches!(from_command("echo 'a"), Err(Error::BadCommand)));
        assert!(matches!(from_command(" "), Err(Error::BadCommand)));
        assert!(matches!(
            from_command("true"),
            Err(Error::EmptyOutput { .. })
        ));
        let error = from_command("sh -c 'echo secret; exit 1'").unwrap_err();
        assert_eq!(
            error.to_string(),
            "vault password script sh failed: exit status: 1"
        );
    }

    #[test]
    fn a_long_password_is_read_whole() {
        let password = vec![b'x'; 100_000];
        assert_eq!(*read_all(&password[..]).unwrap(), password);
        assert!(read_all(&vec![b'x'; LIMIT + 1][..]).is_err());
    }

    #[test]
    fn confirmations_read_as_one_sentence() {
        assert_eq!(
            confirmation("New vault password: "),
            "Confirm new vault password: "
        );
    }
}
