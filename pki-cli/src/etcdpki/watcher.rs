//! Shows how far the library is with long work.

use std::sync::Arc;

use pki_core::progress::{Watcher, Work};

use crate::progress::Progress;

/// Whoever a PKI tells of it.
pub(super) fn watcher() -> Arc<dyn Watcher> {
    Arc::new(Terminal(Progress::new()))
}

#[derive(Debug)]
struct Terminal(Progress);

impl Watcher for Terminal {
    fn begins(&self, work: Work, pieces: Option<usize>) {
        let what = match work {
            Work::Compare => "files compared",
            Work::Issue => "certificates issued",
            Work::List => "files found",
            Work::Model => "certificates tried out",
            Work::OpenKeys => "keys opened",
            Work::Prove => "pairs of a certificate and a CA file proved",
            Work::Read => "certificates read",
            Work::Verify => "certificates verified",
            Work::Write => "files written",
            _ => "done",
        };
        self.0.begin(what, pieces);
    }

    fn advances(&self) {
        self.0.advance();
    }

    fn ends(&self) {
        self.0.end();
    }
}
