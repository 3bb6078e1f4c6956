//! Drafts that have a name, and what a killed process left of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;
use tempfile::{Builder, TempPath};

use crate::vault::interrupt::{self, Watched};
use crate::vault::talk;

/// What the name of a draft of `NAME` has after `.NAME`, and before [`RANDOM`] letters and digits.
const MARK: &str = ".vault-draft-";
const RANDOM: usize = 12;
/// How many bytes of the target's name it has: a name may have 255 in all.
const LONGEST_START: usize = 200;

/// The temporary name of a draft; it is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) path: TempPath,
    pub(super) _watched: Watched,
}

impl Name {
    fn new(path: TempPath) -> Self {
        let watched = interrupt::watch(&path);
        Self {
            path,
            _watched: watched,
        }
    }

    /// Makes a file of such a name, which is locked for as long as it is open.
    pub(super) fn create(directory: &Path, target: &Path) -> io::Result<(File, Self)> {
        loop {
            let named = with_builder(target, |builder| builder.make_in(directory, new_file))?;
            let (file, path) = named.into_parts();
            let locked = lock(&file);
            // Whoever sweeps may have come in between.
            if locked && file.metadata()?.nlink() > 0 {
                return Ok((file, Self::new(path)));
            }
        }
    }

    /// Gives such a name to something that `make` makes.
    pub(super) fn give(
        directory: &Path,
        target: &Path,
        make: impl FnMut(&Path) -> io::Result<()>,
    ) -> io::Result<Self> {
        let named = with_builder(target, |builder| builder.make_in(directory, make))?;
        Ok(Self::new(named.into_temp_path()))
    }
}

fn with_builder<T>(target: &Path, work: impl FnOnce(&Builder<'_, '_>) -> T) -> T {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let ends = name.char_indices().map(|(at, _)| at);
    let end = ends.take_while(|&at| at <= LONGEST_START).last();
    let start = match name.len() > LONGEST_START {
        true => &name[..end.unwrap_or(0)],
        false => &name,
    };
    let prefix = format!(".{start}{MARK}");
    work(Builder::new().prefix(&prefix).rand_bytes(RANDOM))
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    options.mode(0o600).open(path)
}

/// Keeps those who sweep away from a file or directory for as long as it is open. Where a file
/// system has no locks nobody sweeps.
pub(in crate::vault) fn lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// Removes drafts that nobody works on any more, once for each directory.
pub(super) fn sweep(directory: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if !swept.insert(directory.to_owned()) {
        return;
    }
    // What can not be listed can not be swept; writing there will tell.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_draft(&entry.file_name().to_string_lossy())) {
        if let Ok(true) = remove_if_abandoned(&entry.path()) {
            talk::warning(&format!(
                "removed {}, which a killed vault had left",
                entry.path().display()
            ));
        }
    }
}

fn is_draft(name: &str) -> bool {
    let parts = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once(MARK));
    parts.is_some_and(|(_, random)| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn remove_if_abandoned(path: &Path) -> io::Result<bool> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() || file.try_lock().is_err() {
        return Ok(false);
    }
    fs::remove_file(path)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_drafts_that_nobody_works_on_are_swept() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (file, name) = Name::create(directory.path(), &at("f")).unwrap();
        let live = name.path.to_owned();
        for name in [
            ".f.vault-draft-0123456789ab",
            ".f.vault-draft-0123456789",
            ".f.vault-draft-0123456789-b",
            "f.vault-draft-0123456789ab",
            ".f.tmp",
        ] {
            fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("f", at(".l.vault-draft-0123456789ab")).unwrap();
        sweep(directory.path());
        assert!(live.exists());
        assert!(!at(".f.vault-draft-0123456789ab").exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 6);
        // Now it is abandoned, but this directory was swept already.
        drop(file);
        assert!(remove_if_abandoned(&live).unwrap());
    }
}
