//! Where the PKI is kept: in pki/, or in an etcd cluster.

#[cfg(feature = "etcd")]
mod remote;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use pki_core::description::{DescriptionError, StoreSetting};
use pki_core::store::atomic::Group;
#[cfg(feature = "etcd")]
use pki_core::store::etcd::{Etcd, Fleet, Mailbox};
#[cfg(feature = "etcd")]
use pki_core::store::{Address, InvalidAddress};
use pki_core::store::{Batch, Directory, Store, StoreError};

#[cfg(feature = "etcd")]
use super::agent::AgentError;
use super::args::StoreArguments;
use super::description;
use super::error::Error;
use super::output;
#[cfg(feature = "etcd")]
pub(super) use remote::Remote;
#[cfg(feature = "etcd")]
pub(super) use remote::host_name;

/// A place for a PKI.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Directory(PathBuf),
    #[cfg(feature = "etcd")]
    Etcd(Remote),
    /// The description does not tell: whoever opens it is told why.
    Unclear(DescriptionError),
}

impl Place {
    /// The place of this run, which is the same for all of it, like the working directory.
    pub(super) fn own() -> &'static Self {
        OWN.get_or_init(|| Self::Directory(PKI.into()))
    }

    /// Decides the place of this run: by what was typed, then by the environment, then by the
    /// description.
    pub(super) fn choose(arguments: &StoreArguments) -> Result<(), Error> {
        let place = match &arguments.store {
            Some(store) => Self::remote(store, arguments)?,
            None => match described() {
                Ok(None) => return Ok(()),
                Ok(Some(setting)) => Self::of(&setting, arguments),
                Err(error) => Self::Unclear(error),
            },
        };
        // Nobody has asked for it yet.
        let _ = OWN.set(place);
        Ok(())
    }

    #[cfg(feature = "etcd")]
    fn remote(store: &Address, arguments: &StoreArguments) -> Result<Self, Error> {
        let described = described().ok().flatten();
        Remote::new(store.clone(), arguments, described.as_ref()).map(Self::Etcd)
    }

    #[cfg(not(feature = "etcd"))]
    fn remote<T>(_: &T, _: &StoreArguments) -> Result<Self, Error> {
        Err(Error::Usage(format!("--store: {WITHOUT_ETCD}")))
    }

    /// The place that the description names, unless there is a second one that may be meant.
    fn of(setting: &StoreSetting, arguments: &StoreArguments) -> Self {
        if Directory::holds_pki(Path::new(PKI)) {
            let url = &setting.address;
            return Self::Unclear(setting.fault(format!(
                "this names {url}, and the directory {PKI} beside it holds a PKI too, so it is not \
                 known which one counts: to move that one, `etcdpki store copy {PKI} {url}`, and \
                 rename {PKI} to {PKI}.moved; to stay with it, remove `store`"
            )));
        }
        Self::described(setting, arguments)
    }

    #[cfg(feature = "etcd")]
    fn described(setting: &StoreSetting, arguments: &StoreArguments) -> Self {
        match Remote::new(setting.address.clone(), arguments, Some(setting)) {
            Ok(remote) => Self::Etcd(remote),
            Err(error) => Self::Unclear(setting.fault(error)),
        }
    }

    #[cfg(not(feature = "etcd"))]
    fn described(setting: &StoreSetting, _: &StoreArguments) -> Self {
        Self::Unclear(setting.fault(WITHOUT_ETCD))
    }

    /// The place that a text names.
    #[cfg(feature = "etcd")]
    pub(super) fn named(text: &str, arguments: &StoreArguments) -> Result<Self, Error> {
        if !Address::is_meant(text) {
            return Ok(Self::Directory(text.into()));
        }
        let address: Address = text
            .parse()
            .map_err(|error: InvalidAddress| Error::Usage(error.to_string()))?;
        Self::remote(&address, arguments)
    }

    /// Where the store is, of one on etcd.
    #[cfg(feature = "etcd")]
    pub(super) fn address(&self) -> Option<&Address> {
        match self {
            Self::Directory(_) | Self::Unclear(_) => None,
            Self::Etcd(remote) => Some(remote.address()),
        }
    }

    /// The letters of an agent, beside a store on etcd.
    #[cfg(feature = "etcd")]
    pub(super) fn mailbox(&self, owner: &str) -> Result<Mailbox, Error> {
        match self {
            Self::Directory(_) => Err(AgentError::NoStore.into()),
            Self::Etcd(remote) => remote.mailbox(owner),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// The stores below it, of a place in etcd.
    #[cfg(feature = "etcd")]
    pub(super) fn fleet(&self) -> Result<Fleet, Error> {
        match self {
            Self::Directory(_) => Err(Error::Usage(
                "--fleet lists the PKIs in an etcd cluster: name it and what their prefixes have in common, with --store etcd://HOST:PORT/PREFIX".to_owned(),
            )),
            Self::Etcd(remote) => remote.fleet(),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// Opens it, to be copied: so that it stays the same meanwhile.
    #[cfg(feature = "etcd")]
    pub(super) fn open_to_copy(&self, command: &str) -> Result<Kept, Error> {
        match self {
            Self::Directory(_) => self.open_existing(command),
            // It was read at one revision.
            Self::Etcd(remote) => remote.open_read_only(),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// Opens it, to be changed by a command, and makes it where it is missing.
    #[cfg_attr(
        not(feature = "etcd"),
        expect(unused_variables, reason = "a directory's lock tells nobody's name")
    )]
    pub(super) fn open(&self, command: &str) -> Result<Kept, Error> {
        match self {
            Self::Directory(root) => {
                let waiting = || {
                    output::note(&format!(
                        "waiting for another etcdpki that is at work in {}/",
                        root.display()
                    ));
                };
                let directory = Directory::open_within(root, PATIENCE, waiting)?;
                Ok(Kept::Directory(directory))
            }
            #[cfg(feature = "etcd")]
            Self::Etcd(remote) => remote.open(command),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// The same of one that holds a PKI. Where there is none nothing is made, and it is opened to be
    /// looked at.
    pub(super) fn open_existing(&self, command: &str) -> Result<Kept, Error> {
        match self {
            Self::Directory(root) if Directory::holds_pki(root) => self.open(command),
            // This tells a keyring that was lost from a directory without a PKI.
            Self::Directory(_) => self.open_read_only(),
            #[cfg(feature = "etcd")]
            Self::Etcd(remote) => remote.open_existing(command),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// Opens it, to be looked at.
    pub(super) fn open_read_only(&self) -> Result<Kept, Error> {
        match self {
            Self::Directory(root) => Ok(Kept::Directory(Directory::open_read_only(root)?)),
            #[cfg(feature = "etcd")]
            Self::Etcd(remote) => remote.open_read_only(),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// The same of one whose keyring may be kept elsewhere.
    pub(super) fn open_without_keyring(&self) -> Result<Kept, Error> {
        match self {
            Self::Directory(root) => Ok(Kept::Directory(Directory::open_without_keyring(root))),
            #[cfg(feature = "etcd")]
            Self::Etcd(remote) => remote.open_without_keyring(),
            Self::Unclear(error) => Err(description::fault(error.clone())),
        }
    }

    /// Whether a PKI is there, as far as that is known without asking anybody.
    pub(super) fn holds_pki(&self) -> bool {
        match self {
            Self::Directory(root) => Directory::holds_pki(root),
            #[cfg(feature = "etcd")]
            Self::Etcd(_) => false,
            Self::Unclear(_) => false,
        }
    }

    /// Removes what [`Place::open`] made a moment ago for its lock, if it is empty.
    pub(super) fn discard_empty(&self) {
        match self {
            Self::Directory(root) => {
                let _ = fs::remove_dir(root);
            }
            #[cfg(feature = "etcd")]
            Self::Etcd(_) => {}
            Self::Unclear(_) => {}
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory(_))
    }

    /// The path within it of a file, from where a person finds it.
    pub(super) fn below<'a>(&self, located: &'a str) -> Option<&'a Path> {
        Path::new(located).strip_prefix(self.to_string()).ok()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(root) => root.display().fmt(f),
            #[cfg(feature = "etcd")]
            Self::Etcd(remote) => remote.fmt(f),
            Self::Unclear(_) => PKI.fmt(f),
        }
    }
}

/// A place that is open.
#[derive(Debug)]
pub(super) enum Kept {
    Directory(Directory),
    #[cfg(feature = "etcd")]
    Etcd(Box<Etcd>),
}

impl Kept {
    /// The store on etcd, which agents fetch from.
    #[cfg(feature = "etcd")]
    pub(super) fn etcd(&self) -> Result<&Etcd, AgentError> {
        match self {
            Self::Directory(_) => Err(AgentError::NoStore),
            Self::Etcd(etcd) => Ok(etcd),
        }
    }

    /// Keeps the description where others look at the PKI who have no directory with it.
    #[cfg_attr(
        not(feature = "etcd"),
        expect(unused_variables, reason = "beside a directory it stands anyway")
    )]
    pub(super) fn describe(&self, description: &[u8]) -> Result<(), Error> {
        match self {
            Self::Directory(_) => Ok(()),
            #[cfg(feature = "etcd")]
            Self::Etcd(etcd) => Ok(etcd.describe(description)?),
        }
    }

    fn store(&self) -> &dyn Store {
        match self {
            Self::Directory(directory) => directory,
            #[cfg(feature = "etcd")]
            Self::Etcd(etcd) => etcd.as_ref(),
        }
    }
}

impl Store for Kept {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store().read(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        self.store().list(directory)
    }

    fn locate(&self, path: &str) -> String {
        self.store().locate(path)
    }

    fn revision(&self) -> Option<i64> {
        self.store().revision()
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => directory.commit(batch),
            #[cfg(feature = "etcd")]
            Self::Etcd(etcd) => etcd.commit(batch),
        }
    }

    fn stage(&self, batch: Batch, group: &mut Group) -> Result<Option<Batch>, StoreError> {
        self.store().stage(batch, group)
    }
}

/// What the description says of the store; nothing where there is no description. One that cannot be
/// read is the business of those who need it.
fn described() -> Result<Option<StoreSetting>, DescriptionError> {
    match description::octets() {
        Ok(content) => StoreSetting::from_octets(&content),
        Err(_) => Ok(None),
    }
}

static OWN: OnceLock<Place> = OnceLock::new();
#[cfg(not(feature = "etcd"))]
const WITHOUT_ETCD: &str = "this etcdpki was built without the store on etcd: use one that was built with it, as `cargo install pki-cli --features etcd` does";
/// The directory that is meant unless another place is named.
const PKI: &str = "pki";
/// How long the lock of a directory is waited for: a command that was killed a moment ago may hold it
/// while its memory is freed.
const PATIENCE: Duration = Duration::from_secs(2);
