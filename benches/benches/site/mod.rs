//! Three members of etcd that a PKI is kept in, and who works with them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use benches::{build, release_directory};
use fixtures::etcd::Trio;
use pki_core::store::etcd::{Credentials, Etcd};

/// Why nothing was measured.
pub(crate) type Failure = Box<dyn Error>;

/// The members, our program, and what a client proves itself with.
pub(crate) struct Site {
    etcdpki: PathBuf,
    trio: Trio,
    files: [PathBuf; 3],
    pub(crate) credentials: Credentials,
}

impl Site {
    /// Builds the program, and starts the members.
    pub(crate) fn start() -> Result<Self, Failure> {
        build(&["-p", "pki-cli", "--features", "etcd", "--bin", "etcdpki"]);
        let trio = Trio::start();
        let (certificate, key) = trio.client("operator");
        Ok(Self {
            etcdpki: release_directory().join("etcdpki"),
            credentials: Credentials {
                authorities: fs::read(trio.authority())?,
                certificate: fs::read(&certificate)?,
                key: fs::read(&key)?.into(),
            },
            files: [trio.authority(), certificate, key],
            trio,
        })
    }

    /// Where a store is.
    pub(crate) fn url(&self, prefix: &str) -> String {
        format!("etcd://{}/{prefix}", self.trio.members())
    }

    /// Opens a store to change it.
    pub(crate) fn open(&self, prefix: &str) -> Result<Etcd, Failure> {
        let address = self.url(prefix).parse()?;
        let silent = Arc::new(|_: &_| ());
        let patience = Duration::ZERO;
        let etcd = Etcd::open(&address, &self.credentials, "bench", patience, silent);
        Ok(etcd?)
    }

    /// The program, to work in a directory and on a store.
    pub(crate) fn command(&self, directory: &Path, prefix: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.etcdpki);
        command.arg("-C").arg(directory).args(arguments);
        command.arg("--store").arg(self.url(prefix));
        let options = ["--store-ca", "--store-cert", "--store-key"];
        for (option, file) in options.iter().zip(&self.files) {
            command.arg(option).arg(file);
        }
        command
    }
}

/// A number among those that are measured.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}
