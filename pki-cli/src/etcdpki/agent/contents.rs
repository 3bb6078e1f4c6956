//! What each owner's machine is to have, as the PKI stands.

use pki_core::Cluster;
use pki_core::agent::Content;
use pki_core::converge::State;
use pki_core::seal::Unlocked;
use pki_core::store::{Pki, StoredLeaf};

use super::AgentError;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;

/// A PKI with its keys opened.
pub(super) struct Contents<'a> {
    cluster: &'a Cluster,
    pki: &'a Pki<Kept>,
    keys: &'a Unlocked,
    state: State,
    revoked: Option<Vec<u8>>,
}

impl<'a> Contents<'a> {
    pub(super) fn read(
        cluster: &'a Cluster,
        pki: &'a Pki<Kept>,
        keys: &'a Unlocked,
    ) -> Result<Self, Error> {
        let list = pki.revocation_list_file()?;
        Ok(Self {
            cluster,
            pki,
            keys,
            state: State::read(cluster, pki)?,
            revoked: list.map(|(_, content)| content),
        })
    }

    pub(super) fn of(&self, owner: &str) -> Result<Content, AgentError> {
        let key = |leaf: &StoredLeaf| Ok(self.pki.leaf_key(leaf, self.keys)?);
        let revoked = self.revoked.clone();
        Ok(Content::of(self.cluster, &self.state, owner, key, revoked)?)
    }
}
