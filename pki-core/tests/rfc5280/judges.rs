//! Who is asked.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use fixtures::etcd::ClientPort;
use fixtures::forge::Forged;
use fixtures::{certtool, openssl, run};
use pki_core::certificate::Certificate;
use pki_core::role::Usage;
use pki_core::verify::validate;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::scene::Material;

/// Whether each accepts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdicts {
    pub(crate) ours: bool,
    pub(crate) openssl: bool,
    pub(crate) gnutls: bool,
    pub(crate) etcd: bool,
}

impl Verdicts {
    /// From four letters, `A` for accepted and `R` for refused: ours, OpenSSL, GnuTLS, etcd.
    pub(crate) const fn parse(letters: &[u8; 4]) -> Self {
        Self {
            ours: letters[0] == b'A',
            openssl: letters[1] == b'A',
            gnutls: letters[2] == b'A',
            etcd: letters[3] == b'A',
        }
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for accepts in [self.ours, self.openssl, self.gnutls, self.etcd] {
            f.write_str(if accepts { "A" } else { "R" })?;
        }
        Ok(())
    }
}

/// All of them. One etcd trusts the anchors of all cases; their names tell them apart.
pub(crate) struct Judges {
    etcd: ClientPort,
    directory: TempDir,
}

impl Judges {
    pub(crate) fn new(materials: &[Material]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let trusted = directory.path().join("trusted.pem");
        let anchors = materials.iter().flat_map(|material| &material.anchors);
        fs::write(&trusted, anchors.map(Forged::pem).collect::<String>()).unwrap();
        let etcd = ClientPort::start(&trusted).unwrap_or_else(|log| panic!("{log}"));
        Self { etcd, directory }
    }

    /// Asks whether a client may come in with this.
    pub(crate) fn ask(&self, case: &str, material: &Material) -> Verdicts {
        let write = |name: &str, certificates: &[Forged]| {
            let file = self
                .directory
                .path()
                .join(format!("{}-{name}", case.replace(' ', "-")));
            let text: String = certificates.iter().map(Forged::pem).collect();
            fs::write(&file, text).unwrap();
            file
        };
        let anchors = write("anchors.pem", &material.anchors);
        let chain = write("chain.pem", &material.chain);
        let leaf = write("leaf.pem", &material.chain[..1]);
        let intermediates = write("intermediates.pem", &material.chain[1..]);
        Verdicts {
            ours: by_ours(material),
            openssl: by_openssl(material, &anchors, &intermediates, &leaf),
            gnutls: by_gnutls(&anchors, &chain),
            etcd: self.etcd.accepts(&chain, &material.key),
        }
    }
}

/// Whether the peers are of the versions whose answers the table lists.
pub(crate) fn are_those_of_the_table() -> bool {
    let says = |mut command: Command, argument: &str, version: &str| {
        run(command.arg(argument)).output().contains(version)
    };
    says(openssl(), "version", "OpenSSL 3.0.")
        && says(certtool(), "--version", "certtool 3.7.")
        && says(Command::new("etcd"), "--version", "etcd Version: 3.4.")
        && says(Command::new("etcd"), "--version", "Go Version: go1.19")
}

/// What cannot be read is refused.
fn by_ours(material: &Material) -> bool {
    let read = |all: &[Forged]| -> Option<Vec<Certificate>> {
        all.iter()
            .map(|one| Certificate::from_der(&one.der).ok())
            .collect()
    };
    let (Some(anchors), Some(chain)) = (read(&material.anchors), read(&material.chain)) else {
        return false;
    };
    validate(
        &chain,
        &anchors,
        Usage::ClientAuth,
        OffsetDateTime::now_utc(),
    )
    .is_ok()
}

fn by_openssl(
    material: &Material,
    anchors: &PathBuf,
    intermediates: &PathBuf,
    leaf: &PathBuf,
) -> bool {
    let mut command = openssl();
    command
        .args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslclient",
            "-trusted",
        ])
        .arg(anchors);
    if material.anchors.len() == 1 && !is_self_issued(&material.anchors[0]) {
        command.arg("-partial_chain");
    }
    if material.chain.len() > 1 {
        command.arg("-untrusted").arg(intermediates);
    }
    run(command.arg(leaf)).status.success()
}

/// A v1 root is one, though it cannot be read as an authority.
fn is_self_issued(anchor: &Forged) -> bool {
    Certificate::from_der(&anchor.der).is_ok_and(|anchor| anchor.is_self_issued())
}

fn by_gnutls(anchors: &PathBuf, chain: &PathBuf) -> bool {
    const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
    let mut command = certtool();
    command
        .args([
            "--verify",
            &format!("--verify-purpose={CLIENT_AUTH}"),
            "--load-ca-certificate",
        ])
        .arg(anchors)
        .arg("--infile")
        .arg(chain);
    let outcome = run(&mut command);
    outcome.status.success()
        && outcome
            .output()
            .contains("Verified. The certificate is trusted.")
}
