//! How far long work is, for whoever shows it.
//!
//! A [`Pki`](crate::store::Pki) that is [watched](crate::store::Pki::watched_by) tells of work that is done
//! in many pieces: that a number of them are to be done, each time one is, and that it is over. So do a
//! [copy](crate::store::copy) and a [proof](crate::rotation::prove), which are no work of one PKI.

use std::fmt;
#[cfg(test)]
use std::sync::{Mutex, MutexGuard};

/// Is told of long work, one after the other. Its methods are called from every thread that works, so
/// they are not to take long.
pub trait Watcher: fmt::Debug + Send + Sync {
    /// So many pieces are to be done; none where it is not known how many.
    fn begins(&self, work: Work, pieces: Option<usize>);
    /// One of them is done.
    fn advances(&self);
    /// It is over, whether all of them were done or not.
    fn ends(&self);
}

/// What is done in many pieces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Work {
    /// The files of two stores are compared.
    Compare,
    /// Certificates are issued.
    Issue,
    /// The files of a store are looked for.
    List,
    /// Certificates are signed with keys that are thrown away, to see what a rotation would make.
    Model,
    /// Sealed keys are opened.
    OpenKeys,
    /// Certificates are validated against CA files, each pair of both that a step of a rotation brings
    /// together.
    Prove,
    /// Certificates are read.
    Read,
    /// Certificates are verified.
    Verify,
    /// Files are written.
    Write,
}

/// Work that is under way. It is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Watched<'a>(Option<&'a dyn Watcher>);

impl<'a> Watched<'a> {
    pub(crate) fn begin(watcher: Option<&'a dyn Watcher>, work: Work, pieces: usize) -> Self {
        if let Some(watcher) = watcher {
            watcher.begins(work, Some(pieces));
        }
        Self(watcher)
    }

    /// Of which nobody knows how many pieces there are.
    pub(crate) fn begin_uncounted(watcher: Option<&'a dyn Watcher>, work: Work) -> Self {
        if let Some(watcher) = watcher {
            watcher.begins(work, None);
        }
        Self(watcher)
    }

    /// Of which nobody is told.
    #[cfg(any(test, feature = "etcd"))]
    pub(crate) fn none() -> Self {
        Self(None)
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

/// Takes down what it is told: each work, of how many pieces, if that is known, and how many were done.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<(Work, Option<usize>, usize)>>);

#[cfg(test)]
impl Seen {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<(Work, Option<usize>, usize)>> {
        self.0.lock().unwrap()
    }
}

#[cfg(test)]
impl Watcher for Seen {
    fn begins(&self, work: Work, pieces: Option<usize>) {
        self.all().push((work, pieces, 0));
    }

    fn advances(&self) {
        self.all().last_mut().unwrap().2 += 1;
    }

    fn ends(&self) {}
}
