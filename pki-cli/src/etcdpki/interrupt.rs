//! Ctrl-C and its like: drafts are taken back, and the terminal is as it was, before the command ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use signal_hook::low_level::emulate_default_handler;

use super::error::Error;
use super::opened;
use super::place::Place;
use crate::{password, process};

static STATE: Mutex<State> = Mutex::new(State {
    is_held: false,
    came: None,
});

struct State {
    /// Whether drafts are on the disk, which the command itself takes back.
    is_held: bool,
    /// The first signal that came while they were.
    came: Option<i32>,
}

/// Waits for signals. Without, they end the process as ever, and the next command removes the drafts.
pub(super) fn prepare() {
    process::on_request_to_end(heed);
}

fn heed(signal: i32) {
    // Kept by who leaves, so that no draft is begun meanwhile.
    let mut state = lock();
    // Whoever asks twice does not want to wait.
    if state.is_held && state.came.is_none() {
        state.came = Some(signal);
        return;
    }
    password::restore_terminal();
    opened::discard_empty();
    // It fails for signals that it does not know.
    let _ = emulate_default_handler(signal);
}

/// Keeps the first signal from ending the process until the guard is dropped: where the PKI is in a
/// directory, for a store on etcd may be waited for without end.
pub(super) fn hold() -> Held {
    lock().is_held = Place::own().is_directory();
    Held
}

/// See [`hold`].
#[derive(Debug)]
pub(super) struct Held;

impl Held {
    /// Ends the command if a signal came.
    #[expect(
        clippy::unused_self,
        reason = "signals come here only while they are held"
    )]
    pub(super) fn check(&self) -> Result<(), Error> {
        match lock().came {
            None => Ok(()),
            Some(signal) => Err(Error::Interrupted { signal }),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock().is_held = false;
    }
}

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
