//! The PKI with its keys opened.

use std::path::Path;

use pki_core::Cluster;
use pki_core::seal::{KdfParameters, Keyring, Unlocked};
use pki_core::store::{Batch, Directory, Pki};

use super::args::KeyArguments;
use super::error::Error;
use super::init::PKI;
use super::keys;
use super::secrets::{self, Source};

/// The PKI, to be changed, with its keys opened.
pub(super) struct Opened {
    pub(super) pki: Pki<Directory>,
    pub(super) keys: Unlocked,
    new_keyring: Option<Keyring>,
}

impl Opened {
    /// Opens the keys, or makes new ones where there is no keyring yet.
    pub(super) fn open(
        cluster: &Cluster,
        pki: Pki<Directory>,
        arguments: &KeyArguments,
    ) -> Result<Self, Error> {
        let (keys, new_keyring) = match pki.keyring()? {
            Some(keyring) => (keys::open(arguments, &pki, &keyring)?, None),
            None => {
                let source = Source::passphrase(&arguments.passphrase);
                let secret = source.read(true).inspect_err(|_| {
                    // Made a moment ago for its lock, if it is empty; else this does nothing.
                    let _ = std::fs::remove_dir(PKI);
                })?;
                let passphrase = secrets::new_passphrase(&secret)?;
                let keys = Unlocked::generate()?;
                let name = cluster.name.as_str();
                let keyring = Keyring::new(name, &keys, &passphrase, KdfParameters::default())?;
                (keys, Some(keyring))
            }
        };
        Ok(Self {
            pki,
            keys,
            new_keyring,
        })
    }

    /// Writes a batch, after a new keyring if there is one.
    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), Error> {
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
pub(super) fn writable(command: &str) -> Result<Pki<Directory>, Error> {
    Ok(Pki::new(Directory::open(Path::new(PKI))?).on_behalf_of(command))
}

/// The PKI, to be looked at.
pub(super) fn read_only() -> Result<Pki<Directory>, Error> {
    Ok(Pki::new(Directory::open_read_only(Path::new(PKI))?))
}
