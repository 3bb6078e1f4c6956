//! Replacing files so that a reader, a full disk, a crash or a second program meets the old file
//! or the new one, and nothing in between.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::error::Error;
use super::flusher::Flusher;
use super::interrupt::{self, Watched};
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
        let file = File::open(&real).map_err(unread())?;
        let metadata = file.metadata().map_err(unread())?;
        if !metadata.is_file() {
            let source = io::Error::from(if metadata.is_dir() {
                io::ErrorKind::IsADirectory
            } else {
                io::ErrorKind::InvalidInput
            });
            return Err(unread()(source));
        }
        Ok(Self {
            path: real,
            file,
            metadata,
        })
    }

    /// Starts a replacement with the same owner and mode.
    pub(super) fn replace(&self) -> Result<Draft, Error> {
        let draft = Draft::beside(&self.path)?;
        draft.keep(&self.metadata)?;
        Ok(Draft {
            original: Some(Stamp::of(&self.metadata)),
            ..draft
        })
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

/// A new file beside the place where it will go, readable by nobody else until then.
#[derive(Debug)]
pub(super) struct Draft {
    file: NamedTempFile,
    flusher: Flusher,
    watched: Watched,
    target: PathBuf,
    original: Option<Stamp>,
}

impl Draft {
    /// Starts a file that does not exist yet or that is to be made anew.
    pub(super) fn new(target: &Path) -> Result<Self, Error> {
        let existing = fs::metadata(target);
        if let Ok(metadata) = &existing {
            let kind = metadata.file_type();
            if metadata.is_dir() || kind.is_char_device() || kind.is_block_device() {
                let source = io::Error::other("it is not a regular file");
                return Err(Error::file("Unable to write", target)(source));
            }
        }
        // A link that leads nowhere is filled at its end, not replaced.
        let real = match (target.canonicalize(), fs::read_link(target)) {
            (Ok(real), _) => real,
            (Err(_), Ok(link)) => target.parent().unwrap_or(Path::new("")).join(link),
            (Err(_), Err(_)) => target.to_owned(),
        };
        let draft = Self::beside(&real)?;
        Ok(Self {
            original: existing.ok().as_ref().map(Stamp::of),
            ..draft
        })
    }

    fn beside(target: &Path) -> Result<Self, Error> {
        let directory = directory_of(target);
        let name = target
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default();
        let prefix: String = name.chars().take(64).collect();
        let file = tempfile::Builder::new()
            .prefix(&format!(".{prefix}."))
            .suffix(".tmp")
            .tempfile_in(directory)
            .map_err(Error::file("Destination is not writable", target))?;
        let watched = interrupt::watch(file.path());
        Ok(Self {
            file,
            flusher: Flusher::default(),
            watched,
            target: target.to_owned(),
            original: None,
        })
    }

    fn keep(&self, metadata: &Metadata) -> Result<(), Error> {
        let file = self.file.as_file();
        let fault = || Error::file("Unable to keep the mode of", &self.target);
        let new = file.metadata().map_err(fault())?;
        let owner = (new.uid() != metadata.uid()).then(|| metadata.uid());
        let group = (new.gid() != metadata.gid()).then(|| metadata.gid());
        if (owner.is_some() || group.is_some()) && fchown(file, owner, group).is_err() {
            let target = self.target.display();
            talk::warning(&format!(
                "{target} now belongs to you: its owner can not be kept"
            ));
            return Ok(());
        }
        let mode = fs::Permissions::from_mode(metadata.permissions().mode() & 0o7777);
        file.set_permissions(mode).map_err(fault())
    }

    /// Makes what was written durable, without putting it in place.
    pub(super) fn seal(self) -> Result<Sealed, Error> {
        let Self {
            file,
            flusher,
            watched,
            target,
            original,
        } = self;
        flusher
            .finish()
            .and_then(|()| file.as_file().sync_all())
            .map_err(Error::file("Unable to write", &target))?;
        Ok(Sealed {
            file: file.into_temp_path(),
            _watched: watched,
            target,
            original,
        })
    }
}

impl Read for Draft {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read(buf)
    }
}

impl Seek for Draft {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.file.seek(pos)
    }
}

impl Write for Draft {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let length = self.file.write(buf)?;
        self.flusher.wrote(self.file.as_file(), length)?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A draft on the disk that only waits for its name.
#[derive(Debug)]
pub(super) struct Sealed {
    file: TempPath,
    _watched: Watched,
    target: PathBuf,
    original: Option<Stamp>,
}

/// Puts drafts in place, and returns when that is durable.
///
/// All are looked at before the first is put in place.
pub(super) fn commit(drafts: Vec<Sealed>) -> Result<(), Error> {
    for draft in &drafts {
        let now = fs::metadata(&draft.target).ok().as_ref().map(Stamp::of);
        if now != draft.original {
            return Err(Error::Changed {
                path: draft.target.clone(),
            });
        }
    }
    let mut directories = BTreeSet::new();
    for Sealed { file, target, .. } in drafts {
        let fault = Error::file("Unable to replace", &target);
        file.persist(&target).map_err(|error| fault(error.error))?;
        directories.insert(directory_of(&target).to_owned());
    }
    for directory in directories {
        let fault = || Error::file("Unable to write", &directory);
        File::open(&directory)
            .and_then(|file| file.sync_all())
            .map_err(fault())?;
    }
    Ok(())
}

/// What tells whether a file is still the same.
#[derive(Debug, Eq, PartialEq)]
struct Stamp {
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
