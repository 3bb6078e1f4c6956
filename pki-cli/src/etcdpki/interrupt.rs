//! Ctrl-C and its like while drafts are on the disk: they are removed before the command ends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::SIGTERM;
use signal_hook::flag;

use super::error::Error;
use crate::process;

static STATE: LazyLock<State> = LazyLock::new(State::registered);

/// What the handlers of signals read and write.
struct State {
    /// Whether a signal ends the process, as it does where nothing has been registered.
    ends: Arc<AtomicBool>,
    /// The signal that came when it did not; 0 for none.
    came: Arc<AtomicUsize>,
}

impl State {
    fn registered() -> Self {
        let state = Self {
            ends: Arc::new(AtomicBool::new(true)),
            came: Arc::default(),
        };
        for signal in process::requests_to_end() {
            // In the order in which they are called: whoever asks twice does not want to wait.
            let registered = flag::register_conditional_default(signal, Arc::clone(&state.ends))
                .and_then(|_| flag::register(signal, Arc::clone(&state.ends)))
                .and_then(|_| {
                    let number = usize::try_from(signal).unwrap_or_default();
                    flag::register_usize(signal, Arc::clone(&state.came), number)
                });
            // Refused, the signal ends the process as ever, and the next command removes the drafts.
            let _ = registered;
        }
        state
    }
}

/// Keeps the first signal from ending the process until the guard is dropped.
pub(super) fn hold() -> Held {
    STATE.ends.store(false, Ordering::SeqCst);
    Held
}

/// See [`hold`].
#[derive(Debug)]
pub(super) struct Held;

impl Held {
    /// Ends the command if a signal came.
    #[expect(
        clippy::unused_self,
        reason = "only while they are held do signals come here"
    )]
    pub(super) fn check(&self) -> Result<(), Error> {
        match STATE.came.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Error::Interrupted {
                signal: i32::try_from(signal).unwrap_or(SIGTERM),
            }),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        STATE.ends.store(true, Ordering::SeqCst);
    }
}
