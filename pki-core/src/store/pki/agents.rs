//! Agents, whom they are invited by, and the key that signs what they are handed.

use time::OffsetDateTime;

use super::generations::seal;
use super::{Batch, Pki, Store, StoreError};
use crate::agent::{Agent, Invitation, Message};
use crate::journal::{Entry, Event};
use crate::key::{Fingerprint, KeyAlgorithm, PrivateKey};
use crate::pem;
use crate::seal::{Tier, Unlocked};
use crate::store::layout::{AGENTS, INVITATIONS, PUBLISHER, PUBLISHER_KEY, PUBLISHER_PUBLIC};

impl<S: Store> Pki<S> {
    /// Every agent that was admitted and not withdrawn, by its owner's name.
    ///
    /// # Errors
    ///
    /// When a record cannot be read.
    pub fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let mut agents = self.admissions()?;
        agents.retain(|agent| agent.withdrawn.is_none());
        Ok(agents)
    }

    /// The same, and those that were withdrawn.
    ///
    /// # Errors
    ///
    /// When a record cannot be read.
    pub fn admissions(&self) -> Result<Vec<Agent>, StoreError> {
        self.letters(AGENTS)
    }

    /// Every invitation, used or not.
    ///
    /// # Errors
    ///
    /// When a record cannot be read.
    pub fn invitations(&self) -> Result<Vec<Invitation>, StoreError> {
        self.letters(INVITATIONS)
    }

    /// Adds the record of an agent to `batch`, in place of the one that its owner had.
    pub fn add_agent(batch: &mut Batch, agent: &Agent) {
        let path = format!("{AGENTS}/{}.json", agent.owner);
        let detail = format!("{} as {}", agent.owner, agent.recipient);
        batch.record(Entry::new(Event::Admitted).at(&path).with_detail(detail));
        batch.put(path, agent.to_json());
    }

    /// Withdraws an agent: adds that to its record in `batch`.
    pub fn withdraw_agent(batch: &mut Batch, agent: &Agent, now: OffsetDateTime) {
        let path = format!("{AGENTS}/{}.json", agent.owner);
        let detail = format!("{} as {}", agent.owner, agent.recipient);
        batch.record(Entry::new(Event::Withdrawn).at(&path).with_detail(detail));
        batch.put(path, agent.withdrawn(now).to_json());
    }

    /// Withdraws an invitation that was not used: its token is good no longer.
    pub fn withdraw_invitation(batch: &mut Batch, invitation: &Invitation, now: OffsetDateTime) {
        let path = format!("{INVITATIONS}/{}.json", invitation.id);
        let detail = format!("the token for the agent of {}", invitation.owner);
        batch.record(Entry::new(Event::Withdrawn).at(&path).with_detail(detail));
        batch.put(path, invitation.withdrawn(now).to_json());
    }

    /// Adds the record of an invitation to `batch`, in place of what was known of it.
    pub fn add_invitation(batch: &mut Batch, invitation: &Invitation) {
        let path = format!("{INVITATIONS}/{}.json", invitation.id);
        if invitation.used.is_none() {
            let detail = format!("the agent of {}", invitation.owner);
            batch.record(Entry::new(Event::Invited).at(&path).with_detail(detail));
        }
        batch.put(path, invitation.to_json());
    }

    /// The key that signs deliveries; there is none before the first agent is invited or admitted.
    ///
    /// # Errors
    ///
    /// When it does not open.
    pub fn publisher(&self, keys: &Unlocked) -> Result<Option<PrivateKey>, StoreError> {
        let Some(generation) = self.newest(PUBLISHER)? else {
            return Ok(None);
        };
        let directory = format!("{PUBLISHER}/{generation}");
        let public = self.read_public_key(&format!("{directory}/{PUBLISHER_PUBLIC}"))?;
        let path = format!("{directory}/{PUBLISHER_KEY}");
        self.open(&path, PUBLISHER, Tier::Issuing, &public, keys)
            .map(Some)
    }

    /// The fingerprint of that key's public half, by which agents know it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn publisher_fingerprint(&self) -> Result<Option<Fingerprint>, StoreError> {
        let newest = self.newest(PUBLISHER)?;
        let public = newest.map(|generation| {
            self.read_public_key(&format!("{PUBLISHER}/{generation}/{PUBLISHER_PUBLIC}"))
        });
        Ok(public.transpose()?.map(|public| public.fingerprint()))
    }

    /// Makes that key, and adds it to `batch`.
    ///
    /// # Errors
    ///
    /// When it cannot be made or sealed.
    pub fn add_publisher(batch: &mut Batch, keys: &Unlocked) -> Result<PrivateKey, StoreError> {
        let key = PrivateKey::generate(KeyAlgorithm::Ed25519).map_err(|error| {
            let source = std::io::Error::other(error);
            StoreError::io(PUBLISHER, source)
        })?;
        let public = pem::encode(pem::PUBLIC_KEY, key.public().spki_der());
        let files = vec![
            (PUBLISHER_PUBLIC, public.into_bytes()),
            (PUBLISHER_KEY, seal(PUBLISHER, Tier::Issuing, &key, keys)?),
        ];
        batch.put_directory(format!("{PUBLISHER}/1"), files);
        Ok(key)
    }

    fn letters<T: Message>(&self, directory: &str) -> Result<Vec<T>, StoreError> {
        let names = self.store.list(directory)?;
        let letters = names.iter().map(|name| {
            let path = format!("{directory}/{name}");
            T::from_json(&self.required(&path)?).map_err(|source| StoreError::Letter {
                path: self.store.locate(&path),
                source,
            })
        });
        letters.collect()
    }
}
