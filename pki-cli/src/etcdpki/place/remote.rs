//! A place in an etcd cluster.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pki_core::store::etcd::{Address, Credentials, Etcd, Mailbox, Observer, Waiting};
use zeroize::Zeroizing;

use super::Kept;
use crate::etcdpki::args::StoreArguments;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;

/// A store, and the files of what its client proves itself with.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct Remote {
    address: Address,
    authorities: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Remote {
    pub(in crate::etcdpki) fn new(
        address: Address,
        arguments: &StoreArguments,
    ) -> Result<Self, Error> {
        let given = |file: &Option<PathBuf>, option: &str| {
            file.clone().ok_or_else(|| {
                Error::Usage(format!(
                    "{address} is spoken with over TLS alone, with certificates on both sides: give the file with {option}"
                ))
            })
        };
        Ok(Self {
            authorities: given(&arguments.store_ca, "--store-ca")?,
            certificate: given(&arguments.store_cert, "--store-cert")?,
            key: given(&arguments.store_key, "--store-key")?,
            address,
        })
    }

    pub(super) fn open(&self, command: &str) -> Result<Kept, Error> {
        let (credentials, holder) = (self.credentials()?, holder(command));
        let store = Etcd::open(&self.address, &credentials, &holder, PATIENCE, observer());
        Ok(kept(store?))
    }

    pub(super) fn open_existing(&self, command: &str) -> Result<Kept, Error> {
        let (credentials, holder) = (self.credentials()?, holder(command));
        let store = Etcd::open_existing(&self.address, &credentials, &holder, PATIENCE, observer());
        Ok(kept(store?))
    }

    pub(super) fn open_read_only(&self) -> Result<Kept, Error> {
        Ok(kept(self.read()?))
    }

    pub(super) fn open_without_keyring(&self) -> Result<Kept, Error> {
        let credentials = self.credentials()?;
        let store = Etcd::open_without_keyring(&self.address, &credentials, observer());
        Ok(kept(store?))
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn mailbox(&self, owner: &str) -> Result<Mailbox, Error> {
        let credentials = self.credentials()?;
        Ok(Mailbox::open(
            &self.address,
            &credentials,
            owner,
            observer(),
        )?)
    }

    fn read(&self) -> Result<Etcd, Error> {
        let credentials = self.credentials()?;
        let store = Etcd::open_read_only(&self.address, &credentials, observer());
        Ok(store?)
    }

    fn credentials(&self) -> Result<Credentials, Error> {
        let read = |path: &Path| fs::read(path).map_err(|error| Error::io(path, error));
        Ok(Credentials {
            authorities: read(&self.authorities)?,
            certificate: read(&self.certificate)?,
            key: Zeroizing::new(read(&self.key)?),
        })
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

fn kept(store: Etcd) -> Kept {
    Kept::Etcd(Box::new(store))
}

/// Who is at work, for whoever waits for it.
fn holder(command: &str) -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    format!("`{command}` on {host}, process {}", std::process::id())
}

fn observer() -> Observer {
    Arc::new(|waiting| {
        output::note(&match waiting {
            Waiting::ForAnswer(answer) => format!(
                "waiting for etcd to answer ({answer}); it is safe to interrupt this: nothing is half-written"
            ),
            Waiting::ForLock(holder) => {
                format!("waiting for another etcdpki that is at work in the store: {holder}")
            }
        });
    })
}

/// How long the lock is waited for: longer than it outlives a holder that was killed.
const PATIENCE: Duration = Duration::from_secs(60);
