//! Certificate revocation lists (RFC 5280 section 5), as path validation uses them.

use std::collections::HashSet;
use std::fmt;

use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::PathError;
use crate::certificate::Certificate;
use crate::crl::Crl;

/// Revocation lists, and how they are used.
pub struct Revocation {
    lists: Vec<CertRevocationList<'static>>,
    serials: HashSet<Vec<u8>>,
    depth: RevocationDepth,
    unlisted: Unlisted,
}

impl Revocation {
    /// These lists. An outdated one refuses what it would speak of.
    ///
    /// # Errors
    ///
    /// When one is of a kind that the path validator does not know: of version 1, a delta list,
    /// or one without a time for the next.
    pub fn new(
        lists: &[Crl],
        depth: RevocationDepth,
        unlisted: Unlisted,
    ) -> Result<Self, PathError> {
        let read = |list: &Crl| match OwnedCertRevocationList::from_der(list.der()) {
            Ok(list) => Ok(list.into()),
            Err(_) => Err(PathError::RevocationList {
                issuer: list.issuer.clone(),
            }),
        };
        let entries = lists.iter().flat_map(|list| &list.entries);
        Ok(Self {
            lists: lists.iter().map(read).collect::<Result<_, _>>()?,
            serials: entries.map(|entry| entry.serial.clone()).collect(),
            depth,
            unlisted,
        })
    }

    /// The lists as the path validator takes them.
    pub(super) fn lists(&self) -> Vec<&CertRevocationList<'static>> {
        self.lists.iter().collect()
    }

    /// How the path validator is to use them.
    pub(super) fn options<'a>(
        &self,
        lists: &'a [&'a CertRevocationList<'a>],
    ) -> Result<RevocationOptions<'a>, PathError> {
        let builder = RevocationOptionsBuilder::new(lists)
            .map_err(|_| PathError::Other("no revocation list is given".to_owned()))?;
        Ok(builder
            .with_depth(match self.depth {
                RevocationDepth::Chain => RevocationCheckDepth::Chain,
                RevocationDepth::Leaf => RevocationCheckDepth::EndEntity,
            })
            .with_status_policy(match self.unlisted {
                Unlisted::Accept => UnknownStatusPolicy::Allow,
                Unlisted::Refuse => UnknownStatusPolicy::Deny,
            })
            // Left alone, the validator takes a list that is long outdated.
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build())
    }

    /// Whether any list has the serial number of `certificate`, whoever issued that: so etcd
    /// reads them.
    pub(super) fn has_serial_of(&self, certificate: &Certificate) -> bool {
        self.serials.contains(&certificate.serial)
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("lists", &self.lists.len())
            .field("revoked", &self.serials.len())
            .finish_non_exhaustive()
    }
}

/// Of which certificates of a path the status is looked up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationDepth {
    /// Of all but the trust anchor.
    Chain,
    /// Of the leaf alone.
    Leaf,
}

/// What becomes of a certificate whose issuer has no list among those given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unlisted {
    /// It is good.
    Accept,
    /// It is refused.
    Refuse,
}

/// Whether these octets are a CRL in DER to the letter, as Go and so etcd demands.
pub(crate) fn is_strict_crl(der: &[u8]) -> bool {
    OwnedCertRevocationList::from_der(der).is_ok()
}
