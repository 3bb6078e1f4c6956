//! What is revoked in a PKI, and its lists.

use super::layout::{self, AUTHORITY_CERTIFICATE};
use super::{Batch, Pki, Store, StoreError, StoredAuthority};
use crate::crl::{Crl, List};
use crate::hierarchy::AuthorityName;
use crate::journal::Entry;
use crate::revocation::{InvalidRevocation, Revocation};

impl<S: Store> Pki<S> {
    /// Every record of a revocation, by serial number.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub fn revocations(&self) -> Result<Vec<Revocation>, StoreError> {
        self.each_revocation()?.into_iter().collect()
    }

    /// The same, each by itself.
    pub(crate) fn each_revocation(
        &self,
    ) -> Result<Vec<Result<Revocation, StoreError>>, StoreError> {
        let serials = self.revoked_serials()?;
        let records = serials
            .iter()
            .map(|serial| {
                let path = layout::revocation(serial);
                let text = self.required(&path)?;
                let failed = |source| StoreError::Revocation {
                    path: self.store().locate(&path),
                    source,
                };
                let record = std::str::from_utf8(&text)
                    .map_err(|_| InvalidRevocation::not_text())
                    .and_then(Revocation::from_yaml)
                    .map_err(failed)?;
                match layout::revocation(&record.serial_text()) == path {
                    true => Ok(record),
                    false => Err(failed(InvalidRevocation::other_serial(
                        &record.serial_text(),
                    ))),
                }
            })
            .collect();
        Ok(records)
    }

    /// The serial numbers of which there is a record, whether it can be read or not.
    pub(crate) fn revoked_serials(&self) -> Result<Vec<String>, StoreError> {
        let names = self.store().list(layout::REVOCATIONS)?;
        let serials = names.iter().filter_map(|name| name.strip_suffix(".yml"));
        Ok(serials.map(str::to_owned).collect())
    }

    /// Adds the record of a revocation to `batch`, in place of one of the same serial number, and
    /// returns where a person finds it.
    ///
    /// # Errors
    ///
    /// Never for dates in the years 0 to 9999.
    pub(crate) fn add_revocation(
        &self,
        batch: &mut Batch,
        revocation: &Revocation,
    ) -> Result<String, StoreError> {
        let path = layout::revocation(&revocation.serial_text());
        let text = revocation
            .to_yaml()
            .map_err(|source| StoreError::Revocation {
                path: self.store().locate(&path),
                source,
            })?;
        batch.record(Entry::of_revocation(revocation).at(path.as_str()));
        let place = self.store().locate(&path);
        batch.put(path, text);
        Ok(place)
    }

    /// The authorities that are here or asked for, from the top, whether they are described or
    /// not.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn authority_names(&self) -> Result<Vec<AuthorityName>, StoreError> {
        let names = self.store().list(layout::AUTHORITIES)?;
        let mut names: Vec<_> = names.iter().filter_map(|name| name.parse().ok()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Every generation of every authority, from the top.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub fn authorities(&self) -> Result<Vec<StoredAuthority>, StoreError> {
        self.each_authority()?.into_iter().collect()
    }

    /// The same, each by itself.
    pub(crate) fn each_authority(
        &self,
    ) -> Result<Vec<Result<StoredAuthority, StoreError>>, StoreError> {
        let mut found = Vec::new();
        for name in self.authority_names()? {
            let directory = layout::authority(name);
            for generation in self.generations(&directory)? {
                let path = format!("{directory}/{generation}/{AUTHORITY_CERTIFICATE}");
                // One that waits for its certificate is none yet.
                if self.is_waiting(&directory, generation)? {
                    continue;
                }
                found.push(
                    self.certificates(&path)
                        .map(|mut certificates| StoredAuthority {
                            name,
                            generation,
                            certificate: certificates.remove(0),
                        }),
                );
            }
        }
        Ok(found)
    }

    /// The list at a path of the store, which one of `authorities` must have signed.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read, or none of them signed it.
    pub fn crl(
        &self,
        path: &str,
        authorities: &[StoredAuthority],
    ) -> Result<Option<Crl>, StoreError> {
        let Some(der) = self.store().read(path)? else {
            return Ok(None);
        };
        let crl = Crl::from_der(&der).map_err(|source| StoreError::Crl {
            path: self.store().locate(path),
            source,
        })?;
        let mut signers = authorities.iter();
        match signers.any(|authority| crl.is_signed_by(&authority.certificate)) {
            true => Ok(Some(crl)),
            false => Err(StoreError::ForeignCrl {
                path: self.store().locate(path),
            }),
        }
    }

    /// The path in the store of an authority's list: the merged one for etcd, or its own.
    pub(crate) fn crl_path(authority: &StoredAuthority, merged: bool) -> String {
        match merged {
            true => layout::CRL.to_owned(),
            false => Self::own_crl_path(authority.name, authority.generation),
        }
    }

    /// The path in the store of the list of an authority that signs no leaves.
    pub(crate) fn own_crl_path(name: AuthorityName, generation: u32) -> String {
        format!("{}/{name}/{generation}.crl", layout::CRLS_OF_AUTHORITIES)
    }

    /// The path in the store of the merged list.
    pub(crate) fn merged_crl_path() -> &'static str {
        layout::CRL
    }

    /// The path in the store of the PEM copy of the merged list.
    pub(crate) fn crl_pem_path() -> &'static str {
        layout::CRL_PEM
    }

    /// Whether the PEM copy of the merged list is there and the same.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    pub(crate) fn has_pem_of(&self, merged: &Crl) -> Result<bool, StoreError> {
        let pem = self.store().read(layout::CRL_PEM)?;
        Ok(pem.as_deref() == Some(merged.to_pem().as_bytes()))
    }

    /// Adds a list that was signed to `batch`, and returns where a person finds it.
    pub(crate) fn add_crl(&self, batch: &mut Batch, list: &List, crl: &Crl) -> Vec<String> {
        let mut paths = vec![self.store().locate(&list.path)];
        batch.put(list.path.as_str(), crl.der());
        if list.merged {
            batch.put(layout::CRL_PEM, crl.to_pem());
            paths.push(self.store().locate(layout::CRL_PEM));
        }
        batch.record(Entry::of_crl(crl).at(list.path.as_str()));
        paths
    }

    /// Adds `.gitattributes` to `batch` unless there is one: how git merges the journal, and
    /// that it leaves lists alone.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) fn add_git_attributes(&self, batch: &mut Batch) -> Result<(), StoreError> {
        if self.missing_git_attributes()?.is_some() {
            batch.put(layout::GIT_ATTRIBUTES, GIT_ATTRIBUTES);
        }
        Ok(())
    }

    /// Where a person finds `.gitattributes`, once it is there.
    pub(crate) fn missing_git_attributes(&self) -> Result<Option<String>, StoreError> {
        let path = layout::GIT_ATTRIBUTES;
        Ok(match self.store().read(path)? {
            Some(_) => None,
            None => Some(self.store().locate(path)),
        })
    }
}

const GIT_ATTRIBUTES: &str = "\
# Lines of both sides are kept: the journal's chain is made for that.
journal.jsonl text eol=lf merge=union
# Take either side of a conflict and run `etcdpki init`: the records in revocations/ decide.
*.crl binary
crl/etcd.pem -merge
";
