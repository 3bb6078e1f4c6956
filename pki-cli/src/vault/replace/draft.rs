//! Files to be.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::vault::error::Error;
use crate::vault::talk;

use super::flusher::Flusher;
use super::leftovers::{self, Name};
use super::{Stamp, directory_of};

/// A new file in the directory of the place where it will go.
///
/// It has no name until then, so that a process that is killed leaves nothing; where the file
/// system has no files without a name (`O_TMPFILE`), it has one by which it will be swept.
#[derive(Debug)]
pub(in crate::vault) struct Draft {
    file: File,
    flusher: Flusher,
    name: Option<Name>,
    pub(super) target: PathBuf,
    pub(super) original: Option<Stamp>,
    /// What is to be told once it is in place.
    warnings: Vec<String>,
}

impl Draft {
    /// Starts a file that does not exist yet or that is to be made anew.
    pub(in crate::vault) fn new(target: &Path) -> Result<Self, Error> {
        let existing = fs::metadata(target);
        if let Ok(metadata) = &existing {
            // Opening a pipe would wait for its reader.
            if !metadata.is_file() {
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
        Self::beside(&real, existing.ok().as_ref().map(Stamp::of))
    }

    /// Starts a file that must not be there yet, and is not put in place of one that comes first.
    pub(in crate::vault) fn create_new(target: &Path) -> Result<Self, Error> {
        match target.symlink_metadata() {
            Ok(_) => Err(Error::Changed {
                path: target.to_owned(),
            }),
            Err(_) => Self::beside(target, None),
        }
    }

    /// Starts a replacement of a file with its owner and mode.
    pub(super) fn replacement(target: &Path, metadata: &Metadata) -> Result<Self, Error> {
        let mut draft = Self::beside(target, Some(Stamp::of(metadata)))?;
        draft.keep(metadata)?;
        Ok(draft)
    }

    fn beside(target: &Path, original: Option<Stamp>) -> Result<Self, Error> {
        let directory = directory_of(target);
        leftovers::sweep(directory);
        let (file, name) = match unnamed(directory) {
            Ok(file) => (file, None),
            Err(_) => {
                let (file, name) = Name::create(directory, target)
                    .map_err(Error::file("Destination is not writable", target))?;
                (file, Some(name))
            }
        };
        Ok(Self {
            file,
            flusher: Flusher::default(),
            name,
            target: target.to_owned(),
            original,
            warnings: Vec::new(),
        })
    }

    fn keep(&mut self, metadata: &Metadata) -> Result<(), Error> {
        let fault = || Error::file("Unable to keep the mode of", &self.target);
        let new = self.file.metadata().map_err(fault())?;
        let owner = (new.uid() != metadata.uid()).then(|| metadata.uid());
        let group = (new.gid() != metadata.gid()).then(|| metadata.gid());
        // A member of the group may set the group and not the owner.
        let owner_kept = owner.is_none() || fchown(&self.file, owner, None).is_ok();
        let group_kept = group.is_none() || fchown(&self.file, None, group).is_ok();
        let target = self.target.display();
        if !owner_kept {
            self.warnings.push(format!(
                "{target} now belongs to you: its owner can not be kept"
            ));
        }
        if !group_kept {
            self.warnings.push(format!(
                "{target} is now for its owner alone: its group can not be kept"
            ));
        }
        // Nobody gets more than was given to him before.
        let allowed = match (owner_kept, group_kept) {
            (true, true) => 0o7777,
            (false, true) => 0o770,
            (_, false) => 0o700,
        };
        let mode = fs::Permissions::from_mode(metadata.permissions().mode() & allowed);
        self.file.set_permissions(mode).map_err(fault())
    }

    /// Makes what was written durable, without putting it in place.
    pub(in crate::vault) fn seal(mut self) -> Result<Sealed, Error> {
        let flushed = std::mem::take(&mut self.flusher).finish();
        flushed
            .and_then(|()| self.file.sync_all())
            .map_err(Error::file("Unable to write", &self.target))?;
        Ok(Sealed(self))
    }

    /// The temporary name, which it gets now if it has none.
    fn take_name(&mut self) -> io::Result<Name> {
        if let Some(name) = self.name.take() {
            return Ok(name);
        }
        let directory = directory_of(&self.target);
        let linked = Name::give(directory, &self.target, |path| link(&self.file, path));
        // Some file systems have no links.
        linked.or_else(|_| self.copy())
    }

    fn copy(&mut self) -> io::Result<Name> {
        let (mut copy, name) = Name::create(directory_of(&self.target), &self.target)?;
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.file, &mut copy)?;
        let metadata = self.file.metadata()?;
        fchown(&copy, Some(metadata.uid()), Some(metadata.gid()))?;
        copy.set_permissions(metadata.permissions())?;
        copy.sync_all()?;
        Ok(name)
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
        self.flusher.wrote(&self.file, length)?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A draft on the disk that only waits for its name.
#[derive(Debug)]
pub(in crate::vault) struct Sealed(pub(super) Draft);

impl Sealed {
    /// Where it will go.
    pub(in crate::vault) fn target(&self) -> &Path {
        &self.0.target
    }

    /// Puts it in place of the original, or where there is nothing.
    pub(super) fn place(self) -> io::Result<()> {
        let Self(mut draft) = self;
        let target = draft.target.clone();
        let replaces = draft.original.is_some();
        if !replaces && draft.name.is_none() && link(&draft.file, &target).is_ok() {
            return Ok(());
        }
        let Name { path, _watched } = draft.take_name()?;
        let placed = match replaces {
            true => path.persist(&target),
            false => path.persist_noclobber(&target),
        };
        placed.map_err(|error| error.error)?;
        draft.warnings.iter().for_each(|text| talk::warning(text));
        Ok(())
    }
}

/// A file that no directory lists, and that nobody sweeps when it is listed.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};

    // Without it there is no way to a name.
    fs::metadata(DESCRIPTORS)?;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, directory, flags, Mode::RUSR | Mode::WUSR)?);
    leftovers::lock(&file);
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    let from = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
    Ok(linkat(CWD, from, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
const DESCRIPTORS: &str = "/proc/self/fd";
