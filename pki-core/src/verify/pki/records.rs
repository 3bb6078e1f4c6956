//! The check of what is revoked, of the lists that tell of it, and of the journal.

use std::collections::BTreeSet;

use super::{Check, rules};
use crate::crl::{Due, List, Reason, in_force, lists};
use crate::journal::Event;
use crate::revocation::Revocation;
use crate::store::{Pki, Store, StoreError};

impl<S: Store + Sync> Check<'_, S> {
    /// Every list against the records. What is in use is held against both later.
    pub(super) fn lists(&mut self) -> Result<(), StoreError> {
        let revocations = match self.pki.revocations() {
            Ok(revocations) => revocations,
            Err(error) => return self.report.unreadable(error),
        };
        // One that cannot be read is found when the authorities are checked.
        let Ok(authorities) = self.pki.authorities() else {
            return Ok(());
        };
        let lists = match lists(self.cluster, self.pki, &authorities, &revocations, self.now) {
            Ok(lists) => lists,
            Err(error) => return self.report.unreadable(error),
        };
        for list in &lists {
            self.list(list);
        }
        self.revoked = in_force(&revocations, &lists)
            .into_iter()
            .map(|revocation| (revocation.serial, revocation.reason))
            .collect();
        Ok(())
    }

    fn list(&mut self, list: &List) {
        let store = self.pki.store();
        let path = store.locate(&list.path);
        match list.due {
            None | Some(Due::Expiring) => {}
            Some(Due::Missing) => {
                self.report
                    .found(&path, &rules::CRL_MISSING, "it is missing");
            }
            Some(Due::Pem) => {
                let path = store.locate(Pki::<S>::crl_pem_path());
                let message = "it is not the same list as etcd.crl";
                self.report.found(&path, &rules::CRL_STALE, message);
            }
            Some(due @ (Due::Changed | Due::Signer)) => {
                self.report.found(&path, &rules::CRL_STALE, due.to_string());
            }
        }
    }

    /// The chain of the journal, whether it tells of everything, and whether what it tells of
    /// revocations is still there.
    pub(super) fn journal(&mut self) -> Result<(), StoreError> {
        let journal = self.pki.journal()?;
        let path = self.pki.locate_journal();
        for fault in journal.faults() {
            self.report
                .found(&path, &rules::JOURNAL_BROKEN, fault.to_string());
        }
        // Records that cannot be read were found when the lists were checked.
        let (Ok(unrecorded), Ok(revocations)) =
            (self.pki.unrecorded(&journal), self.pki.revocations())
        else {
            return Ok(());
        };
        let mut unrecorded = unrecorded.iter().filter_map(|entry| entry.path.as_deref());
        if let Some(first) = unrecorded.next() {
            let others = match unrecorded.count() {
                0 => String::new(),
                others => format!(" and {others} others"),
            };
            let message = format!("no line tells of {first}{others}");
            self.report
                .found(&path, &rules::JOURNAL_INCOMPLETE, message);
        }
        let recorded: BTreeSet<String> = revocations.iter().map(Revocation::serial_text).collect();
        let told = journal.lines().iter().map(|line| line.entry());
        let lost: BTreeSet<&str> = told
            .filter(|entry| entry.event == Event::Revoked)
            .filter_map(|entry| entry.serial.as_deref())
            .filter(|serial| !recorded.contains(*serial))
            .collect();
        for serial in lost {
            let message =
                format!("it tells that {serial} was revoked, of which there is no record any more");
            self.report.found(&path, &rules::REVOCATION_LOST, message);
        }
        Ok(())
    }
}

/// What a revoked leaf that is in use means.
pub(super) fn of_leaf(reason: Reason) -> String {
    match reason.is_hold() {
        true => "on hold: members refuse it until `etcdpki revoke --undo`".to_owned(),
        false => format!("revoked for {reason}: run `etcdpki init` to issue it anew"),
    }
}

/// What a revoked authority that is in use means.
pub(super) fn of_authority(reason: Reason) -> String {
    match reason.is_hold() {
        true => "on hold: members refuse whoever sends it along".to_owned(),
        false => format!("revoked for {reason}: members refuse whoever sends it along"),
    }
}
