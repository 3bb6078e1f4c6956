//! How far long work is, for whoever shows it.
//!
//! A [`Pki`](crate::store::Pki) that is [watched](crate::store::Pki::watched_by) tells of work that is done
//! in many pieces: that a number of them are to be done, each time one is, and that it is over.

use std::fmt;

/// Is told of long work, one after the other. Its methods are called from every thread that works, so
/// they are not to take long.
pub trait Watcher: fmt::Debug + Send + Sync {
    /// So many pieces are to be done.
    fn begins(&self, work: Work, pieces: usize);
    /// One of them is done.
    fn advances(&self);
    /// It is over, whether all of them were done or not.
    fn ends(&self);
}

/// What is done in many pieces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Work {
    /// Certificates are issued.
    Issue,
    /// Certificates are verified.
    Verify,
    /// Sealed keys are opened.
    OpenKeys,
}

/// Work that is under way. It is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Watched<'a>(Option<&'a dyn Watcher>);

impl<'a> Watched<'a> {
    pub(crate) fn begin(watcher: Option<&'a dyn Watcher>, work: Work, pieces: usize) -> Self {
        if let Some(watcher) = watcher {
            watcher.begins(work, pieces);
        }
        Self(watcher)
    }

    pub(crate) fn advance(&self) {
        if let Some(watcher) = self.0 {
            watcher.advances();
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Some(watcher) = self.0 {
            watcher.ends();
        }
    }
}
