//! The PKI with its keys opened.

use pki_core::Cluster;
use pki_core::seal::{KdfParameters, Keyring, Unlocked};
use pki_core::store::atomic::Group;
use pki_core::store::{Batch, Pki};

use super::args::{KeyArguments, NewKeyArguments};
use super::error::Error;
use super::place::{Kept, Place};
use super::secrets::{self, Generated, Source};
use super::{interrupt, keys, output, watcher};

/// The PKI, to be changed, with its keys opened.
pub(super) struct Opened {
    pub(super) pki: Pki<Kept>,
    pub(super) keys: Unlocked,
    new_keyring: Option<Keyring>,
    /// The passphrase that was made for it.
    generated: Option<Generated>,
}

impl Opened {
    /// Opens the keys, or makes new ones where there is no keyring yet.
    pub(super) fn open(
        cluster: &Cluster,
        pki: Pki<Kept>,
        arguments: &KeyArguments,
    ) -> Result<Self, Error> {
        Self::new(cluster, pki, arguments, false)
    }

    /// The same; at wish a passphrase is made for a new keyring, if none is given.
    pub(super) fn open_or_generate(
        cluster: &Cluster,
        pki: Pki<Kept>,
        arguments: &NewKeyArguments,
    ) -> Result<Self, Error> {
        Self::new(cluster, pki, &arguments.keys, arguments.generate_secrets)
    }

    fn new(
        cluster: &Cluster,
        pki: Pki<Kept>,
        arguments: &KeyArguments,
        generate_secrets: bool,
    ) -> Result<Self, Error> {
        if let Some(keyring) = pki.keyring()? {
            return Ok(Self {
                keys: keys::open_existing(arguments, generate_secrets, &pki, &keyring)?,
                pki,
                new_keyring: None,
                generated: None,
            });
        }
        let source = Source::passphrase(&arguments.passphrase);
        let generated = match source.place_for_new().filter(|_| generate_secrets) {
            Some(path) => Some(Generated::new(path)?),
            None => None,
        };
        let secret = match &generated {
            Some(generated) => generated.secret.clone(),
            None => source.read(true).inspect_err(|_| discard_empty())?,
        };
        let passphrase = secrets::new_passphrase(&secret)?;
        let keys = Unlocked::generate()?;
        let name = cluster.name.as_str();
        let keyring = Keyring::new(name, &keys, &passphrase, KdfParameters::default())?;
        Ok(Self {
            pki,
            keys,
            new_keyring: Some(keyring),
            generated,
        })
    }

    /// Writes a batch, after a new keyring if there is one, and that after what opens it.
    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), Error> {
        let _held = interrupt::hold();
        let generated = self.generated.take();
        let mut group = Group::default();
        let is_new = self.new_keyring.is_some();
        secrets::stage_generated(generated.as_slice(), is_new, &mut group)?;
        group.commit()?;
        if let Some(generated) = generated {
            output::note(&format!(
                "wrote {}, which opens the sealed keys; git ignores it: keep a copy",
                generated.path.display()
            ));
        }
        let mut whole = Batch::default();
        if let Some(keyring) = &self.new_keyring {
            self.pki.add_keyring(&mut whole, keyring)?;
            whole.barrier();
        }
        whole.append(batch);
        Ok(self.pki.commit(whole)?)
    }
}

/// The PKI, to be changed by a command, whose name the journal tells.
pub(super) fn writable(command: &str) -> Result<Pki<Kept>, Error> {
    Ok(watched(Place::own().open(command)?).on_behalf_of(command))
}

/// Removes what [`writable`] made a moment ago for its lock, if it is empty; else this does nothing.
pub(super) fn discard_empty() {
    Place::own().discard_empty();
}

/// The PKI, to be looked at.
pub(super) fn read_only() -> Result<Pki<Kept>, Error> {
    Ok(watched(Place::own().open_read_only()?))
}

/// The PKI, to be looked at, though its keyring may be kept elsewhere.
pub(super) fn without_keyring() -> Result<Pki<Kept>, Error> {
    Ok(watched(Place::own().open_without_keyring()?))
}

fn watched(kept: Kept) -> Pki<Kept> {
    Pki::new(kept).watched_by(watcher::watcher())
}

/// The PKI that there must be, and its keyring: to be looked at, or to be changed by a command.
/// Nothing is made where there is none.
pub(super) fn existing(changed_by: Option<&str>) -> Result<(Pki<Kept>, Keyring), Error> {
    let pki = match changed_by {
        Some(command) => watched(Place::own().open_existing(command)?).on_behalf_of(command),
        None => read_only()?,
    };
    let keyring = keyring(&pki)?;
    Ok((pki, keyring))
}

/// The keyring, which must be there.
pub(super) fn keyring(pki: &Pki<Kept>) -> Result<Keyring, Error> {
    let missing = || Error::NoPki {
        path: Place::own().to_string().into(),
    };
    pki.keyring()?.ok_or_else(missing)
}
