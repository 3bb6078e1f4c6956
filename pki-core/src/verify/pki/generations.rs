//! Every generation that is here, whether it is described or not: its certificate against the
//! journal, its sealed key against its certificate.

use rayon::prelude::*;

use super::{Check, rules};
use crate::progress::Work;
use crate::seal::{SealError, Unlocked};
use crate::store::{Recorded, SealedFile, Store, StoreError};

impl<S: Store + Sync> Check<'_, S> {
    /// Finds certificates that cannot be read, or are others than those that were put there.
    pub(super) fn certificates(&mut self) -> Result<(), StoreError> {
        let journal = self.read_journal()?;
        let recorded = Recorded::new(&journal, self.pki.each_authority()?.into_iter().flatten());
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
            let fault = match certificates {
                Ok(certificates) => match recorded.fault(directory, &certificates) {
                    Some(fault) => fault,
                    None => {
                        self.every.extend(certificates.into_iter().next());
                        continue;
                    }
                },
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
            let certificate = self.pki.store().locate(&file.beside);
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
        let watched = self.pki.begin(Work::OpenKeys, files.len());
        let open = |file| {
            let opened = self.pki.open_file(file, keys);
            watched.advance();
            Some((file, opened.err()?))
        };
        files.par_iter().filter_map(open).collect()
    }
}
