//! Many files at once.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

use super::args::Many;
use super::error::Error;
use super::interrupt;
use super::replace::{self, Sealed};
use super::talk;
use super::tree::Tree;
use crate::progress::Progress;

/// More than one worker a core: most of the time a worker waits for the disk.
const PER_CORE: usize = 8;

/// Does `work` for each file, on all cores; of several errors it returns the one of the file that
/// comes first. Nothing is in place yet when it returns.
pub(super) fn each<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let results = results(files, false, work).into_iter();
    results.map(|(_, result)| result).collect()
}

/// What became of files that are going to be replaced.
pub(super) struct Prepared<T> {
    /// What only waits to be put in place.
    waiting: Vec<T>,
    outcome: Outcome<()>,
}

/// What became of files in the end.
pub(super) struct Outcome<R> {
    pub(super) done: Vec<R>,
    pub(super) failures: Vec<Failure>,
    files: usize,
}

/// A file that failed, while others went on.
#[derive(Serialize)]
pub(super) struct Failure {
    file: String,
    error: String,
}

impl<T: Send> Prepared<T> {
    /// Does `work` for each file. The first error ends it, or with `--keep-going` is reported.
    pub(super) fn new(
        files: &[PathBuf],
        many: &Many,
        work: impl Fn(&Path) -> Result<Option<T>, Error> + Sync,
    ) -> Result<Self, Error> {
        let tree = Tree {
            files: files.to_vec(),
            ..Tree::default()
        };
        Self::of_tree(tree, many, work)
    }

    /// The same for files of which some may be known to fail.
    pub(super) fn of_tree(
        tree: Tree,
        many: &Many,
        work: impl Fn(&Path) -> Result<Option<T>, Error> + Sync,
    ) -> Result<Self, Error> {
        let files = distinct(&tree.files);
        allow_open_files(files.len());
        let mut this = Self {
            waiting: Vec::new(),
            outcome: Outcome::of(files.len() + tree.unread.len()),
        };
        for (path, error) in tree.unread {
            this.outcome.failed(&path, many, error)?;
        }
        for (path, result) in results(&files, many.keep_going, work) {
            match result {
                Ok(done) => this.waiting.extend(done),
                Err(error) => this.outcome.failed(path, many, error)?,
            }
        }
        Ok(this)
    }

    /// What only waits to be put in place.
    pub(super) fn waiting(&self) -> &[T] {
        &self.waiting
    }

    /// Puts the drafts in place: all of them, or with `--keep-going` those that can be. `split`
    /// tells from each what is known of it in the end.
    pub(super) fn commit<R>(
        self,
        many: &Many,
        split: impl Fn(T) -> (R, Sealed),
    ) -> Result<Outcome<R>, Error> {
        let (waiting, mut outcome) = self.into_outcome(split);
        let (reports, drafts): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let _resumable = (drafts.len() > 1).then(interrupt::resumable);
        if !many.keep_going {
            replace::commit(drafts)?;
            outcome.done = reports;
            return Ok(outcome);
        }
        for (report, draft) in reports.into_iter().zip(drafts) {
            let path = draft.target().to_owned();
            match replace::commit(vec![draft]) {
                Ok(()) => outcome.done.push(report),
                Err(error) => outcome.failed(&path, many, error)?,
            }
        }
        Ok(outcome)
    }

    /// What would become of the files: the drafts are thrown away.
    pub(super) fn discard<R>(self, split: impl Fn(T) -> (R, Sealed)) -> Outcome<R> {
        let (waiting, mut outcome) = self.into_outcome(split);
        outcome.done = waiting.into_iter().map(|(report, _)| report).collect();
        outcome
    }

    fn into_outcome<R>(self, split: impl Fn(T) -> (R, Sealed)) -> (Vec<(R, Sealed)>, Outcome<R>) {
        let outcome = Outcome {
            failures: self.outcome.failures,
            ..Outcome::of(self.outcome.files)
        };
        (self.waiting.into_iter().map(split).collect(), outcome)
    }
}

impl<R> Outcome<R> {
    fn of(files: usize) -> Self {
        Self {
            done: Vec::new(),
            failures: Vec::new(),
            files,
        }
    }

    fn failed(&mut self, path: &Path, many: &Many, error: Error) -> Result<(), Error> {
        if !many.keep_going || matches!(error, Error::Interrupted) {
            return Err(error);
        }
        talk::error(&error);
        self.failures.push(Failure {
            file: path.display().to_string(),
            error: error.to_string(),
        });
        Ok(())
    }

    /// An error if there was one.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        match self.failures.len() {
            0 => Ok(()),
            failed => Err(Error::Partial {
                failed,
                files: self.files,
            }),
        }
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
) -> Vec<(&Path, Result<T, Error>)> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = (cores * PER_CORE).min(files.len());
    if workers < 2 {
        return files
            .iter()
            .map(|path| (path.as_path(), work(path)))
            .collect();
    }
    let progress = Progress::new();
    progress.begin("files", Some(files.len()));
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let Some((at, path)) = nth(files, next.fetch_add(1, Ordering::Relaxed)) {
            let result = work(path);
            progress.advance();
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
    progress.end();
    results.sort_by_key(|(at, _)| *at);
    let paths = results.into_iter();
    paths
        .map(|(at, result)| (files[at].as_path(), result))
        .collect()
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
