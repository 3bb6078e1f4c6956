//! A line on the terminal that tells how far long work is.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Work in many pieces. In the first second nothing is told, and nothing at all where standard error is no
/// terminal. The line is gone when the work is over.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
    started: Instant,
    done: AtomicUsize,
    line: Mutex<Option<Line>>,
}

/// The work that is under way.
#[derive(Debug)]
struct Line {
    what: &'static str,
    /// None where nobody knows how many there are.
    pieces: Option<usize>,
    begun: Instant,
    /// When it was written last.
    written: Option<Instant>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            is_shown: io::stderr().is_terminal(),
            started: Instant::now(),
            done: AtomicUsize::new(0),
            line: Mutex::new(None),
        }
    }

    /// So many pieces are to be done of what is called so: «certificates issued»; or nobody knows how many.
    pub(crate) fn begin(&self, what: &'static str, pieces: Option<usize>) {
        self.done.store(0, Ordering::Relaxed);
        *self.line() = Some(Line {
            what,
            pieces,
            begun: Instant::now(),
            written: None,
        });
    }

    /// One of them is done.
    pub(crate) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.is_shown {
            return;
        }
        // Who finds another thread at it need not do the same.
        let Ok(mut line) = self.line.try_lock() else {
            return;
        };
        if let Some(line) = &mut *line
            && line.is_due(self.started, Instant::now())
        {
            line.written = Some(Instant::now());
            write(&format!(
                "\r{}{ERASE}",
                line.text(done, line.begun.elapsed())
            ));
        }
    }

    /// It is over.
    pub(crate) fn end(&self) {
        let line = self.line().take();
        if line.is_some_and(|line| line.written.is_some()) {
            write(&format!("\r{ERASE}"));
        }
    }

    /// Nothing is left half done where a thread panics.
    fn line(&self) -> MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn is_due(&self, started: Instant, now: Instant) -> bool {
        match self.written {
            None => now.duration_since(started) >= MOMENT,
            Some(written) => now.duration_since(written) >= PAUSE,
        }
    }

    fn text(&self, done: usize, after: Duration) -> String {
        let Self { what, pieces, .. } = self;
        let milliseconds = usize::try_from(after.as_millis()).unwrap_or(usize::MAX);
        let rate = done.saturating_mul(1000) / milliseconds.max(1);
        match pieces {
            Some(pieces) => format!("{done} of {pieces} {what}, {rate}/s"),
            None => format!("{done} {what}, {rate}/s"),
        }
    }
}

fn write(text: &str) {
    // If nobody reads standard error there is nobody to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whoever waits longer than this is told how far it is.
const MOMENT: Duration = Duration::from_secs(1);
/// How often.
const PAUSE: Duration = Duration::from_millis(100);
/// To the end of the line (ECMA-48, EL).
const ERASE: &str = "\x1b[K";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(written: Option<Duration>) -> Line {
        let begun = Instant::now();
        Line {
            what: "certificates issued",
            pieces: Some(10_000),
            begun,
            written: written.map(|after| begun + after),
        }
    }

    #[test]
    fn it_is_told_after_a_second_and_then_ten_times_in_each() {
        let is_due = |line: &Line, after: u64| {
            line.is_due(line.begun, line.begun + Duration::from_millis(after))
        };
        let new = line(None);
        assert!(!is_due(&new, 999) && is_due(&new, 1000));
        let told = line(Some(Duration::from_millis(1000)));
        assert!(!is_due(&told, 1099) && is_due(&told, 1100));
    }

    #[test]
    fn count_and_rate_are_told() {
        let text = line(None).text(2500, Duration::from_millis(1250));
        assert_eq!(text, "2500 of 10000 certificates issued, 2000/s");
        line(None).text(0, Duration::ZERO);
        let uncounted = Line {
            what: "files found",
            pieces: None,
            ..line(None)
        };
        let text = uncounted.text(2500, Duration::from_millis(1250));
        assert_eq!(text, "2500 files found, 2000/s");
    }
}
