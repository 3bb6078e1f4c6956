//! Many files at once.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::error::Error;

/// More than one worker a core: most of the time a worker waits for the disk.
const PER_CORE: usize = 8;

/// Does `work` for each file, on all cores; of several errors it returns the one of the file that
/// comes first. Nothing is in place yet when it returns.
pub(super) fn each<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
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
            let failed = result.is_err();
            done.push((at, result));
            if failed {
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
