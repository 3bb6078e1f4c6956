//! Files that were written and are not on the disk yet.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::atomic::WriteError;

/// Files and directories that were written, to be synced together.
///
/// A few are synced each for itself, side by side: the journal of the file system takes them
/// together, and nobody else's data is waited for. Many are synced by syncing the file systems
/// that they are on, which takes a quarter of the time.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    few: Vec<Written>,
    /// One of the files of each file system, once they are many. A file that is open since
    /// before the others were written learns of every error with one of them.
    many: Vec<(u64, Written)>,
}

type Written = (PathBuf, File);

impl Unsynced {
    pub(super) fn push(&mut self, path: PathBuf, file: File) -> Result<(), WriteError> {
        if !self.many.is_empty() {
            return self.push_to_many((path, file));
        }
        self.few.push((path, file));
        match self.few.len() > FEW {
            true if SYNCS_FILE_SYSTEMS => std::mem::take(&mut self.few)
                .into_iter()
                .try_for_each(|written| self.push_to_many(written)),
            true => sync_side_by_side(&std::mem::take(&mut self.few)),
            false => Ok(()),
        }
    }

    pub(super) fn push_directory(&mut self, path: PathBuf) -> Result<(), WriteError> {
        let directory = File::open(&path).map_err(at(&path))?;
        self.push(path, directory)
    }

    /// Whether so many files in a directory that is new are better synced by their file system.
    pub(super) fn takes_whole(count: usize) -> bool {
        SYNCS_FILE_SYSTEMS && count > FEW
    }

    /// Takes the whole file system of a file that is open since before the others were written.
    pub(super) fn push_file_system(&mut self, path: PathBuf, file: File) -> Result<(), WriteError> {
        self.push_to_many((path, file))
    }

    pub(super) fn sync(&mut self) -> Result<(), WriteError> {
        sync_side_by_side(&std::mem::take(&mut self.few))?;
        std::mem::take(&mut self.many)
            .iter()
            .try_for_each(|(_, (path, file))| sync_file_system(file).map_err(at(path)))
    }

    fn push_to_many(&mut self, written: Written) -> Result<(), WriteError> {
        let (path, file) = &written;
        let device = file.metadata().map_err(at(path))?.dev();
        if !self.many.iter().any(|(other, _)| *other == device) {
            self.many.push((device, written));
        }
        Ok(())
    }
}

fn sync_side_by_side(files: &[Written]) -> Result<(), WriteError> {
    let sync = |files: &[Written]| {
        files
            .iter()
            .try_for_each(|(path, file)| file.sync_all().map_err(at(path)))
    };
    let share = files.len().div_ceil(THREADS).max(4);
    if files.len() <= share {
        return sync(files);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = files
            .chunks(share)
            .map(|share| scope.spawn(move || sync(share)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    |source| WriteError { path, source }
}

/// Linux tells of every write that failed since the file was opened (since version 5.8).
#[cfg(target_os = "linux")]
fn sync_file_system(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(file: &File) -> io::Result<()> {
    file.sync_all()
}

const SYNCS_FILE_SYSTEMS: bool = cfg!(target_os = "linux");
/// How many threads wait for the disk at once.
const THREADS: usize = 8;
/// Up to how many files are each synced for itself.
const FEW: usize = 256;
