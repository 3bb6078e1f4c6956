//! How the files that etcdpki itself keeps are shown.

use std::fmt::Write as _;

use pki_core::Cluster;
use pki_core::csr::CertificateRequest;
use pki_core::journal::Journal;
use pki_core::revocation::Revocation;
use pki_core::signer::Custody;
use serde::Serialize;

use super::rows;
use crate::etcdpki::output::{BAD, timestamp};

/// A description.
#[derive(Debug, Serialize)]
pub(super) struct DescriptionView {
    cluster: String,
    domain: String,
    nodes: Vec<String>,
    clients: Vec<String>,
}

impl DescriptionView {
    pub(super) fn new(cluster: &Cluster) -> Self {
        let nodes = cluster.nodes.iter();
        Self {
            cluster: cluster.name.to_string(),
            domain: cluster.domain.to_string(),
            nodes: nodes.map(|node| node.name.to_string()).collect(),
            clients: cluster.clients.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  description of a cluster");
        rows(
            text,
            &[
                ("cluster", &self.cluster),
                ("domain", &self.domain),
                ("nodes", &self.nodes.join(", ")),
                ("clients", &self.clients.join(", ")),
            ],
        );
    }
}

/// A journal.
#[derive(Debug, Serialize)]
pub(super) struct JournalView {
    lines: usize,
    first: Option<String>,
    last: Option<String>,
    /// The hash of the last line: whoever keeps it elsewhere can tell whether lines were cut off.
    heads: Vec<String>,
    faults: Vec<String>,
}

impl JournalView {
    pub(super) fn new(journal: &Journal) -> Self {
        let told = |line: &pki_core::journal::Line| {
            format!(
                "{} {} by {}",
                line.time(),
                line.entry().event.as_str(),
                line.command()
            )
        };
        Self {
            lines: journal.lines().len(),
            first: journal.lines().first().map(told),
            last: journal.lines().last().map(told),
            heads: journal.heads().to_vec(),
            faults: journal.faults().iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  journal of a PKI, {} lines", self.lines);
        rows(
            text,
            &[
                ("first", self.first.as_deref().unwrap_or_default()),
                ("last", self.last.as_deref().unwrap_or_default()),
                ("last hash", &self.heads.join(", ")),
            ],
        );
        for fault in &self.faults {
            let _ = writeln!(text, "    {BAD}{:18}{BAD:#} {fault}", "broken");
        }
    }
}

/// A certification request.
#[derive(Debug, Serialize)]
pub(super) struct RequestView {
    subject: String,
    key: String,
    authority: bool,
    alternative_names: Vec<String>,
    others: Vec<String>,
    public_key_sha256: String,
}

impl RequestView {
    pub(super) fn new(request: &CertificateRequest) -> Self {
        Self {
            subject: request.subject.clone(),
            key: request.kind.to_string(),
            authority: request.authority.is_some(),
            alternative_names: request.names.iter().map(ToString::to_string).collect(),
            others: request.others.clone(),
            public_key_sha256: request.public_key.fingerprint().to_string(),
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let kind = match self.authority {
            true => "certification request of an authority",
            false => "certification request",
        };
        let _ = writeln!(text, "  {kind}");
        rows(
            text,
            &[
                ("subject", &self.subject),
                ("key", &self.key),
                ("names", &self.alternative_names.join(", ")),
                ("asks for", &self.others.join(", ")),
                ("public key SHA-256", &self.public_key_sha256),
            ],
        );
    }
}

/// The record of a revocation.
#[derive(Debug, Serialize)]
pub(super) struct RevocationView {
    serial: String,
    subject: Option<String>,
    revoked: String,
    reason: String,
    released: Option<String>,
}

impl RevocationView {
    pub(super) fn new(record: &Revocation) -> Self {
        Self {
            serial: record.serial_text(),
            subject: record.subject.clone(),
            revoked: timestamp(record.revoked),
            reason: record.reason.to_string(),
            released: record.released.map(timestamp),
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  record of a revocation");
        rows(
            text,
            &[
                ("serial", &self.serial),
                ("subject", self.subject.as_deref().unwrap_or_default()),
                ("revoked", &self.revoked),
                ("reason", &self.reason),
                ("taken back", self.released.as_deref().unwrap_or_default()),
            ],
        );
    }
}

/// Where the key of an authority is.
#[derive(Debug, Serialize)]
pub(super) struct SignerView {
    offline: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
}

impl SignerView {
    pub(super) fn new(custody: &Custody) -> Self {
        Self {
            offline: *custody == Custody::Offline,
            // Its arguments may be a PIN.
            program: match custody {
                Custody::Command(config) => config.command().first().cloned(),
                _ => None,
            },
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        let _ = match &self.program {
            Some(program) => writeln!(text, "  key of an authority, which `{program}` signs with"),
            None => writeln!(text, "  key of an authority, which is offline"),
        };
    }
}
