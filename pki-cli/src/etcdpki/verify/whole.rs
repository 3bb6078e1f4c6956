//! The check of the whole PKI and of the vault files.

use pki_core::Cluster;
use pki_core::converge::{self, ConvergeError};
use pki_core::lint;
use pki_core::seal::Unlocked;
use pki_core::store::{Pki, StoreError};
use pki_core::verify::{self, Report};
use time::OffsetDateTime;

use super::vault::{self, Vault};
use crate::etcdpki::args::{KeyArguments, VaultArguments};
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::keys;
use crate::etcdpki::opened;
use crate::etcdpki::place::Kept;

/// A PKI that was checked.
pub(in crate::etcdpki) struct Whole {
    pub(in crate::etcdpki) cluster: Cluster,
    pub(in crate::etcdpki) pki: Pki<Kept>,
    /// Its keys, if they were opened.
    pub(in crate::etcdpki) keys: Option<Unlocked>,
    pub(in crate::etcdpki) report: Report,
    pub(super) vault: Vault,
}

impl Whole {
    /// Checks everything; without `keys` no sealed key, and no vault file's content.
    pub(in crate::etcdpki) fn check(
        keys: Option<&KeyArguments>,
        vault: &VaultArguments,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let cluster = description::read()?;
        let mut unusable = None;
        let pki = match keys {
            // The keyring may be kept elsewhere.
            None => opened::without_keyring()?,
            Some(_) => match opened::read_only() {
                Err(Error::Store(StoreError::NoKeyring { path })) => {
                    unusable = Some((
                        path,
                        "it is missing, and no key opens without it".to_owned(),
                    ));
                    opened::without_keyring()?
                }
                opened => opened?,
            },
        };
        // Nothing would be as described. A keyring that cannot be read is a finding.
        if let Err(error @ ConvergeError::OtherCluster { .. }) =
            converge::check_cluster(&cluster, &pki)
        {
            return Err(error.into());
        }
        let keyring = match keys {
            None => Ok(None),
            Some(_) => pki.keyring(),
        };
        let keyring = match keyring {
            Ok(keyring) => keyring,
            Err(StoreError::Keyring { path, source }) => {
                unusable = Some((path, source.to_string()));
                None
            }
            Err(error) => return Err(error.into()),
        };
        let opened = keys.zip(keyring);
        let opened = opened.map(|(keys, keyring)| keys::open_unproved(keys, &keyring));
        let keys = opened.transpose().map_err(Error::unopened)?;
        let mut report = verify::verify(&cluster, &pki, keys.as_ref(), now)?;
        if let Some((path, message)) = unusable {
            report.found(&path, &lint::pki::KEYRING, message);
        }
        let vault = vault::check(&cluster, &pki, keys.as_ref(), vault, &mut report)?;
        Ok(Self {
            cluster,
            pki,
            keys,
            report,
            vault,
        })
    }

    /// What was checked, such as `3 authorities, 8 certificates, 11 keys opened`.
    pub(in crate::etcdpki) fn checked(&self) -> String {
        super::view::of_whole(&self.report, self.keys.is_some(), &self.vault)
    }

    /// What was not checked and could have been.
    pub(in crate::etcdpki) fn skipped(&self) -> Option<String> {
        self.keys.as_ref()?;
        self.vault.skipped()
    }
}
