//! Replacing files so that a reader, a full disk, a crash or a second program meets the old file
//! or the new one, and nothing in between.

mod draft;
mod flusher;
mod leftovers;

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub(super) use self::draft::{Draft, Sealed};
pub(super) use self::leftovers::lock;
use super::error::Error;
use super::talk;

/// A file as it was when it was opened.
#[derive(Debug)]
pub(super) struct Original {
    /// Behind all symbolic links.
    pub(super) path: PathBuf,
    pub(super) file: File,
    metadata: Metadata,
}

impl Original {
    /// Opens a file that is going to be replaced.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let unread = || Error::file("Unable to read source file", path);
        let real = path.canonicalize().map_err(unread())?;
        // Opening a pipe would wait for its writer.
        let metadata = fs::metadata(&real).map_err(unread())?;
        if metadata.is_dir() {
            return Err(unread()(rustix::io::Errno::ISDIR.into()));
        } else if !metadata.is_file() {
            let source = io::Error::other("it is no regular file, and can not be replaced");
            return Err(unread()(source));
        }
        let file = File::open(&real).map_err(unread())?;
        let metadata = file.metadata().map_err(unread())?;
        Ok(Self {
            path: real,
            file,
            metadata,
        })
    }

    /// Starts a replacement with the same owner and mode.
    pub(super) fn replace(&self) -> Result<Draft, Error> {
        Draft::replacement(&self.path, &self.metadata)
    }

    /// Warns if the old content stays readable under another name.
    pub(super) fn warn_of_links(&self) {
        let others = self.metadata.nlink().saturating_sub(1);
        if others > 0 {
            talk::warning(&format!(
                "{} has {others} other name(s), which keep the old content",
                self.path.display()
            ));
        }
    }
}

/// Puts drafts in place, and returns when that is durable.
///
/// All are looked at before the first is put in place. In between no other process of ours can
/// replace the same files; whoever comes second finds them changed.
pub(super) fn commit(drafts: Vec<Sealed>) -> Result<(), Error> {
    let mut in_order: Vec<_> = drafts.iter().collect();
    // Processes that lock in the same order do not wait for each other for ever.
    in_order.sort_by(|a, b| a.0.target.cmp(&b.0.target));
    // Two names of one file share its lock.
    let mut locked = BTreeSet::new();
    let mut locks = Vec::new();
    for draft in in_order {
        let original = draft.0.original.as_ref();
        let is_first = original.is_none_or(|stamp| locked.insert((stamp.device, stamp.inode)));
        locks.extend(lock_unchanged(draft, is_first)?);
    }
    let mut directories = BTreeSet::new();
    for (before, draft) in drafts.into_iter().enumerate() {
        let target = draft.0.target.clone();
        draft.place().map_err(|source| {
            if before > 0 {
                talk::warning(&format!(
                    "{} in place already; the same command with --skip-encrypted (or \
                     --skip-decrypted) does the rest",
                    talk::count(before, "file")
                ));
            }
            match source.kind() {
                io::ErrorKind::AlreadyExists => Error::Changed {
                    path: target.clone(),
                },
                _ => Error::file("Unable to replace", &target)(source),
            }
        })?;
        directories.insert(directory_of(&target).to_owned());
    }
    for directory in directories {
        File::open(&directory)
            .and_then(|file| file.sync_all())
            .map_err(|error| unsynced(&directory, error))?;
    }
    Ok(())
}

/// The work is done, but a power failure might undo it.
fn unsynced(directory: &Path, error: io::Error) -> Error {
    Error::file("Unable to sync the directory", directory)(error).hinting(
        "everything is in place, but may not be after a power failure: do not run it again; look \
         after the disk, then run sync",
    )
}

/// Locks the file that a draft replaces, and makes sure that it is still the same.
fn lock_unchanged(draft: &Sealed, lock: bool) -> Result<Option<File>, Error> {
    let Draft {
        target, original, ..
    } = &draft.0;
    let path = || target.clone();
    // One that can not be read can be replaced all the same.
    let file = File::open(target).ok().filter(|_| lock);
    let started = Instant::now();
    while let Some(Err(TryLockError::WouldBlock)) = file.as_ref().map(File::try_lock) {
        if started.elapsed() > LONGEST_WAIT {
            return Err(Error::Locked { path: path() });
        }
        thread::sleep(POLL_INTERVAL);
    }
    let now = fs::metadata(target).ok().as_ref().map(Stamp::of);
    if now == *original {
        Ok(file)
    } else {
        Err(Error::Changed { path: path() })
    }
}

/// How long another process of ours may take to put files in place.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// What tells whether a file is still the same.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::vault) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
