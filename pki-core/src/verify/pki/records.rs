//! The check of what is revoked, of the lists that tell of it, and of the journal.

use std::collections::BTreeSet;

use super::{Check, rules};
use crate::certificate::Certificate;
use crate::crl::{Crl, Due, List, Reason, each_list, in_force};
use crate::journal::{Event, Journal};
use crate::lint;
use crate::store::{Pki, Store, StoreError};

impl<S: Store + Sync> Check<'_, S> {
    /// Every list against the records. What is in use is held against both later.
    pub(super) fn lists(&mut self) -> Result<(), StoreError> {
        let told = self.list_of_etcd()?;
        let mut revocations = Vec::new();
        for record in self.pki.each_revocation()? {
            match record {
                Ok(record) => revocations.push(record),
                Err(error) => self.report.unreadable(error)?,
            }
        }
        let mut authorities = Vec::new();
        // One that cannot be read was found before.
        for stored in self.pki.each_authority()?.into_iter().flatten() {
            let path = self.pki.locate_authority(&stored);
            if !self.damaged.contains(&path) {
                authorities.push(stored);
            }
        }
        let (pki, now) = (self.pki, self.now);
        let mut lists = Vec::new();
        for list in each_list(self.cluster, pki, &authorities, &revocations, now) {
            match list {
                Ok(list) => {
                    self.list(&list);
                    lists.push(list);
                }
                // Who signed it may be an authority whose certificate was damaged.
                Err(StoreError::ForeignCrl { .. }) if !self.damaged.is_empty() => {}
                Err(error) if error.is_of(told.as_deref()) => {}
                Err(error) => self.report.unreadable(error)?,
            }
        }
        self.revoked = in_force(&revocations, &lists)
            .into_iter()
            .map(|revocation| (revocation.serial, revocation.reason))
            .collect();
        let is_compromised = |certificate: &Certificate| {
            let reason = self.revoked.get(&certificate.serial);
            reason.is_some_and(|reason| reason.is_compromise())
        };
        self.compromised = std::mem::take(&mut self.every)
            .into_iter()
            .filter(is_compromised)
            .map(|certificate| certificate.public_key)
            .collect();
        Ok(())
    }

    /// The list for etcd by itself. Its path, if what is wrong with it is told by that.
    fn list_of_etcd(&mut self) -> Result<Option<String>, StoreError> {
        let (path, content) = match self.pki.revocation_list_file() {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(error) => return self.report.unreadable(error).map(|()| None),
        };
        match Crl::read(&content) {
            Err(error) => {
                self.report
                    .found(&path, &rules::CRL_UNREADABLE, error.to_string());
                Ok(Some(path))
            }
            Ok(list) => {
                self.report.violations(&path, lint::crl(&list, self.now));
                self.report.revoked = Some(list.entries.len());
                Ok(list.was_pem.then_some(path))
            }
        }
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

    /// The journal; one that is there and cannot be read is a finding.
    pub(super) fn read_journal(&mut self) -> Result<Journal, StoreError> {
        match self.pki.journal() {
            Ok(journal) => Ok(journal),
            Err(error) => self.report.unreadable(error).map(|()| Journal::default()),
        }
    }

    /// The chain of the journal, whether it tells of everything, and whether what it tells of
    /// revocations is still there.
    pub(super) fn journal(&mut self) -> Result<(), StoreError> {
        let journal = self.read_journal()?;
        let path = self.pki.locate_journal();
        if self
            .report
            .findings
            .iter()
            .any(|finding| finding.path == path)
        {
            return Ok(());
        }
        for fault in journal.faults() {
            self.report
                .found(&path, &rules::JOURNAL_BROKEN, fault.to_string());
        }
        if let Some(message) = self.pki.missing_lines(&journal)? {
            self.report
                .found(&path, &rules::JOURNAL_INCOMPLETE, message);
        }
        // Records that cannot be read were found when the lists were checked.
        let recorded: BTreeSet<String> = self.pki.revoked_serials()?.into_iter().collect();
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
