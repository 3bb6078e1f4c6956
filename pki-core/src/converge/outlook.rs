//! Which files a plan will write, before it is known what stands in them.

use std::collections::BTreeSet;

use super::plan::{Plan, PlannedLeaf};
use super::{Action, ConvergeError};
use crate::crl::Due;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::store::{Pki, Store};
use crate::trust::Bundles;

impl Plan {
    /// Where a person will find what [`Plan::apply`] writes: certificates and
    /// sealed keys, CA files, revocation lists, the journal.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn files<S: Store>(
        &self,
        cluster: &Cluster,
        pki: &Pki<S>,
    ) -> Result<Vec<String>, ConvergeError> {
        let mut files = self.generations(pki);
        files.extend(self.bundle_files(cluster, pki)?);
        let mut lists: BTreeSet<String> = BTreeSet::new();
        let merged = [Pki::<S>::merged_crl_path(), Pki::<S>::crl_pem_path()];
        let merged = merged.map(|path| pki.store().locate(path));
        for (path, due) in self.lists() {
            lists.insert(path.clone());
            if *path == merged[0] || *due == Due::Pem {
                lists.extend(merged.clone());
            }
        }
        for action in self.actions() {
            let Action::MakeAuthority(name) = action else {
                continue;
            };
            match name == AuthorityName::signing(cluster) {
                true => lists.extend(merged.clone()),
                false => {
                    lists.insert(pki.store().locate(&Pki::<S>::own_crl_path(name, 1)));
                }
            }
        }
        // One that signed leaves until now gets a list of its own.
        if self.present(AuthorityName::signing(cluster)).is_none() {
            for stored in pki.authorities()? {
                let path = Pki::<S>::own_crl_path(stored.name, stored.generation);
                if pki.store().read(&path)?.is_none() {
                    lists.insert(pki.store().locate(&path));
                }
            }
        }
        files.extend(lists);
        files.extend(pki.missing_git_attributes()?);
        let journal = pki.journal()?;
        if !files.is_empty() || !self.actions().is_empty() || !pki.unrecorded(&journal)?.is_empty()
        {
            files.push(pki.locate_journal());
        }
        Ok(files)
    }

    fn generations<S: Store>(&self, pki: &Pki<S>) -> Vec<String> {
        let authorities = self.authorities.iter().chain(&self.others);
        let authorities = authorities
            .filter(|(_, present)| present.is_none())
            .flat_map(|(name, _)| pki.files_of_authority(*name, 1));
        let leaves = self.leaves.iter().flat_map(|planned| match planned {
            PlannedLeaf::Issue {
                leaf, generation, ..
            } => pki.files_of_leaf(&leaf.id, *generation).to_vec(),
            PlannedLeaf::Keep(_) => Vec::new(),
        });
        authorities.chain(leaves).collect()
    }

    /// The bundles that differ from what will stand in them.
    fn bundle_files<S: Store>(
        &self,
        cluster: &Cluster,
        pki: &Pki<S>,
    ) -> Result<Vec<String>, ConvergeError> {
        if let Some(bundles) = &self.bundles {
            let stale = pki.stale_bundles(bundles)?.into_iter();
            return Ok(stale.map(|(path, _)| path).collect());
        }
        let anchor = self.present(cluster.trust_anchor.into());
        let Some(anchor) = anchor else {
            return Ok(pki.bundle_paths());
        };
        // The authority that is to come is in the chain alone.
        let top = AuthorityName::top(cluster);
        let present = self.authorities.iter().rev();
        let present: Vec<_> = present.filter_map(|(_, one)| one.clone()).collect();
        let chain = present.iter().filter(|one| one.name != top);
        let chain = chain.map(|one| one.certificate.clone()).collect();
        let members = vec![anchor.certificate.clone()];
        let bundles = Bundles::new(cluster, chain, members, &present);
        let mut files = vec![pki.locate_chain()];
        for (path, _) in pki.stale_bundles(&bundles)? {
            if !files.contains(&path) {
                files.push(path);
            }
        }
        Ok(files)
    }
}
