//! Password files, and scripts in their place.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::bytes::{LIMIT, copy, read, trim_white_space};
use super::{Error, Program};

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
        Source::Script => Program::script(path)?.password(),
        Source::File { by_others: true } if others == Readable::Refuse => {
            Err(Error::ReadableByOthers {
                path: path.to_owned(),
            })
        }
        Source::File { .. } => {
            let file = File::open(path).map_err(|source| Error::read(path, source))?;
            let content = read(file, LIMIT).map_err(|error| error.at(path))?;
            let password = copy(trim_white_space(&content));
            if password.is_empty() {
                return Err(Error::EmptyFile {
                    path: path.to_owned(),
                });
            }
            Ok(password)
        }
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

fn is_stream(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket() || kind.is_char_device()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

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
}
