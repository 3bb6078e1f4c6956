//! Ctrl-C and its like: remove what must not stay, then end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::error::Error;
use crate::process;

/// Temporary files and directories that are in use.
static IN_USE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Set while a child owns the terminal.
static DEFERRED: AtomicBool = AtomicBool::new(false);

/// Set while some of many files may be done.
static RESUMABLE: AtomicBool = AtomicBool::new(false);

/// What ansible-vault exits with.
const EXIT_CODE: i32 = 99;

/// Waits for signals.
pub(super) fn prepare() {
    process::on_request_to_end(|_| leave_unless_deferred());
}

/// Remembers a temporary file or directory until the guard is dropped.
pub(super) fn watch(path: &Path) -> Watched {
    lock().push(path.to_owned());
    Watched {
        path: path.to_owned(),
    }
}

/// Leaves Ctrl-C to a child, an editor say, until the guard is dropped.
pub(super) fn defer() -> Deferred {
    // Whoever is leaving keeps it, and no child is started on what is being removed.
    let _in_use = lock();
    DEFERRED.store(true, Ordering::SeqCst);
    Deferred
}

/// Tells whoever interrupts us that there may be a rest to do, until the guard is dropped.
pub(super) fn resumable() -> Resumable {
    RESUMABLE.store(true, Ordering::SeqCst);
    Resumable
}

/// See [`resumable`].
#[derive(Debug)]
pub(super) struct Resumable;

impl Drop for Resumable {
    fn drop(&mut self) {
        RESUMABLE.store(false, Ordering::SeqCst);
    }
}

/// See [`watch`].
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock().retain(|path| *path != self.path);
    }
}

/// See [`defer`].
#[derive(Debug)]
pub(super) struct Deferred;

impl Drop for Deferred {
    fn drop(&mut self) {
        DEFERRED.store(false, Ordering::SeqCst);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::exit, reason = "the main thread may be blocked anywhere")]
fn leave_unless_deferred() {
    // Keeping the lock keeps the main thread from making more of them.
    let in_use = lock();
    if DEFERRED.load(Ordering::SeqCst) {
        return;
    }
    for path in in_use.iter() {
        // There is no one to tell, and no other way to get rid of it.
        let _ = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
    crate::password::restore_terminal();
    super::talk::error(&interruption());
    std::process::exit(EXIT_CODE)
}

fn interruption() -> Error {
    match RESUMABLE.load(Ordering::SeqCst) {
        true => Error::Interrupted.hinting(
            "some files may be done, each of them wholly; the same command with --skip-encrypted \
             (or --skip-decrypted) does the rest",
        ),
        false => Error::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_tells_how_to_go_on_while_there_may_be_a_rest() {
        let guard = resumable();
        let hint = interruption().hint().unwrap();
        assert!(hint.contains("--skip-encrypted"), "{hint}");
        drop(guard);
        assert_eq!(interruption().hint(), None);
        assert_eq!(i32::from(interruption().exit_code()), EXIT_CODE);
    }
}
