//! Files that are there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Everyone: certificates, descriptions.
    Everyone,
    /// The owner: anything that holds a secret, sealed or not.
    Owner,
}

impl Access {
    /// The mode bits.
    fn mode(self) -> u32 {
        match self {
            Self::Everyone => 0o644,
            Self::Owner => 0o600,
        }
    }
}

/// Writes a file beside `path`, syncs it, renames it over `path` and syncs the directory.
///
/// The temporary file has its final mode from the start. A symbolic link at `path` is followed,
/// so that the link stays one. Missing directories above it are made.
///
/// # Errors
///
/// When the operating system refuses; the old file is then as it was, and no other is left.
pub fn replace(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let target = followed(path)?;
    let directory = parent(&target);
    make_directories(directory)?;
    let temporary = temporary_beside(&target)?;
    let written = write_new(&temporary, content, access)
        .and_then(|()| fs::rename(&temporary, &target))
        .and_then(|()| sync_directory(directory));
    if written.is_err() {
        // Best effort: the error that is reported is the one that made this necessary.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Removes what [`replace`] left beside `path` in a process that was killed.
///
/// No other process may be writing the file meanwhile.
///
/// # Errors
///
/// When the operating system refuses.
pub fn remove_leftovers(path: &Path) -> io::Result<()> {
    let target = followed(path)?;
    let entries = match fs::read_dir(or_here(parent(&target))) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let leftover = temporary_prefix(&target);
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&leftover) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Writes and syncs a file that must not exist yet.
///
/// # Errors
///
/// When it exists, or the operating system refuses.
pub fn write_new(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(access.mode())
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes a directory and those above it, each synced into the one above.
///
/// # Errors
///
/// When the operating system refuses.
pub fn make_directories(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    make_directories(above)?;
    match DirBuilder::new().mode(0o755).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_directory(above),
    }
}

/// Makes the entries of a directory durable.
///
/// # Errors
///
/// When the operating system refuses.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(or_here(path))?.sync_all()
}

/// A random name beside `path`, recognisable as ours: `.NAME.etcdpki-1f2e3d4c`.
pub(super) fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(path.with_file_name(temporary_prefix(path) + &const_hex::encode(random)))
}

/// Whether a name is one of [`temporary_beside`], left by a command that was killed.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.contains(TEMPORARY)
}

fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}{TEMPORARY}")
}

/// The path that a symbolic link leads to, or the path itself.
fn followed(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        followed => followed,
    }
}

/// The directory, which is this one where its name is empty.
fn or_here(directory: &Path) -> &Path {
    match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

const TEMPORARY: &str = ".etcdpki-";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/secret");
        replace(&path, b"one", Access::Owner).unwrap();
        replace(&path, b"two", Access::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (
            directory.path().join("target"),
            directory.path().join("link"),
        );
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"new", Access::Everyone).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn leftovers_of_a_file_are_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        remove_leftovers(&directory.path().join("missing/file")).unwrap();
        replace(&path, b"content", Access::Everyone).unwrap();
        let other = temporary_beside(&directory.path().join("file.other")).unwrap();
        for leftover in [&temporary_beside(&path).unwrap(), &other] {
            write_new(leftover, b"half", Access::Owner).unwrap();
        }
        remove_leftovers(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"content");
        assert!(other.exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_directory_in_the_way_is_an_error_and_nothing_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"x", Access::Everyone).is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
