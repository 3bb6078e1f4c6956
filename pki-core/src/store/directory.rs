//! A store in a directory.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::atomic::{self, Access, Group, WriteError};
use super::{Batch, Entry, Store, StoreError, layout};
use crate::progress::Watched;

/// A directory of files, locked against other processes as long as this value lives.
///
/// A directory of a batch is written beside its place, synced, and renamed there as a whole, so
/// that a certificate never appears without its key.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    /// Holds the lock, on the directory itself: no lock file is left behind.
    _lock: Option<File>,
}

impl Directory {
    /// Opens a directory to change it, and makes it if it is missing.
    ///
    /// # Errors
    ///
    /// When another process has it open to change it, or it holds something else than a PKI.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Self::open_within(root, Duration::ZERO, || ())
    }

    /// The same, and waits so long for who has it open to change it: a process that was killed
    /// holds its lock until the kernel has torn it down. `waiting` is called once, if that takes
    /// longer than a moment.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open_within(
        root: &Path,
        patience: Duration,
        waiting: impl FnOnce(),
    ) -> Result<Self, StoreError> {
        let path = root.display().to_string();
        refuse_file(root)?;
        atomic::make_directories(root)?;
        let lock = File::open(root).map_err(|error| StoreError::io(&path, error))?;
        let begin = Instant::now();
        let mut waiting = Some(waiting);
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begin.elapsed() < patience => {
                    if begin.elapsed() > MOMENT
                        && let Some(waiting) = waiting.take()
                    {
                        waiting();
                    }
                    thread::sleep(POLL);
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path }),
                Err(TryLockError::Error(error)) => return Err(StoreError::io(path, error)),
            }
        }
        let directory = Self {
            root: root.to_owned(),
            _lock: Some(lock),
        };
        directory.refuse_foreign()?;
        directory.remove_leftovers(&directory.root)?;
        Ok(directory)
    }

    /// Opens a directory to read it; it need not exist.
    ///
    /// # Errors
    ///
    /// When it holds something else than a PKI.
    pub fn open_read_only(root: &Path) -> Result<Self, StoreError> {
        refuse_file(root)?;
        let directory = Self {
            root: root.to_owned(),
            _lock: None,
        };
        directory.refuse_foreign()?;
        Ok(directory)
    }

    /// Opens a directory to read certificates, whose keyring may be kept elsewhere; it need not
    /// exist.
    pub fn open_without_keyring(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            _lock: None,
        }
    }

    /// Whether there is a PKI in a directory: its keyring is the first file that appears.
    pub fn holds_pki(root: &Path) -> bool {
        root.join(layout::KEYRING).exists()
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The keyring is the first file that appears, so a directory with others and without it is
    /// somebody else's. Directories may be there before it.
    fn refuse_foreign(&self) -> Result<(), StoreError> {
        if Self::holds_pki(&self.root) || !self.holds_files(&self.root)? {
            return Ok(());
        }
        match self.root.join(layout::JOURNAL).exists() {
            true => Err(StoreError::NoKeyring {
                path: self.locate(layout::KEYRING),
            }),
            false => Err(StoreError::Foreign {
                path: self.root.display().to_string(),
            }),
        }
    }

    fn holds_files(&self, directory: &Path) -> Result<bool, StoreError> {
        for name in names_in(directory).map_err(|error| self.error("", error))? {
            let path = directory.join(&name);
            if atomic::is_temporary(&name) {
                continue;
            }
            if !path.is_dir() || path.is_symlink() || self.holds_files(&path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what a killed command left half written. Nothing in it is secret in clear.
    fn remove_leftovers(&self, directory: &Path) -> Result<(), StoreError> {
        for name in names_in(directory).map_err(|error| self.error("", error))? {
            let path = directory.join(&name);
            if atomic::is_temporary(&name) {
                atomic::remove(&path).map_err(|error| self.error(&name, error))?;
            } else if path.is_dir() && !path.is_symlink() {
                self.remove_leftovers(&path)?;
            }
        }
        Ok(())
    }

    /// Writes a batch beside its place.
    ///
    /// Where a directory at the top is new, all that belongs into it appears at once: that takes
    /// one rename and one sync in place of one for each entry.
    fn stage_all(&self, batch: &Batch, group: &mut Group) -> Result<(), WriteError> {
        self.refuse_links(batch)?;
        let watched = batch.begin();
        let runs = || {
            let same_top = |one: &Entry, next: &Entry| top(one).is_some() && top(one) == top(next);
            batch.entries.chunk_by(same_top)
        };
        let mut runs_of: HashMap<&str, usize> = HashMap::new();
        for top in runs().filter_map(|run| top(&run[0])) {
            *runs_of.entry(top).or_default() += 1;
        }
        for run in runs() {
            match top(&run[0]) {
                Some(top) if runs_of[top] == 1 && !self.root.join(top).exists() => {
                    let files = run.iter().flat_map(|entry| files_below(top, entry));
                    let files: Vec<_> = files.collect();
                    let files = files
                        .iter()
                        .map(|(name, content)| (name.as_str(), *content, access(name)));
                    group.stage_directory(&self.root.join(top), files, &watched)?;
                }
                _ => run
                    .iter()
                    .try_for_each(|entry| self.stage_entry(entry, group, &watched))?,
            }
        }
        Ok(())
    }

    /// A PKI is shared, by git say, and a link in it would have whoever works on it write to any
    /// file that he may write to.
    fn refuse_links(&self, batch: &Batch) -> Result<(), WriteError> {
        let mut seen = HashSet::new();
        for entry in &batch.entries {
            let (Entry::Directory { path, .. } | Entry::File { path, .. }) = entry else {
                continue;
            };
            let above = path.match_indices('/').map(|(end, _)| &path[..end]);
            for part in above.chain([path.as_str()]) {
                let place = self.root.join(part);
                if seen.insert(part) && place.is_symlink() {
                    let message = "this is a symbolic link, and nothing in a PKI is written \
                                   through one: put what it leads to in its place, or remove it";
                    return Err(WriteError {
                        path: place,
                        source: io::Error::other(message),
                    });
                }
            }
        }
        Ok(())
    }

    fn stage_entry(
        &self,
        entry: &Entry,
        group: &mut Group,
        watched: &Watched<'_>,
    ) -> Result<(), WriteError> {
        match entry {
            Entry::Barrier => {
                group.barrier();
                Ok(())
            }
            Entry::File { path, content } => {
                group.stage_file(&self.root.join(path), content, access(path))?;
                watched.advance();
                Ok(())
            }
            Entry::Directory { path, files } => {
                let files = files
                    .iter()
                    .map(|(name, content)| (*name, content.as_slice(), access(name)));
                group.stage_directory(&self.root.join(path), files, watched)
            }
        }
    }

    fn error(&self, path: &str, error: io::Error) -> StoreError {
        StoreError::io(self.locate(path), error)
    }
}

impl Store for Directory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.root.join(path)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(path, error)),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        let mut names =
            names_in(&self.root.join(directory)).map_err(|error| self.error(directory, error))?;
        names.retain(|name| !atomic::is_temporary(name));
        names.sort();
        Ok(names)
    }

    fn locate(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let mut group = Group::default();
        self.stage_all(&batch, &mut group)?;
        Ok(group.commit()?)
    }

    fn stage(&self, batch: Batch, group: &mut Group) -> Result<Option<Batch>, StoreError> {
        self.stage_all(&batch, group)?;
        Ok(None)
    }
}

/// The operating system would name a file in it that it does not find.
fn refuse_file(root: &Path) -> Result<(), StoreError> {
    if root.is_dir() || !root.exists() {
        return Ok(());
    }
    let message =
        "this is a file, and the PKI is kept in a directory of this name: move the file away";
    let error = io::Error::new(io::ErrorKind::NotADirectory, message);
    Err(StoreError::io(root.display().to_string(), error))
}

/// The directory at the top that an entry belongs into.
fn top(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Barrier => None,
        Entry::Directory { path, .. } | Entry::File { path, .. } => {
            path.split_once('/').map(|(top, _)| top)
        }
    }
}

/// The files of an entry, by their names in its directory at the top.
fn files_below<'a>(top: &str, entry: &'a Entry) -> Vec<(String, &'a [u8])> {
    let name = |path: &str| path[top.len() + 1..].to_owned();
    match entry {
        Entry::Barrier => Vec::new(),
        Entry::Directory { path, files } => files
            .iter()
            .map(|(file, content)| (format!("{}/{file}", name(path)), content.as_slice()))
            .collect(),
        Entry::File { path, content } => vec![(name(path), content.as_slice())],
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                // What a file browser leaves between the directories holds nothing of ours.
                io::ErrorKind::NotADirectory | io::ErrorKind::NotFound
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Sealed keys are for their owner alone, though nothing in them is secret in clear.
fn access(path: &str) -> Access {
    match path.ends_with(".sealed") || path == layout::KEYRING {
        true => Access::Owner,
        false => Access::Everyone,
    }
}

/// Whoever waits longer than this is told so.
const MOMENT: Duration = Duration::from_millis(300);
/// How often the lock is tried.
const POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let mut batch = Batch::default();
        batch.put("keyring.yml", "k");
        batch.put_directory(
            "a/1",
            vec![("x.crt", b"c".to_vec()), ("x.key.sealed", b"s".to_vec())],
        );
        batch
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let temporary = tempfile::tempdir().unwrap();
        let (root, outside) = (
            temporary.path().join("pki"),
            temporary.path().join("outside"),
        );
        fs::create_dir(&root).unwrap();
        fs::create_dir(&outside).unwrap();
        let kept = outside.join("kept");
        fs::write(&kept, "precious").unwrap();
        for (link, target) in [("keyring.yml", &kept), ("a", &outside), ("a/1", &outside)] {
            let mut directory = Directory::open(&root).unwrap();
            let link = root.join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, &link).unwrap();
            let error = directory.commit(batch()).unwrap_err().to_string();
            assert!(error.contains("symbolic link"), "{error}");
            assert!(error.starts_with(&link.display().to_string()), "{error}");
            assert_eq!(fs::read(&kept).unwrap(), b"precious");
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
            fs::remove_file(&link).unwrap();
        }
    }

    #[test]
    fn what_is_committed_is_read() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("pki");
        let mut directory = Directory::open(&root).unwrap();
        directory.commit(batch()).unwrap();
        assert_eq!(directory.read("a/1/x.crt").unwrap().unwrap(), b"c");
        assert_eq!(directory.read("a/2/x.crt").unwrap(), None);
        assert_eq!(directory.list("a").unwrap(), ["1"]);
        assert!(directory.list("b").unwrap().is_empty());
    }

    #[test]
    fn what_is_under_a_new_directory_appears_at_once() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Directory::open(temporary.path()).unwrap();
        let mut group = Group::default();
        assert!(directory.stage(batch(), &mut group).unwrap().is_none());
        assert!(directory.list("").unwrap().is_empty());
        assert!(!temporary.path().join("a").exists());
        group.commit().unwrap();
        assert_eq!(directory.list("").unwrap(), ["a", "keyring.yml"]);
        assert_eq!(directory.read("a/1/x.crt").unwrap().unwrap(), b"c");
    }

    #[test]
    fn a_new_directory_may_be_written_in_several_steps() {
        let temporary = tempfile::tempdir().unwrap();
        let mut directory = Directory::open(temporary.path()).unwrap();
        let mut batch = Batch::default();
        batch.put_directory("a/1", vec![("x.crt", b"1".to_vec())]);
        batch.put("b/c/d", "d");
        batch.put_directory("a/2", vec![("x.crt", b"2".to_vec())]);
        batch.barrier();
        batch.put("b/e", "e");
        batch.put("f", "f");
        directory.commit(batch).unwrap();
        assert_eq!(directory.list("a").unwrap(), ["1", "2"]);
        assert_eq!(directory.list("b").unwrap(), ["c", "e"]);
        assert_eq!(directory.read("b/c/d").unwrap().unwrap(), b"d");
        assert_eq!(directory.read("f").unwrap().unwrap(), b"f");
    }

    #[test]
    fn a_generation_is_never_overwritten() {
        let temporary = tempfile::tempdir().unwrap();
        let mut directory = Directory::open(temporary.path()).unwrap();
        directory.commit(batch()).unwrap();
        let mut again = Batch::default();
        again.put_directory("a/1", vec![("x.crt", b"other".to_vec())]);
        assert!(directory.commit(again).is_err());
        assert_eq!(directory.read("a/1/x.crt").unwrap().unwrap(), b"c");
        assert_eq!(fs::read_dir(temporary.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn two_writers_do_not_meet() {
        let temporary = tempfile::tempdir().unwrap();
        let first = Directory::open(temporary.path()).unwrap();
        assert!(matches!(
            Directory::open(temporary.path()),
            Err(StoreError::Busy { .. })
        ));
        Directory::open_read_only(temporary.path()).unwrap();
        drop(first);
        Directory::open(temporary.path()).unwrap();
    }

    #[test]
    fn a_lock_that_is_about_to_be_released_is_waited_for() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        let first = Directory::open(root).unwrap();
        let mut told = false;
        let short = Duration::from_millis(20);
        assert!(matches!(
            Directory::open_within(root, short, || told = true),
            Err(StoreError::Busy { .. })
        ));
        assert!(!told);
        let (sender, receiver) = std::sync::mpsc::channel();
        let second = thread::scope(|scope| {
            scope.spawn(move || {
                // Released when it was told that it is waited for.
                receiver.recv().unwrap();
                drop(first);
            });
            Directory::open_within(root, Duration::from_secs(60), || sender.send(()).unwrap())
        });
        second.unwrap();
    }

    #[test]
    fn a_file_in_place_of_the_directory_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("pki");
        fs::write(&root, "x").unwrap();
        for opened in [Directory::open(&root), Directory::open_read_only(&root)] {
            let error = opened.unwrap_err().to_string();
            assert!(error.ends_with("move the file away"), "{error}");
        }
    }

    #[test]
    fn the_directory_of_another_tool_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("ca.crt"), "x").unwrap();
        assert!(matches!(
            Directory::open(temporary.path()),
            Err(StoreError::Foreign { .. })
        ));
    }

    #[test]
    fn a_keyring_that_was_lost_is_asked_for() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("journal.jsonl"), "").unwrap();
        assert!(matches!(
            Directory::open(temporary.path()),
            Err(StoreError::NoKeyring { .. })
        ));
    }

    #[test]
    fn what_a_killed_command_left_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        Directory::open(temporary.path())
            .unwrap()
            .commit(batch())
            .unwrap();
        let left = temporary.path().join("a/.2.etcdpki-00ff");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("x.crt"), "half").unwrap();
        assert_eq!(
            Directory::open_read_only(temporary.path())
                .unwrap()
                .list("a")
                .unwrap(),
            ["1"]
        );
        drop(Directory::open(temporary.path()).unwrap());
        assert!(!left.exists());
    }
}
