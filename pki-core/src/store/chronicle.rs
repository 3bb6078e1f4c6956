//! The journal of a PKI: written after what it tells of.

use std::collections::HashSet;

use time::OffsetDateTime;

use super::layout::{self, AUTHORITY_CERTIFICATE, LEAF_CERTIFICATE, LEAF_KEY};
use super::{Batch, Pki, Store, StoreError, StoredLeaf};
use crate::certificate::Certificate;
use crate::journal::{Entry, Event, Journal};

impl<S: Store> Pki<S> {
    /// The journal; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read. One that is broken is no error.
    pub fn journal(&self) -> Result<Journal, StoreError> {
        let text = self.store().read(layout::JOURNAL)?;
        Ok(Journal::read(&text.unwrap_or_default()))
    }

    /// Where a person finds the journal.
    pub fn locate_journal(&self) -> String {
        self.store().locate(layout::JOURNAL)
    }

    /// Says in the journal that the keys of these leaves leave, and in which form.
    ///
    /// Call it before they do: nothing in the store would tell afterwards that a line is missing.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn record_exports<'a>(
        &mut self,
        leaves: impl IntoIterator<Item = &'a StoredLeaf>,
        form: &str,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for leaf in leaves {
            let (directory, generation) = (layout::leaf(&leaf.id), leaf.generation);
            let path = format!("{directory}/{generation}/{LEAF_KEY}");
            let entry = Entry::of(Event::Exported, leaf.certificate());
            batch.record(entry.at(path).with_detail(form));
        }
        self.commit(batch)
    }

    /// Whether the journal tells of everything that is in the store: what it does not tell of, in
    /// words.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn missing_lines(&self, journal: &Journal) -> Result<Option<String>, StoreError> {
        let unrecorded = self.unrecorded(journal)?;
        let mut paths = unrecorded.iter().filter_map(|entry| entry.path.as_deref());
        Ok(paths.next().map(|first| {
            let others = match paths.count() {
                0 => String::new(),
                others => format!(" and {others} others"),
            };
            format!("no line tells of {first}{others}")
        }))
    }

    /// What is in the store and not in the journal.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn unrecorded(&self, journal: &Journal) -> Result<Vec<Entry>, StoreError> {
        let entries = journal.lines().iter().map(|line| line.entry());
        let paths: HashSet<&str> = entries
            .clone()
            .filter_map(|entry| entry.path.as_deref())
            .collect();
        let mut found = Vec::new();
        for (path, file) in self.all_generations()? {
            if !paths.contains(path.as_str()) {
                // One that cannot be read is a matter for `verify`.
                let certificates = self.certificates(&format!("{path}/{file}")).ok();
                let certificate = certificates.and_then(|chain| chain.into_iter().next());
                found.extend(
                    certificate.map(|certificate| Entry::of(Event::Found, &certificate).at(path)),
                );
            }
        }
        let released: HashSet<&str> = entries
            .filter(|entry| {
                entry.detail.as_deref() == Some(RELEASED) || entry.event == Event::Released
            })
            .filter_map(|entry| entry.path.as_deref())
            .collect();
        for revocation in self.each_revocation()?.into_iter().flatten() {
            let path = layout::revocation(&revocation.serial_text());
            let (known, detail) = match revocation.is_active() {
                true => (&paths, revocation.reason.as_str()),
                false => (&released, RELEASED),
            };
            if !known.contains(path.as_str()) {
                found.push(Entry {
                    event: Event::Found,
                    ..Entry::of_revocation(&revocation)
                        .at(path)
                        .with_detail(detail)
                });
            }
        }
        Ok(found)
    }

    /// Adds to `batch`, as its last entry, the journal with what the batch has for it, and with
    /// what an earlier command that was killed could not write any more.
    pub(super) fn add_journal(&self, batch: &mut Batch) -> Result<(), StoreError> {
        let mut journal = self.journal()?;
        let found = self.unrecorded(&journal)?;
        let recorded = batch.take_records();
        if found.is_empty() && recorded.is_empty() {
            return Ok(());
        }
        let now = OffsetDateTime::now_utc();
        for entry in found.into_iter().chain(recorded) {
            journal.append(entry, self.command(), now);
        }
        batch.barrier();
        batch.put(layout::JOURNAL, journal.text());
        Ok(())
    }

    /// The directory of every generation of every authority and leaf, and the name of its
    /// certificate.
    pub(crate) fn all_generations(&self) -> Result<Vec<(String, &'static str)>, StoreError> {
        let mut found = Vec::new();
        for name in self.store().list(layout::AUTHORITIES)? {
            let directory = format!("{}/{name}", layout::AUTHORITIES);
            for generation in self.generations(&directory)? {
                // One that waits for its certificate is none yet.
                if !self.is_waiting(&directory, generation)? {
                    found.push((format!("{directory}/{generation}"), AUTHORITY_CERTIFICATE));
                }
            }
        }
        for directory in self.leaf_directories()? {
            for generation in self.generations(&directory)? {
                found.push((format!("{directory}/{generation}"), LEAF_CERTIFICATE));
            }
        }
        Ok(found)
    }

    /// Every certificate in the store, of every generation, with the directory of its
    /// generation.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub fn all_certificates(&self) -> Result<Vec<(String, Certificate)>, StoreError> {
        self.all_generations()?
            .into_iter()
            .map(|(path, file)| {
                let certificate = self.certificates(&format!("{path}/{file}"))?.remove(0);
                Ok((path, certificate))
            })
            .collect()
    }
}

/// The detail of a revocation that was found and is taken back.
const RELEASED: &str = "released";
