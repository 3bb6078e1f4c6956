//! The paths of the PKI directory.
//!
//! ```text
//! keyring.yml                               the data keys, wrapped
//! authorities/NAME/GENERATION/              ca.crt, ca.key.sealed; never changed
//! certificates/OWNER/ROLE/GENERATION/       tls.crt, tls.key.sealed; never changed
//! trust/                                    what leaves carry, members and clients trust now
//! revocations/SERIAL.yml                    what is revoked, a record each (crate::revocation)
//! crl/etcd.crl, crl/etcd.pem                the list for etcd (crate::crl)
//! crl/authorities/NAME/GENERATION.crl       the list of each authority that signs no leaves
//! agents/                                   who fetches certificates itself (crate::agent)
//! journal.jsonl                             what happened (crate::journal)
//! .gitattributes                            how git merges the journal
//! ```
//!
//! Certificates and records are the state, and of several generations of an authority `trust/`
//! tells which are in use. Lists are made from them; a list that says more than the records is
//! believed too, see [`crate::crl::lists`].

use crate::hierarchy::AuthorityName;
use crate::leaf::LeafId;

/// The directory of the records of agents, a file each.
#[cfg(feature = "age")]
pub(super) const AGENTS: &str = "agents/admitted";
/// The directory of the records of invitations, a file each.
#[cfg(feature = "age")]
pub(super) const INVITATIONS: &str = "agents/invitations";
/// The directory of all generations of the key that signs deliveries.
pub(super) const PUBLISHER: &str = "agents/publisher";
/// The publisher's public key, in its generation: PEM.
#[cfg(feature = "age")]
pub(super) const PUBLISHER_PUBLIC: &str = "publisher.pub";
/// The publisher's sealed key.
#[cfg(feature = "age")]
pub(super) const PUBLISHER_KEY: &str = "publisher.key.sealed";
/// The directory of all authorities.
pub(super) const AUTHORITIES: &str = "authorities";
/// The list for etcd.
pub(super) const CRL: &str = "crl/etcd.crl";
/// The same as PEM.
pub(super) const CRL_PEM: &str = "crl/etcd.pem";
/// The directory of the lists of authorities that sign no leaves.
pub(super) const CRLS_OF_AUTHORITIES: &str = "crl/authorities";
/// How git merges.
pub(super) const GIT_ATTRIBUTES: &str = ".gitattributes";
/// The journal.
pub(super) const JOURNAL: &str = "journal.jsonl";
/// The directory of the records of revocations.
pub(super) const REVOCATIONS: &str = "revocations";
/// The directory of all leaves.
pub(super) const LEAVES: &str = "certificates";
/// The keyring.
pub(super) const KEYRING: &str = "keyring.yml";
/// What leaves carry behind them now: the authority that signs them first.
pub(super) const CHAIN: &str = "trust/chain.crt";
/// What members must trust now.
pub(super) const TRUST_OF_MEMBERS: &str = "trust/members.crt";
/// What clients must trust now; it ends in the root.
pub(super) const TRUST_OF_CLIENTS: &str = "trust/clients.crt";
/// One revocation list over all authorities and generations, as etcd reads it.
pub(super) const REVOCATION_LIST: &str = "crl/etcd.crl";
/// An authority's certificate, in its generation.
pub(super) const AUTHORITY_CERTIFICATE: &str = "ca.crt";
/// An authority's sealed key.
pub(super) const AUTHORITY_KEY: &str = "ca.key.sealed";
/// What is asked of a signer elsewhere, until its answer, the certificate, is there.
pub(super) const AUTHORITY_REQUEST: &str = "ca.csr";
/// Says where the key is, in place of the sealed key: see [`Custody`](crate::signer::Custody).
pub(super) const AUTHORITY_SIGNER: &str = "ca.signer.yml";
/// Says that another tool made the leaf of this generation.
pub(super) const ADOPTED: &str = "adopted.txt";
/// A leaf and every authority below the root, in its generation.
pub(super) const LEAF_CERTIFICATE: &str = "tls.crt";
/// A leaf's sealed key.
pub(super) const LEAF_KEY: &str = "tls.key.sealed";

/// The directory of all generations of an authority.
pub(super) fn authority(name: AuthorityName) -> String {
    format!("{AUTHORITIES}/{name}")
}

/// The directory of all generations of a leaf.
pub(super) fn leaf(id: &LeafId) -> String {
    format!("{LEAVES}/{id}")
}

/// The generation whose directory has this name. The highest number of all is none, so that every
/// generation has one that comes next.
pub(super) fn generation(name: &str) -> Option<u32> {
    let number = name.parse().ok().filter(|number| *number < u32::MAX);
    number.filter(|_| name.starts_with(|first| matches!(first, '1'..='9')))
}

/// The record of a revocation, by its serial number in hexadecimal.
pub(super) fn revocation(serial: &str) -> String {
    format!("{REVOCATIONS}/{serial}.yml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_written_in_one_way_and_has_a_next_one() {
        assert_eq!(generation("1"), Some(1));
        assert_eq!(generation("4294967294"), Some(u32::MAX - 1));
        for name in ["", "0", "01", "+1", "-1", "1a", "4294967295", "4294967296"] {
            assert_eq!(generation(name), None, "{name}");
        }
    }
}
