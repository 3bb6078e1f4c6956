//! The check of what is revoked, of the lists that tell of it, and of the journal.

use std::collections::BTreeSet;

use super::Check;
use crate::crl::{Due, List, Reason, in_force, lists};
use crate::journal::Event;
use crate::revocation::Revocation;
use crate::store::{Pki, Store, StoreError};

impl<S: Store> Check<'_, S> {
    /// Every list against the records, and what is in use against both.
    pub(super) fn lists(&mut self) -> Result<(), StoreError> {
        let revocations = match self.pki.revocations() {
            Ok(revocations) => revocations,
            Err(error) => return self.unreadable(error),
        };
        // One that cannot be read was found already.
        let Ok(authorities) = self.pki.authorities() else {
            return Ok(());
        };
        let lists = match lists(self.cluster, self.pki, &authorities, &revocations, self.now) {
            Ok(lists) => lists,
            Err(error) => return self.unreadable(error),
        };
        for list in &lists {
            self.list(list);
        }
        let revoked = in_force(&revocations, &lists);
        for certificate in std::mem::take(&mut self.in_use) {
            let found = revoked
                .iter()
                .find(|revocation| revocation.serial == certificate.serial);
            if let Some(Revocation { reason, .. }) = found {
                self.found(&certificate.path, what_now(*reason, certificate.is_leaf));
            }
        }
        Ok(())
    }

    fn list(&mut self, list: &List) {
        let store = self.pki.store();
        let path = store.locate(&list.path);
        match list.due {
            None | Some(Due::Expiring) => {}
            Some(Due::Missing) => {
                self.found(&path, "missing: run `etcdpki init` to sign it; etcd refuses everybody where the file that it is given is missing");
            }
            Some(Due::Pem) => {
                let path = Pki::<S>::crl_pem_path();
                let path = store.locate(path);
                self.found(&path, "not the same list as etcd.crl: run `etcdpki init`");
            }
            Some(due @ (Due::Changed | Due::Signer)) => {
                self.found(&path, format!("{due}: run `etcdpki init` to sign it anew"));
            }
        }
        let next_update = list.previous.as_ref().and_then(|crl| crl.next_update);
        if next_update.is_some_and(|next| next < self.now) {
            self.found(&path, "its next update has passed, so that verifiers after RFC 5280 refuse every certificate (etcd does not): run `etcdpki init` to sign it anew");
        }
    }

    /// The chain of the journal, whether it tells of everything, and whether what it tells of
    /// revocations is still there.
    pub(super) fn journal(&mut self) -> Result<(), StoreError> {
        let journal = self.pki.journal()?;
        let path = self.pki.locate_journal();
        for fault in journal.faults() {
            self.found(&path, format!("{fault}; compare it with a copy"));
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
            self.found(&path, format!("no line tells of {first}{others}: `etcdpki init` adds what a command that was killed could not write"));
        }
        let recorded: BTreeSet<String> = revocations.iter().map(Revocation::serial_text).collect();
        let told = journal.lines().iter().map(|line| line.entry());
        let lost: BTreeSet<&str> = told
            .filter(|entry| entry.event == Event::Revoked)
            .filter_map(|entry| entry.serial.as_deref())
            .filter(|serial| !recorded.contains(*serial))
            .collect();
        for serial in lost {
            self.found(&path, format!("it tells that {serial} was revoked, of which there is no record any more: restore it from a copy, or run `etcdpki revoke --serial {serial}`"));
        }
        Ok(())
    }
}

/// What becomes of a revoked certificate that is in use.
fn what_now(reason: Reason, is_leaf: bool) -> String {
    match (reason.is_hold(), is_leaf) {
        (true, _) => "on hold: members refuse it until `etcdpki revoke --undo`".to_owned(),
        (false, true) => format!("revoked for {reason}: run `etcdpki init` to issue it anew"),
        (false, false) => format!("revoked for {reason}: members refuse whoever sends it along"),
    }
}
