//! Private places for plaintext that another program works on.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::io::{FdFlags, fcntl_setfd};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::config::Config;
use super::error::Error;
use super::interrupt::{self, Watched};
use super::{replace, talk};
use crate::password;

/// What the names of scratch directories start with, before [`RANDOM`] letters and digits.
const PREFIX: &str = "vault-plaintext-";
const RANDOM: usize = 12;

/// The file in a scratch directory that says what is edited there: the name of the plaintext, a
/// NUL, and the origin.
const NOTE: &str = "origin";

/// A private directory with plaintext in it, in memory where the system has such a place.
///
/// It is locked for as long as we or the program that works there live. One that is not locked
/// was left by a process that was killed: it is swept by the next one, unless somebody has saved
/// something there that would be lost.
pub(super) struct Scratch {
    pub(super) file: PathBuf,
    directory: TempDir,
    _lock: File,
    _watched: Watched,
}

impl Scratch {
    /// A directory for plaintext of `path`, whose extension the file gets.
    pub(super) fn new(path: &Path, config: &Config) -> Result<Self, Error> {
        let place = place(config);
        let fault = || Error::file("Unable to write", &place);
        if !place.exists() {
            let mut builder = DirBuilder::new();
            let builder = builder.recursive(true).mode(0o700);
            builder.create(&place).map_err(fault())?;
        }
        sweep(&place);
        let (directory, lock, watched) = make(&place).map_err(fault())?;
        let mut file = directory.path().join("plaintext");
        if let Some(extension) = path.extension() {
            file.set_extension(extension);
        }
        Ok(Self {
            file,
            directory,
            _lock: lock,
            _watched: watched,
        })
    }

    /// Puts plaintext there that a person is going to edit. What is saved is not swept.
    pub(super) fn fill(&self, plaintext: &[u8], origin: &OsStr) -> Result<(), Error> {
        let fault = || Error::file("Unable to write", &self.file);
        let mut file = new_file(&self.file).map_err(fault())?;
        file.write_all(plaintext).map_err(fault())?;
        // Whoever saves changes this.
        file.set_modified(SystemTime::UNIX_EPOCH).map_err(fault())?;
        let name = self.file.file_name().unwrap_or_default();
        let note = [name.as_bytes(), b"\0", origin.as_bytes()].concat();
        new_file(&self.directory.path().join(NOTE))
            .and_then(|mut file| file.write_all(&note))
            .map_err(fault())?;
        // The editor holds the lock, too.
        fcntl_setfd(&self._lock, FdFlags::empty()).map_err(|error| fault()(error.into()))
    }

    /// Puts plaintext beside the file that only a program works on. A killed one leaves nothing
    /// that is kept.
    pub(super) fn put(&self, name: &str, plaintext: &[u8]) -> Result<PathBuf, Error> {
        let path = self.file.with_file_name(name);
        let fault = || Error::file("Unable to write", &path);
        let mut file = new_file(&path).map_err(fault())?;
        file.write_all(plaintext).map_err(fault())?;
        Ok(path)
    }

    /// What became of the plaintext.
    pub(super) fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        read(&self.file).map_err(|error| {
            Error::Runtime(format!("the editor left no file to encrypt: {error}"))
                .hinting("nothing was changed: run it again, or name another one in EDITOR")
        })
    }

    /// Removes the plaintext, and overwrites it, in case it is not in memory.
    pub(super) fn wipe(self) {
        let entries = fs::read_dir(self.directory.path());
        for entry in entries.into_iter().flatten().flatten() {
            // Whose it was is known as long as anything is there, for who is killed meanwhile.
            if entry.file_name() != NOTE {
                // What can not be overwritten is removed all the same.
                let _ = overwrite(&entry.path());
            }
        }
    }

    /// Leaves everything there, and says where that is.
    pub(super) fn keep(self) -> PathBuf {
        self.directory.keep()
    }
}

/// Makes a directory in `place` that is locked.
fn make(place: &Path) -> io::Result<(TempDir, File, Watched)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM);
    builder.permissions(Permissions::from_mode(0o700));
    loop {
        let directory = builder.tempdir_in(place)?;
        let watched = interrupt::watch(directory.path());
        // Whoever sweeps may come in between, and make the first call fail or the other one, or
        // be done before both.
        let lock = match File::open(directory.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            lock => lock?,
        };
        if replace::lock(&lock) && directory.path().exists() {
            return Ok((directory, lock, watched));
        }
    }
}

/// What somebody saved of an origin, in a session that was killed.
pub(super) struct Abandoned {
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    directory: PathBuf,
    _lock: File,
}

impl Abandoned {
    /// Looks for what was saved of this origin.
    pub(super) fn of(origin: &OsStr, config: &Config) -> Vec<Self> {
        let place = place(config);
        let mine = leftovers(&place).filter(|leftover| leftover.origin.as_deref() == Some(origin));
        mine.filter_map(|leftover| {
            Some(Self {
                plaintext: read(leftover.saved()?).ok()?,
                directory: leftover.directory,
                _lock: leftover.lock,
            })
        })
        .collect()
    }

    /// Where it lies in clear.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes it: it is safe elsewhere.
    pub(super) fn remove(self) -> Result<(), Error> {
        let fault = Error::file("Unable to remove", &self.directory);
        fs::remove_dir_all(&self.directory).map_err(fault)
    }
}

/// Removes what killed processes left, and names what it does not remove.
fn sweep(place: &Path) {
    for leftover in leftovers(place) {
        match (leftover.saved(), &leftover.origin) {
            (Some(_), Some(origin)) => talk::warning(&format!(
                "an edit of {} ended before it was encrypted; what was saved is in clear in {}: to \
                 keep it, edit that once more, else remove the directory",
                origin.display(),
                leftover.directory.display()
            )),
            _ => {
                // It is there for the next one, too.
                let _ = fs::remove_dir_all(&leftover.directory);
            }
        }
    }
}

/// A directory that nobody works in any more.
struct Leftover {
    directory: PathBuf,
    file: PathBuf,
    origin: Option<std::ffi::OsString>,
    lock: File,
}

impl Leftover {
    fn find(directory: PathBuf) -> Option<Self> {
        let metadata = directory.symlink_metadata().ok()?;
        if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
            return None;
        }
        let lock = File::open(&directory).ok()?;
        lock.try_lock().ok()?;
        let note = fs::read(directory.join(NOTE)).unwrap_or_default();
        let mut fields = note.splitn(2, |&byte| byte == 0).map(OsStr::from_bytes);
        let file = directory.join(fields.next().unwrap_or_default());
        Some(Self {
            origin: fields.next().map(OsStr::to_owned),
            directory,
            file,
            lock,
        })
    }

    /// The file, if somebody saved it.
    fn saved(&self) -> Option<&Path> {
        let modified = self.file.metadata().ok()?.modified().ok()?;
        (modified != SystemTime::UNIX_EPOCH).then_some(&self.file)
    }
}

fn leftovers(place: &Path) -> impl Iterator<Item = Leftover> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        let name = entry.file_name();
        let random = name.to_string_lossy();
        let random = random.strip_prefix(PREFIX).unwrap_or_default();
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    ours.filter_map(|entry| Leftover::find(entry.path()))
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600).open(path)
}

/// Reads what an editor has left, which may be anything: opening a pipe would wait for its writer.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("what it left is no regular file"));
    }
    password::read_plaintext(&mut file)
}

/// Overwrites a file that has no other name: an editor may have put a link to another one there.
fn overwrite(path: &Path) -> io::Result<()> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut file = File::options().write(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.nlink() > 1 {
        return Ok(());
    }
    io::copy(&mut io::repeat(0).take(metadata.len()), &mut file)?;
    file.sync_data()
}

/// Where plaintext may lie for a while.
fn place(config: &Config) -> PathBuf {
    if let Some(chosen) = &config.local_temp {
        return chosen.clone();
    }
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let in_memory = runtime.into_iter().chain([PathBuf::from("/dev/shm")]);
    let mut usable = in_memory.filter(|path| path.is_absolute() && is_writable(path));
    usable.next().unwrap_or_else(env::temp_dir)
}

fn is_writable(directory: &Path) -> bool {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
}
