//! What members and clients trust, as files.

use super::Pki;
use crate::certificate::{Certificate, bundle};
use crate::lint::BundleUse;
use crate::store::{Batch, Store, StoreError, layout};
use crate::trust::Bundles;

impl<S: Store> Pki<S> {
    /// The chain that leaves carry, if its file is there and can be read.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn chain(&self) -> Result<Option<Vec<Certificate>>, StoreError> {
        let text = self.store.read(layout::CHAIN)?;
        Ok(text.and_then(|text| bundle::read(&text).ok()))
    }

    /// Where a person finds the chain.
    pub(crate) fn locate_chain(&self) -> String {
        self.store.locate(layout::CHAIN)
    }

    /// Where a person finds a CA file.
    pub(crate) fn locate_trust(&self, used_by: BundleUse) -> String {
        self.store.locate(trust_path(used_by))
    }

    /// The text of the CA file for members or clients, and where a person finds it.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub(crate) fn trust_file(
        &self,
        used_by: BundleUse,
    ) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        self.located(trust_path(used_by))
    }

    /// Adds the bundles to `batch` that differ from those in the store.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn add_bundles(
        &self,
        batch: &mut Batch,
        bundles: &Bundles,
    ) -> Result<(), StoreError> {
        for (path, text) in self.differing(bundles)? {
            batch.put(path, text);
        }
        Ok(())
    }

    /// Where a person finds the bundles that are not as they should be, and whether they are there.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn stale_bundles(
        &self,
        bundles: &Bundles,
    ) -> Result<Vec<(String, bool)>, StoreError> {
        let differing = self.differing(bundles)?;
        let stale = differing.into_iter().map(|(path, _)| {
            let is_there = self.store.read(path)?.is_some();
            Ok((self.store.locate(path), is_there))
        });
        stale.collect()
    }

    /// Where a person finds the bundles.
    pub(crate) fn bundle_paths(&self) -> Vec<String> {
        let paths = [
            layout::CHAIN,
            layout::TRUST_OF_MEMBERS,
            layout::TRUST_OF_CLIENTS,
        ];
        paths.map(|path| self.store.locate(path)).into()
    }

    fn differing(&self, bundles: &Bundles) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut differing = Vec::new();
        for (path, certificates) in [
            (layout::CHAIN, &bundles.chain),
            (layout::TRUST_OF_MEMBERS, &bundles.members),
            (layout::TRUST_OF_CLIENTS, &bundles.clients),
        ] {
            let text = bundle::write(certificates);
            if self.store.read(path)?.as_deref() != Some(text.as_bytes()) {
                differing.push((path, text));
            }
        }
        Ok(differing)
    }
}

fn trust_path(used_by: BundleUse) -> &'static str {
    match used_by {
        BundleUse::Clients => layout::TRUST_OF_CLIENTS,
        BundleUse::Members => layout::TRUST_OF_MEMBERS,
    }
}
