//! Files that are there whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::sync::Unsynced;
use super::tree::{self, NewFile};
use crate::progress::Watched;

/// Who may read a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Everyone: certificates, descriptions.
    Everyone,
    /// The owner: anything that holds a secret, sealed or not.
    Owner,
    /// Everyone, who may run it too.
    Program,
}

impl Access {
    /// The mode bits.
    pub(super) fn mode(self) -> u32 {
        match self {
            Self::Everyone => 0o644,
            Self::Owner => 0o600,
            Self::Program => 0o755,
        }
    }
}

/// Files and directories that are written beside their places, synced together, and then renamed
/// into place one after another, in the order in which they were staged.
///
/// When the process is killed, those up to some point are in place, whole, and the others are
/// not there at all. When staging fails, or the group is dropped, nothing is left of it.
#[derive(Debug, Default)]
pub struct Group {
    staged: Vec<Step>,
    unsynced: Unsynced,
    directories: BTreeSet<PathBuf>,
    /// Directories that were made for what is staged, each after the one that it is in.
    made: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

#[derive(Debug)]
enum Step {
    /// What is in place must be durable before the next step.
    Barrier,
    /// Puts something into its place.
    Rename { temporary: PathBuf, target: PathBuf },
}

impl Group {
    /// Writes a file beside `path`, with its final mode from the start.
    ///
    /// A symbolic link at `path` is followed, so that the link stays one. Missing directories
    /// above it are made.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn stage_file(
        &mut self,
        path: &Path,
        content: &[u8],
        access: Access,
    ) -> Result<(), WriteError> {
        let at = |source| WriteError {
            path: path.to_owned(),
            source,
        };
        let target = followed(path).map_err(at)?;
        let temporary = self.stage(&target).map_err(at)?;
        self.files.push(path.to_owned());
        self.write_new(&temporary, content, access).map_err(at)
    }

    /// Writes a new directory with these files beside `path`, and with the directories that their
    /// names ask for.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub(crate) fn stage_directory<'a>(
        &mut self,
        path: &Path,
        files: impl IntoIterator<Item = (&'a str, &'a [u8], Access)>,
        watched: &Watched<'_>,
    ) -> Result<(), WriteError> {
        let at = |source| WriteError {
            path: path.to_owned(),
            source,
        };
        let temporary = self.stage(path).map_err(at)?;
        tree::make_directory(&temporary).map_err(at)?;
        let files: Vec<NewFile<'_>> = files.into_iter().collect();
        let names = files.iter().map(|(name, ..)| path.join(name));
        self.files.extend(names);
        if Unsynced::takes_whole(files.len()) {
            // From before the first write on, so that it learns of every error.
            let top = File::open(&temporary).map_err(at)?;
            self.unsynced.push_file_system(temporary.clone(), top)?;
            return tree::write_many(&temporary, &files, watched).map_err(at);
        }
        for (path, file) in tree::write(&temporary, &files, watched).map_err(at)? {
            self.unsynced.push(path, file)?;
        }
        self.unsynced.push_directory(temporary)
    }

    /// The files that were staged so far, by where they will be.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Keeps what is staged later from becoming visible before all that was staged so far is
    /// durable.
    pub fn barrier(&mut self) {
        self.staged.push(Step::Barrier);
    }

    /// Syncs what was staged so far, so that [`Group::commit`] need not wait for it.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        let directories = std::mem::take(&mut self.directories);
        directories
            .into_iter()
            .try_for_each(|path| self.unsynced.push_directory(path))?;
        self.unsynced.sync()
    }

    /// Syncs what was staged, renames it into place, and syncs the directories around it.
    ///
    /// A directory is never renamed over one that has files in it.
    ///
    /// # Errors
    ///
    /// When the operating system refuses; what is not yet in place is then removed.
    pub fn commit(mut self) -> Result<(), WriteError> {
        self.sync()?;
        let mut touched = BTreeSet::new();
        self.staged.reverse();
        while let Some(next) = self.staged.last() {
            match next {
                Step::Barrier => sync_directories(&std::mem::take(&mut touched))?,
                Step::Rename { temporary, target } => {
                    fs::rename(temporary, target).map_err(|source| WriteError {
                        path: target.clone(),
                        source,
                    })?;
                    touched.insert(parent(target).to_owned());
                }
            }
            self.staged.pop();
        }
        self.made.clear();
        sync_directories(&touched)
    }

    /// Picks a temporary name beside `target`, and makes the directories above.
    fn stage(&mut self, target: &Path) -> io::Result<PathBuf> {
        let directory = parent(target);
        self.make_directories(directory)?;
        let temporary = temporary_beside(target)?;
        self.staged.push(Step::Rename {
            temporary: temporary.clone(),
            target: target.to_owned(),
        });
        Ok(temporary)
    }

    fn make_directories(&mut self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let above = parent(path);
        self.make_directories(above)?;
        self.directories.insert(above.to_owned());
        match tree::make_directory(path) {
            Ok(()) => {
                self.made.push(path.to_owned());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write_new(&mut self, path: &Path, content: &[u8], access: Access) -> io::Result<()> {
        let file = tree::write_new(path, content, access)?;
        self.unsynced
            .push(path.to_owned(), file)
            .map_err(|error| error.source)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for step in &self.staged {
            if let Step::Rename { temporary, .. } = step {
                // Best effort: the error that is reported is the one that made this necessary.
                let _ = remove(temporary);
            }
        }
        for directory in self.made.iter().rev() {
            // One that something came into stays.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// Replaces one file: a [`Group`] of one.
///
/// # Errors
///
/// When the operating system refuses. The old file is then as it was; or, if it was the last step
/// that failed, the sync of the directory, the new one is there, whole.
pub fn replace(path: &Path, content: &[u8], access: Access) -> Result<(), WriteError> {
    let mut group = Group::default();
    group.stage_file(path, content, access)?;
    group.commit()
}

/// Makes a directory and those above it, durably.
///
/// # Errors
///
/// When the operating system refuses.
pub fn make_directories(path: &Path) -> Result<(), WriteError> {
    let mut group = Group::default();
    group.make_directories(path).map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })?;
    group.commit()
}

/// Removes what a command that was killed left beside `path` when it was to write it.
///
/// Call it where no other process is at work: under a lock.
///
/// # Errors
///
/// When the operating system refuses.
pub fn remove_leftovers(path: &Path) -> Result<(), WriteError> {
    let removed = leftovers(path)?
        .iter()
        .try_for_each(|leftover| remove(leftover));
    removed.map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// What a command that was killed left beside `path` when it was to write it.
///
/// # Errors
///
/// When the operating system refuses.
pub fn leftovers(path: &Path) -> Result<Vec<PathBuf>, WriteError> {
    let at = |source| WriteError {
        path: path.to_owned(),
        source,
    };
    let target = followed(path).map_err(at)?;
    let entries = match fs::read_dir(parent(&target)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(error)),
    };
    let prefix = temporary_prefix(&target);
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(at)?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", .path.display())]
pub struct WriteError {
    /// The file or directory.
    pub path: PathBuf,
    /// The operating system's answer.
    pub source: io::Error,
}

/// Whether a name is a temporary one of ours, left by a command that was killed:
/// `.NAME.etcdpki-1f2e3d4c5b6a7988`.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.contains(TEMPORARY)
}

fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(path.with_file_name(temporary_prefix(path) + &const_hex::encode(random)))
}

fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}{TEMPORARY}")
}

/// The file behind a symbolic link; the path itself where there is no file yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.is_symlink() {
            true => Err(io::Error::other(
                "this is a symbolic link that leads nowhere: make what it leads to, or remove it",
            )),
            false => Ok(path.to_owned()),
        },
        result => result,
    }
}

/// Removes a file, a link, or a directory with all that is in it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// The directory that holds `path`; `.` for a bare name.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn sync_directories(paths: &BTreeSet<PathBuf>) -> Result<(), WriteError> {
    let mut unsynced = Unsynced::default();
    paths
        .iter()
        .try_for_each(|path| unsynced.push_directory(path.clone()))?;
    unsynced.sync()
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
        assert_eq!(fs::read_dir(parent(&path)).unwrap().count(), 1);
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
    fn a_link_that_leads_nowhere_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("missing/file", &link).unwrap();
        let error = replace(&link, b"new", Access::Everyone).unwrap_err();
        assert!(error.to_string().contains("leads nowhere"), "{error}");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_in_the_way_is_an_error_and_nothing_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"x", Access::Everyone).is_err());
        fs::write(path.join("x"), "old").unwrap();
        let mut group = Group::default();
        let files: Vec<_> = (0..300).map(|number| format!("f{number}")).collect();
        group
            .stage_directory(
                &path,
                files
                    .iter()
                    .map(|name| (name.as_str(), &b"new"[..], Access::Everyone)),
                &Watched::none(),
            )
            .unwrap();
        assert_eq!(group.commit().unwrap_err().path, path);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(fs::read(path.join("x")).unwrap(), b"old");
    }

    #[test]
    fn what_is_left_of_a_file_is_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", ".a.etcdpki-00ff", ".b.etcdpki-00ff", ".a.swp"] {
            fs::write(directory.path().join(name), "x").unwrap();
        }
        remove_leftovers(&directory.path().join("a")).unwrap();
        remove_leftovers(&directory.path().join("missing/c")).unwrap();
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".a.swp", ".b.etcdpki-00ff", "a"]);
    }

    #[test]
    fn a_group_that_is_dropped_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut group = Group::default();
        group
            .stage_file(&directory.path().join("c/d/a"), b"a", Access::Owner)
            .unwrap();
        group
            .stage_directory(
                &directory.path().join("b"),
                [("c", &b"c"[..], Access::Owner)],
                &Watched::none(),
            )
            .unwrap();
        drop(group);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
