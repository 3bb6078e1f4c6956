//! Many files at once.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::args::Many;
use super::error::Error;
use super::replace::{self, Sealed};
use super::talk;

/// More than one worker a core: most of the time a worker waits for the disk.
const PER_CORE: usize = 8;

/// Does `work` for each file, on all cores; of several errors it returns the one of the file that
/// comes first. Nothing is in place yet when it returns.
pub(super) fn each<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    results(files, false, work).into_iter().collect()
}

/// What became of files that are going to be replaced.
pub(super) struct Prepared<T> {
    /// What only waits to be put in place.
    pub(super) done: Vec<T>,
    failed: usize,
    files: usize,
}

impl<T: Send> Prepared<T> {
    /// Does `work` for each file. The first error ends it, or with `--keep-going` is reported.
    pub(super) fn new(
        files: &[PathBuf],
        many: &Many,
        work: impl Fn(&Path) -> Result<Option<T>, Error> + Sync,
    ) -> Result<Self, Error> {
        let files = distinct(files);
        allow_open_files(files.len());
        let mut this = Self {
            done: Vec::new(),
            failed: 0,
            files: files.len(),
        };
        for result in results(&files, many.keep_going, work) {
            match result {
                Ok(done) => this.done.extend(done),
                Err(error) => this.report(many, error)?,
            }
        }
        Ok(this)
    }

    /// Puts the drafts in place: all of them, or with `--keep-going` those that can be.
    pub(super) fn commit(mut self, many: &Many, draft: impl Fn(T) -> Sealed) -> Result<(), Error> {
        let drafts = std::mem::take(&mut self.done).into_iter().map(draft);
        if !many.keep_going {
            return replace::commit(drafts.collect());
        }
        for draft in drafts {
            if let Err(error) = replace::commit(vec![draft]) {
                self.report(many, error)?;
            }
        }
        self.verdict()
    }

    /// An error if there was one.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        match self.failed {
            0 => Ok(()),
            failed => Err(Error::Partial {
                failed,
                files: self.files,
            }),
        }
    }

    fn report(&mut self, many: &Many, error: Error) -> Result<(), Error> {
        if !many.keep_going || matches!(error, Error::Interrupted) {
            return Err(error);
        }
        talk::error(&error);
        self.failed += 1;
        Ok(())
    }
}

/// A file that is named twice, or by two links, is done once.
fn distinct(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let first = files.iter().filter(|path| seen.insert(real(path)));
    first.cloned().collect()
}

/// Each draft stays open until all are put in place, and then what it replaces is open, too;
/// until then a worker has a few files open.
///
/// The limit is raised no further than that: the programs that we start inherit it, and some of
/// them work their way through all descriptors that there may be.
fn allow_open_files(files: usize) {
    let needed = u64::try_from(4 * files).map_or(u64::MAX, |files| files + OTHER_FILES);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let raised = Rlimit {
        current: Some(maximum.map_or(needed, |maximum| maximum.min(needed))),
        maximum,
    };
    // Whoever needs more than there may be gets an error that says so.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// What else may be open: what we were started with, directories, scripts.
const OTHER_FILES: u64 = 128;

fn results<T: Send>(
    files: &[PathBuf],
    keep_going: bool,
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Vec<Result<T, Error>> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = (cores * PER_CORE).min(files.len());
    if workers < 2 {
        return files.iter().map(|path| work(path)).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let Some((at, path)) = nth(files, next.fetch_add(1, Ordering::Relaxed)) {
            let result = work(path);
            let stop = result.is_err() && !keep_going;
            done.push((at, result));
            if stop {
                // The others finish what they have begun.
                next.store(files.len(), Ordering::Relaxed);
            }
        }
        done
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(take)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn nth(files: &[PathBuf], at: usize) -> Option<(usize, &Path)> {
    Some((at, files.get(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_files() {
        let files: Vec<_> = (0..100).map(|n| PathBuf::from(n.to_string())).collect();
        let names = each(&files, |path| Ok(path.to_owned())).unwrap();
        assert_eq!(names, files);
    }

    #[test]
    fn the_first_error_counts() {
        let files: Vec<_> = (0..100).map(|n| PathBuf::from(n.to_string())).collect();
        let error = each(&files, |path| match path.to_str() {
            Some("7" | "8" | "50") => Err(Error::Runtime(path.display().to_string())),
            _ => Ok(()),
        });
        assert_eq!(error.unwrap_err().to_string(), "7");
    }
}
