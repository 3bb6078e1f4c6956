//! Programs that we start: editors, pagers, scripts, git.

use std::ffi::OsStr;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Variables that hold secrets.
static HIDDEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps a variable from every program that is started from now on.
pub(super) fn hide(variable: &str) {
    lock().push(variable.to_owned());
}

/// The variables to keep from programs.
pub(super) fn hidden() -> Vec<String> {
    lock().clone()
}

/// A program to start, which will not see our secrets. Descriptors beyond standard error are
/// closed in it: see [`crate::process::harden`].
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in lock().iter() {
        command.env_remove(variable);
    }
    command
}

fn lock() -> MutexGuard<'static, Vec<String>> {
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner)
}
