//! A place in an etcd cluster.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pki_core::description::{StoreFile, StoreSetting};
use pki_core::store::Address;
use pki_core::store::etcd::{Credentials, Etcd, Fleet, Mailbox, Observer, Waiting};
use zeroize::Zeroizing;

use super::Kept;
use crate::etcdpki::args::StoreArguments;
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;

/// A store, and the files of what its client proves itself with.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct Remote {
    address: Address,
    authorities: Given,
    certificate: Given,
    key: Given,
}

/// A file that was named.
#[derive(Clone, Debug)]
enum Given {
    Typed(PathBuf),
    Described(StoreFile),
}

impl Given {
    fn read(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Typed(path) => fs::read(path).map_err(|error| Error::io(path, error)),
            Self::Described(file) => {
                fs::read(&file.path).map_err(|error| description::fault(file.fault(error)))
            }
        }
    }
}

impl Remote {
    /// A store, with the files that were typed or else are described.
    pub(super) fn new(
        address: Address,
        arguments: &StoreArguments,
        described: Option<&StoreSetting>,
    ) -> Result<Self, Error> {
        let given = |typed: &Option<PathBuf>,
                     of: fn(&StoreSetting) -> &Option<StoreFile>,
                     option: &str| {
            let typed = typed.clone().map(Given::Typed);
            let described = || described.and_then(|described| of(described).clone());
            typed.or_else(|| described().map(Given::Described)).ok_or_else(|| {
                Error::Usage(format!(
                    "{address} is spoken with over TLS alone, with certificates on both sides: give the file with {option}, or name it under `store` of {}",
                    description::FILE
                ))
            })
        };
        Ok(Self {
            authorities: given(&arguments.store_ca, |it| &it.ca, "--store-ca")?,
            certificate: given(&arguments.store_cert, |it| &it.certificate, "--store-cert")?,
            key: given(&arguments.store_key, |it| &it.key, "--store-key")?,
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

    /// The stores below it.
    pub(super) fn fleet(&self) -> Result<Fleet, Error> {
        Ok(Fleet::open(
            &self.address,
            &self.credentials()?,
            observer(),
        )?)
    }

    fn read(&self) -> Result<Etcd, Error> {
        let credentials = self.credentials()?;
        let store = Etcd::open_read_only(&self.address, &credentials, observer());
        Ok(store?)
    }

    fn credentials(&self) -> Result<Credentials, Error> {
        Ok(Credentials {
            authorities: self.authorities.read()?,
            certificate: self.certificate.read()?,
            key: Zeroizing::new(self.key.read()?),
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
    let host = host_name();
    format!("`{command}` on {host}, process {}", std::process::id())
}

/// What this machine calls itself.
pub(in crate::etcdpki) fn host_name() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
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
