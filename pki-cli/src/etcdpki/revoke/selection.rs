//! Which certificates are meant.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use pki_core::certificate::{Certificate, bundle};
use pki_core::crl::Reason;
use pki_core::inspect::{self, Item};
use pki_core::revocation::Revocation;
use pki_core::serial::serial_text;
use pki_core::store::Pki;
use time::OffsetDateTime;

use crate::etcdpki::args::Revoke;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;

/// A certificate that is meant, as far as it is known.
#[derive(Debug)]
pub(super) struct Selected {
    /// Its directory in the store: `certificates/etcdctl/client/1`.
    pub(super) path: Option<String>,
    pub(super) serial: Vec<u8>,
    pub(super) certificate: Option<Certificate>,
    /// As it was asked for.
    wanted: String,
}

impl Selected {
    /// Its revocation.
    pub(super) fn revoke(&self, reason: Reason, now: OffsetDateTime) -> Result<Revocation, Error> {
        let Some(certificate) = &self.certificate else {
            return Ok(Revocation::of_serial(self.serial.clone(), reason, now));
        };
        if certificate.validity.not_after < now {
            return Err(Error::NothingToRevoke {
                wanted: self.wanted.clone(),
                reason: "it has expired, so that nobody takes it any more".to_owned(),
            });
        }
        Revocation::check_reason(certificate, reason)?;
        Ok(Revocation::new(certificate, reason, now))
    }

    /// What it is called in reports: its place, or its serial number.
    pub(super) fn name(&self) -> String {
        let place = self.path.as_deref();
        match place.map(|path| path.strip_prefix(LEAVES).unwrap_or(path)) {
            Some(place) => place.to_owned(),
            None => serial_text(&self.serial),
        }
    }
}

/// Every certificate that the arguments mean, each once.
pub(super) fn select(
    arguments: &Revoke,
    pki: &Pki<Kept>,
    now: OffsetDateTime,
) -> Result<Vec<Selected>, Error> {
    let all = pki.all_certificates()?;
    let mut selected: Vec<Selected> = Vec::new();
    for wanted in &arguments.owners {
        selected.extend(of_owner(wanted, &all, now)?);
    }
    for serial in &arguments.serials {
        let text = serial_text(&serial.0);
        let found = all.iter().find(|(_, stored)| stored.serial == serial.0);
        selected.push(Selected {
            path: found.map(|(path, _)| path.clone()),
            serial: serial.0.clone(),
            certificate: found.map(|(_, certificate)| certificate.clone()),
            wanted: text,
        });
    }
    for file in &arguments.files {
        let certificate = read(file)?;
        let found = all.iter().find(|(_, stored)| *stored == certificate);
        selected.push(Selected {
            path: found.map(|(path, _)| path.clone()),
            serial: certificate.serial.clone(),
            certificate: Some(certificate),
            wanted: file.display().to_string(),
        });
    }
    let mut serials = HashSet::new();
    selected.retain(|selected| serials.insert(selected.serial.clone()));
    Ok(selected)
}

/// Those of an owner that have not expired.
fn of_owner(
    wanted: &str,
    all: &[(String, Certificate)],
    now: OffsetDateTime,
) -> Result<Vec<Selected>, Error> {
    let directory = format!("{LEAVES}{}", wanted.trim_end_matches('/'));
    let mut of_owner = all
        .iter()
        .filter(|(path, _)| {
            path.strip_prefix(&directory)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .peekable();
    let reason = match of_owner.peek() {
        None => format!("no such certificate here: there are {}", owners(all)),
        Some(_) => "they have expired, so that nobody takes them any more".to_owned(),
    };
    let selected: Vec<Selected> = of_owner
        .filter(|(_, certificate)| certificate.validity.not_after >= now)
        .map(|(path, certificate)| Selected {
            path: Some(path.clone()),
            serial: certificate.serial.clone(),
            certificate: Some(certificate.clone()),
            wanted: wanted.to_owned(),
        })
        .collect();
    match selected.is_empty() {
        true => Err(Error::NothingToRevoke {
            wanted: wanted.to_owned(),
            reason,
        }),
        false => Ok(selected),
    }
}

/// The roles of which there are certificates.
pub(in crate::etcdpki) fn owners(all: &[(String, Certificate)]) -> String {
    let mut owners: Vec<&str> = all
        .iter()
        .filter_map(|(path, _)| path.strip_prefix(LEAVES)?.rsplit_once('/'))
        .map(|(owner, _)| owner)
        .collect();
    owners.dedup();
    match owners.is_empty() {
        true => "none".to_owned(),
        false => owners.join(", "),
    }
}

/// The first certificate of a file.
fn read(path: &Path) -> Result<Certificate, Error> {
    let content = fs::read(path).map_err(|source| Error::io(path, source))?;
    let failed = |source| Error::Inspect {
        path: path.to_owned(),
        source,
    };
    if let Ok(mut certificates) = bundle::read(&content) {
        return Ok(certificates.remove(0));
    }
    let items = inspect::inspect(&content).map_err(failed)?;
    let certificate = items.into_iter().find_map(|item| match item {
        Item::Certificate(certificate) => Some(*certificate),
        _ => None,
    });
    certificate.ok_or_else(|| Error::NothingToRevoke {
        wanted: path.display().to_string(),
        reason: "no certificate in it: name the file of one, or its serial number with --serial"
            .to_owned(),
    })
}

const LEAVES: &str = "certificates/";
