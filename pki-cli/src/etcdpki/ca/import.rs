//! `etcdpki ca import`: take in an authority that was made elsewhere.

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::certificate::{Certificate, bundle};
use pki_core::import::Import;
use pki_core::key::{KeyError, PrivateKey};
use pki_core::signer::{Custody, SignerConfig};
use pki_core::store::Batch;
use time::OffsetDateTime;

use super::report::Report;
use crate::etcdpki::args::CaImport;
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::etcdpki::opened::{self, Opened};
use crate::etcdpki::secrets::Source;

/// Runs the command.
pub(super) fn run(arguments: &CaImport) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let given = read_certificates(&arguments.cert)?;
    match &arguments.key {
        Some(path) => with_key(arguments, &cluster, &given, path),
        None => elsewhere(arguments, &cluster, &given),
    }
}

/// Reads the certificates of a file.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let failed = |source| Error::Pem {
        path: path.to_owned(),
        source,
    };
    bundle::read(&files::read_input(path)?).map_err(failed)
}

fn with_key(
    arguments: &CaImport,
    cluster: &Cluster,
    given: &[Certificate],
    path: &Path,
) -> Result<ExitCode, Error> {
    let key = read_key(arguments, path)?;
    let is_own = |certificate: &Certificate| certificate.public_key == *key.public();
    let pki = match arguments.dry_run {
        true => opened::read_only()?,
        false => opened::writable("ca import")?,
    };
    let now = OffsetDateTime::now_utc();
    let import = Import::check(cluster, &pki, arguments.name, given, is_own, now)?;
    let report = Report::new(arguments.name.as_str(), &import, "sealed");
    if arguments.dry_run {
        return report.print(arguments.json);
    }
    let mut opened = Opened::open_or_generate(cluster, pki, &arguments.keys)?;
    let mut batch = Batch::default();
    let stored = import.add_with_key(&mut batch, &opened.pki, &key, &opened.keys)?;
    opened.commit(batch)?;
    report.kept(&opened.pki, &stored).print(arguments.json)
}

/// The first certificate of the file is the authority's.
fn elsewhere(
    arguments: &CaImport,
    cluster: &Cluster,
    given: &[Certificate],
) -> Result<ExitCode, Error> {
    let (custody, key) = match &arguments.signer_command {
        Some(command) => (
            Custody::Command(signer(arguments, command)?),
            "a command signs",
        ),
        None => (Custody::Offline, "offline"),
    };
    let first = given.first().cloned();
    let is_own = |certificate: &Certificate| Some(certificate) == first.as_ref();
    let pki = match arguments.dry_run {
        true => opened::read_only()?,
        false => opened::writable("ca import")?,
    };
    let now = OffsetDateTime::now_utc();
    let import = Import::check(cluster, &pki, arguments.name, given, is_own, now)?;
    if let Custody::Command(config) = &custody {
        import.try_signer(config)?;
    }
    let report = Report::new(arguments.name.as_str(), &import, key);
    if arguments.dry_run {
        return report.print(arguments.json);
    }
    let mut opened = Opened::open_or_generate(cluster, pki, &arguments.keys)?;
    let mut batch = Batch::default();
    let stored = import.add_elsewhere(&mut batch, &opened.pki, &custody)?;
    opened.commit(batch)?;
    report.kept(&opened.pki, &stored).print(arguments.json)
}

fn signer(arguments: &CaImport, command: &str) -> Result<SignerConfig, Error> {
    let failed = |reason: String| Error::Signer { reason };
    let words = shlex::split(command)
        .ok_or_else(|| failed("a quote is not closed: close it".to_owned()))?;
    SignerConfig::new(words, arguments.signer_timeout).map_err(|error| failed(error.to_string()))
}

/// The passphrase is asked for where one is needed.
fn read_key(arguments: &CaImport, path: &Path) -> Result<PrivateKey, Error> {
    let content = files::read_input(path)?;
    let failed = |source| Error::Key {
        path: path.to_owned(),
        source,
    };
    match PrivateKey::read(&content, None) {
        Err(KeyError::Encrypted) => Source::key_passphrase(arguments)
            .open(|passphrase| PrivateKey::read(&content, Some(passphrase)).map_err(failed)),
        other => other.map_err(failed),
    }
}
