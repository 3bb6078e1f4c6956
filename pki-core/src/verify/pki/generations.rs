//! Every generation that is here, whether it is described or not: its certificate against the
//! journal, its sealed key against its certificate.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Check, rules};
use crate::certificate::Certificate;
use crate::journal::Journal;
use crate::seal::{SealError, Unlocked};
use crate::store::{SealedFile, Store, StoreError};
use crate::verify::is_signed_by;

impl<S: Store + Sync> Check<'_, S> {
    /// Finds certificates that cannot be read, or are others than those that were put there.
    pub(super) fn certificates(&mut self) -> Result<(), StoreError> {
        let journal = self.read_journal()?;
        let recorded = recorded(&journal);
        let kept = self.pki.each_authority()?;
        let kept: Vec<_> = kept
            .into_iter()
            .flatten()
            .map(|one| one.certificate)
            .collect();
        let generations = self.pki.all_generations()?;
        let read: Vec<_> = generations
            .par_iter()
            .map(|(directory, file)| {
                let path = format!("{directory}/{file}");
                let certificates = self.pki.certificates(&path);
                (directory.as_str(), path, certificates)
            })
            .collect();
        for (directory, path, certificates) in read {
            let path = self.pki.store().locate(&path);
            let known = recorded.get(directory).map(Vec::as_slice);
            let fault = match certificates {
                Ok(certificates) if !is_recorded(&certificates, known) => {
                    "it is not the certificate that the journal tells of: it was changed, or another one was put there"
                }
                Ok(certificates) if !is_chain(&certificates, &kept) => {
                    "an authority in it is none that is kept here, nor signed by one: it was changed"
                }
                Ok(certificates) => {
                    self.every.extend(certificates.into_iter().next());
                    continue;
                }
                Err(error) => {
                    self.report.unreadable(error)?;
                    self.damaged.insert(path);
                    continue;
                }
            };
            self.report.found(&path, &rules::CHANGED, fault);
            self.damaged.insert(path);
        }
        Ok(())
    }

    /// Opens every sealed key of the tiers that are open.
    pub(super) fn keys(&mut self) -> Result<(), StoreError> {
        let Some(keys) = self.keys else {
            return Ok(());
        };
        let (open, closed): (Vec<_>, Vec<_>) = self
            .pki
            .sealed_files()?
            .into_iter()
            .partition(|file| keys.is_open(file.tier));
        self.report.closed += closed.len();
        let failed = self.failed(&open, keys);
        let failures = failed.len();
        self.report.keys += open.len() - failures;
        let is_damaged = |(_, error): &(_, _)| {
            matches!(
                error,
                StoreError::Key {
                    source: SealError::Damaged,
                    ..
                }
            )
        };
        if failures > 1 && failures == open.len() && failed.iter().all(is_damaged) {
            let message = format!(
                "none of the {failures} sealed keys opens with it: was it replaced by that of another PKI?"
            );
            let path = self.pki.locate_keyring();
            self.report.found(&path, &rules::KEYRING, message);
            return Ok(());
        }
        for (file, error) in failed {
            // Whatever is said of a certificate that was changed holds for its key.
            let certificate = self.pki.store().locate(&file.certificate);
            if !self.damaged.contains(&certificate) {
                self.report.unreadable(error)?;
            }
        }
        Ok(())
    }

    fn failed<'a>(
        &self,
        files: &'a [SealedFile],
        keys: &Unlocked,
    ) -> Vec<(&'a SealedFile, StoreError)> {
        files
            .par_iter()
            .filter_map(|file| Some((file, self.pki.open_file(file, keys).err()?)))
            .collect()
    }
}

/// The fingerprints of the certificates that were put into each generation: more than one after
/// a merge of two clones.
fn recorded(journal: &Journal) -> HashMap<&str, Vec<&str>> {
    let mut recorded: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in journal.lines().iter().filter(|line| line.is_intact()) {
        let entry = line.entry();
        if let (Some(path), Some(fingerprint)) = (&entry.path, &entry.fingerprint) {
            recorded.entry(path).or_default().push(fingerprint);
        }
    }
    recorded
}

/// The journal tells of the leaf alone. Of the authorities behind it each is kept here, or was
/// signed by the next or by one that is.
fn is_chain(certificates: &[Certificate], kept: &[Certificate]) -> bool {
    let mut above = certificates.iter().enumerate().skip(1);
    above.all(|(place, authority)| {
        let mut signers = certificates.get(place + 1).into_iter().chain(kept);
        kept.contains(authority) || signers.any(|signer| is_signed_by(authority, signer))
    })
}

/// What no line tells of may be any: that the journal is incomplete is found elsewhere.
fn is_recorded(certificates: &[Certificate], known: Option<&[&str]>) -> bool {
    let (Some(known), Some(certificate)) = (known, certificates.first()) else {
        return true;
    };
    let fingerprint = certificate.fingerprint().to_string();
    known.contains(&fingerprint.as_str())
}
