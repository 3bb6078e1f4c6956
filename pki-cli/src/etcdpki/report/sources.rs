//! What the page is made from.

use std::collections::HashSet;

use pki_core::Cluster;
use pki_core::certificate::Certificate;
use pki_core::crl::Crl;
use pki_core::key::Fingerprint;
use pki_core::revocation::Revocation;
use pki_core::rotation::{self, Underway};
use pki_core::status::{self, Standing, Status};
use pki_core::store::{Pki, Store as _, StoredAuthority};
use pki_core::trust::{self, Bundles};
use pki_core::verify::Report;
use time::OffsetDateTime;

use super::moment::{Kind, State};
use crate::etcdpki::args::VaultArguments;
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::{Kept, Place};
use crate::etcdpki::verify::Whole;

/// Everything that is read. What cannot be read by itself is missing here, and among the findings.
pub(super) struct Sources {
    pub(super) at: OffsetDateTime,
    pub(super) cluster: Cluster,
    /// The SHA-256 of the description.
    pub(super) description: Fingerprint,
    /// Where the PKI is kept, and at which revision it was read, if it has revisions.
    pub(super) place: String,
    pub(super) revision: Option<i64>,
    pub(super) status: Status,
    pub(super) findings: Report,
    /// Every generation of every authority.
    pub(super) kept: Vec<StoredAuthority>,
    pub(super) bundles: Option<Bundles>,
    pub(super) underway: Option<Underway>,
    pub(super) records: Vec<Revocation>,
    pub(super) list: Option<Crl>,
    revoked: HashSet<Vec<u8>>,
    pub(super) pki: Pki<Kept>,
}

impl Sources {
    pub(super) fn read(at: OffsetDateTime) -> Result<Self, Error> {
        let described = description::described()?;
        let no_password = VaultArguments {
            vault_password_file: None,
            vault_password_command: None,
        };
        let whole = Whole::check(None, &no_password, at)?;
        let (cluster, pki, mut findings) = (whole.cluster, whole.pki, whole.report);
        let status = status::status(&cluster, &pki, at)?;
        findings.findings.extend(status.renewals());
        let kept = pki.authorities().unwrap_or_else(|_| readable(&status));
        let list = pki.revocation_list_file()?;
        let list = list.and_then(|(_, content)| Crl::read(&content).ok());
        let records = pki.revocations().unwrap_or_default();
        Ok(Self {
            at,
            description: Fingerprint::of(&described.text),
            place: Place::own().to_string(),
            revision: pki.store().revision(),
            bundles: trust::standing(&cluster, &pki).ok(),
            underway: rotation::standing(&cluster, &pki)
                .ok()
                .and_then(|standing| standing.underway),
            revoked: revoked(&records, list.as_ref()),
            records,
            list,
            cluster,
            status,
            findings,
            kept,
            pki,
        })
    }

    /// How a certificate stands that is here.
    pub(super) fn state(&self, standing: &Standing, certificate: &Certificate) -> State {
        // Members refuse what is on hold, too, though it may be taken back.
        match (standing, self.is_revoked(&certificate.serial)) {
            (Standing::Expired | Standing::Revoked, _) | (_, false) => State::of(standing),
            (_, true) => State {
                kind: Kind::Bad,
                word: "on hold",
            },
        }
    }

    /// Whether a certificate of this serial number is revoked, for good or not.
    pub(super) fn is_revoked(&self, serial: &[u8]) -> bool {
        self.revoked.contains(serial)
    }
}

/// The serial numbers of what records or the list say.
fn revoked(records: &[Revocation], list: Option<&Crl>) -> HashSet<Vec<u8>> {
    let records = records.iter().filter(|record| record.is_active());
    let entries = list.into_iter().flat_map(|list| &list.entries);
    let records = records.map(|record| record.serial.clone());
    records
        .chain(entries.map(|entry| entry.serial.clone()))
        .collect()
}

/// The authorities in use, where one of the generations cannot be read.
fn readable(status: &Status) -> Vec<StoredAuthority> {
    let entries = status.authorities.iter();
    let stored = entries.filter_map(|entry| {
        let current = entry.current.as_ref()?;
        Some(StoredAuthority {
            name: entry.name,
            generation: current.generation,
            certificate: current.certificate.clone(),
        })
    });
    stored.collect()
}
