//! The PKI with its keys opened.

use std::path::Path;
use std::time::Duration;

use pki_core::Cluster;
use pki_core::seal::{KdfParameters, Keyring, Unlocked};
use pki_core::store::atomic::Group;
use pki_core::store::{Batch, Directory, Pki};

use super::args::{KeyArguments, NewKeyArguments};
use super::error::Error;
use super::init::PKI;
use super::secrets::{self, Generated, Source};
use super::{keys, output};

/// The PKI, to be changed, with its keys opened.
pub(super) struct Opened {
    pub(super) pki: Pki<Directory>,
    pub(super) keys: Unlocked,
    new_keyring: Option<Keyring>,
    /// The passphrase that was made for it.
    generated: Option<Generated>,
}

impl Opened {
    /// Opens the keys, or makes new ones where there is no keyring yet.
    pub(super) fn open(
        cluster: &Cluster,
        pki: Pki<Directory>,
        arguments: &KeyArguments,
    ) -> Result<Self, Error> {
        Self::new(cluster, pki, arguments, false)
    }

    /// The same; at wish a passphrase is made for a new keyring, if none is given.
    pub(super) fn open_or_generate(
        cluster: &Cluster,
        pki: Pki<Directory>,
        arguments: &NewKeyArguments,
    ) -> Result<Self, Error> {
        Self::new(cluster, pki, &arguments.keys, arguments.generate_secrets)
    }

    fn new(
        cluster: &Cluster,
        pki: Pki<Directory>,
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
        if let Some(generated) = self.generated.take() {
            let mut group = Group::default();
            secrets::stage_generated(std::slice::from_ref(&generated), &mut group)?;
            group.commit()?;
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
///
/// A command that was killed a moment ago may still hold the lock while its memory is freed.
pub(super) fn writable(command: &str) -> Result<Pki<Directory>, Error> {
    let waiting = || output::note("waiting for another etcdpki that is at work in pki/");
    let directory = Directory::open_within(Path::new(PKI), PATIENCE, waiting)?;
    Ok(Pki::new(directory).on_behalf_of(command))
}

/// Removes what [`writable`] made a moment ago for its lock, if it is empty; else this does nothing.
pub(super) fn discard_empty() {
    let _ = std::fs::remove_dir(PKI);
}

/// The PKI, to be looked at.
pub(super) fn read_only() -> Result<Pki<Directory>, Error> {
    Ok(Pki::new(Directory::open_read_only(Path::new(PKI))?))
}

/// The PKI that there must be, and its keyring: to be looked at, or to be changed by a command.
/// Nothing is made where there is none.
pub(super) fn existing(changed_by: Option<&str>) -> Result<(Pki<Directory>, Keyring), Error> {
    let pki = match changed_by {
        Some(command) if Directory::holds_pki(Path::new(PKI)) => writable(command)?,
        // This tells a keyring that was lost from a directory without a PKI.
        _ => read_only()?,
    };
    let keyring = keyring(&pki)?;
    Ok((pki, keyring))
}

/// The keyring, which must be there.
pub(super) fn keyring(pki: &Pki<Directory>) -> Result<Keyring, Error> {
    let missing = || Error::NoPki { path: PKI.into() };
    pki.keyring()?.ok_or_else(missing)
}

/// How long a lock is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
