//! Making what is missing.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::chain::Chain;
use super::plan::Plan;
use super::revoke::Lists;
use super::{ConvergeError, Signed, State};
use crate::authority::Authority;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::key::PrivateKey;
use crate::leaf::LeafId;
use crate::revocation::Revocation;
use crate::seal::{KeyringId, Unlocked};
use crate::secret_text::SecretText;
use crate::store::atomic::Group;
use crate::store::{Batch, Pki, Staged, Store, StoredAuthority, StoredLeaf};
use crate::trust::Bundles;

impl Plan {
    /// Makes it: [`Plan::issue`] and [`Issued::commit`].
    ///
    /// # Errors
    ///
    /// When a key does not open, an authority may not sign, or the store cannot be written or has
    /// not the keyring of `keys`.
    pub fn apply<S: Store + Sync>(
        self,
        cluster: &Cluster,
        pki: &mut Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<State, ConvergeError> {
        self.issue(cluster, pki, keys, now)?.commit(pki)
    }

    /// Makes everything in memory, many leaves on every core. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// When a key does not open, or an authority may not sign.
    pub fn issue<S: Store + Sync>(
        self,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Issued, ConvergeError> {
        let mut batch = Batch::default();
        let mut chain = Chain::default();
        let mut revocations = pki.revocations()?;
        let mut made_now = Vec::new();
        if let Some(change) = self.change {
            made_now.extend(change.new_authorities().cloned());
            for revocation in change.revocations {
                pki.add_revocation(&mut batch, &revocation)?;
                revocations.retain(|record| record.serial != revocation.serial);
                revocations.push(revocation);
            }
            for made in change.new {
                chain.add_made::<S>(made, keys, &mut batch)?;
            }
        }
        chain.complete(self.authorities, cluster, pki, keys, now, &mut batch)?;
        let others = chain.make_others(self.others, cluster, pki, keys, now, &mut batch)?;
        let bundles = match self.bundles {
            Some(bundles) => bundles,
            None => Bundles::settled(cluster, &chain.stored)
                .map_err(|name| ConvergeError::Incomplete(format!("authorities/{name}")))?,
        };
        chain.presented = bundles.presented().cloned().collect();
        // Authorities are on the disk before anything that they signed, and it is told which of
        // them signs before a leaf is there that says so.
        batch.barrier();
        pki.add_bundles(&mut batch, &bundles)?;
        let (leaves, fresh_keys) =
            chain.leaves(self.leaves, cluster, pki, keys, now, &mut batch)?;
        let Chain {
            stored: mut authorities,
            fresh,
            ..
        } = chain;
        authorities.extend(others);
        let mut state = State {
            authorities,
            leaves,
            bundles,
            lists: Signed::default(),
        };
        made_now.extend(state.authorities.iter().cloned());
        let records = Records {
            fresh,
            authorities: made_now,
            revocations,
        };
        state.lists = sign_lists(&state, records, cluster, pki, keys, now, &mut batch)?;
        pki.add_git_attributes(&mut batch)?;
        Ok(Issued {
            state,
            batch,
            fresh_keys,
            keyring: *keys.keyring_id(),
        })
    }
}

/// What a plan made, in memory.
///
/// A new keyring is to be written before it ([`Pki::put_keyring`]): without that no key of it would
/// ever open.
#[derive(Debug)]
pub struct Issued {
    state: State,
    batch: Batch,
    fresh_keys: HashMap<LeafId, PrivateKey>,
    /// Under which it was sealed.
    keyring: KeyringId,
}

impl Issued {
    /// What there will be when it is written.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The private key of a leaf as PEM, be it written or not.
    ///
    /// # Errors
    ///
    /// When it does not open.
    pub fn key<S: Store>(
        &self,
        leaf: &StoredLeaf,
        pki: &Pki<S>,
        keys: &Unlocked,
    ) -> Result<SecretText, ConvergeError> {
        match self.fresh_keys.get(&leaf.id) {
            Some(key) => Ok(key.to_pem()),
            None => Ok(pki.leaf_key(leaf, keys)?.to_pem()),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When the store has not the keyring of what was sealed, or cannot be written.
    pub fn commit<S: Store>(self, pki: &mut Pki<S>) -> Result<State, ConvergeError> {
        match pki.keyring()?.map(|keyring| *keyring.id()) {
            None => return Err(ConvergeError::NoKeyring),
            Some(id) if id != self.keyring => return Err(ConvergeError::OtherKeyring),
            Some(_) => {}
        }
        pki.commit(self.batch)?;
        Ok(self.state)
    }

    /// Writes it beside its place, as [`Pki::stage`], so that it can be made while the keyring
    /// still is; that is to be there before the group puts this into its place.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn stage<S: Store>(
        self,
        pki: &Pki<S>,
        group: &mut Group,
    ) -> Result<(State, Staged), ConvergeError> {
        let staged = pki.stage(self.batch, group)?;
        Ok((self.state, staged))
    }
}

/// What lists are made of besides the state.
struct Records {
    fresh: Vec<(AuthorityName, Authority)>,
    /// Those that are in use, and others that were made now.
    authorities: Vec<StoredAuthority>,
    revocations: Vec<Revocation>,
}

/// Signs the lists that are due: empty ones for authorities that were made now.
fn sign_lists<S: Store>(
    state: &State,
    records: Records,
    cluster: &Cluster,
    pki: &Pki<S>,
    keys: &Unlocked,
    now: OffsetDateTime,
    batch: &mut Batch,
) -> Result<Signed, ConvergeError> {
    let mut authorities = pki.authorities()?;
    let fresh = records.fresh.into_iter();
    let fresh: Vec<Authority> = fresh.map(|(_, authority)| authority).collect();
    let is_fresh = |stored: &&StoredAuthority| {
        let mut fresh = fresh.iter();
        fresh.any(|authority| *authority.certificate() == stored.certificate)
    };
    let made = records.authorities.iter().filter(is_fresh);
    for stored in made {
        if !authorities
            .iter()
            .any(|known| known.certificate == stored.certificate)
        {
            authorities.push(stored.clone());
        }
    }
    let signing = AuthorityName::signing(cluster);
    let mut in_use = state.authorities.iter();
    let lists = Lists {
        signing: in_use.find(|stored| stored.name == signing),
        authorities: &authorities,
        fresh: &fresh,
        revocations: &records.revocations,
    };
    lists.sign(cluster, pki, keys, now, batch)
}
