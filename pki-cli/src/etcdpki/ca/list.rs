//! `etcdpki ca list`: which authorities there are.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::signer::Custody;
use pki_core::store::{Pki, StoredAuthority, StoredRequest};
use serde::Serialize;

use crate::etcdpki::args::CaList;
use crate::etcdpki::error::Error;
use crate::etcdpki::opened;
use crate::etcdpki::output::{self, BAD, DIM, HEADING, date, timestamp};
use crate::etcdpki::place::Kept;

/// Runs the command.
pub(super) fn run(arguments: &CaList) -> Result<ExitCode, Error> {
    let pki = opened::read_only()?;
    let mut listing = Listing::default();
    for name in pki.authority_names()? {
        if let Some(stored) = pki.authority(name)? {
            listing.authorities.push(Row::of(&pki, &stored)?);
        }
        if let Some(request) = pki.request(name)? {
            listing.requests.push(Waiting::of(&pki, &request));
        }
    }
    match arguments.json {
        true => output::print_json(&listing)?,
        false => output::print(&listing.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Default, Serialize)]
struct Listing {
    authorities: Vec<Row>,
    requests: Vec<Waiting>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    generation: u32,
    subject: String,
    algorithm: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    key: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    path: String,
}

impl Row {
    fn of(pki: &Pki<Kept>, stored: &StoredAuthority) -> Result<Self, Error> {
        let (key, command) = match pki.custody(stored)? {
            Custody::Command(config) => ("command", Some(config.command().to_vec())),
            Custody::Offline => ("offline", None),
            Custody::Sealed => ("sealed", None),
        };
        let certificate = &stored.certificate;
        Ok(Self {
            name: stored.name.to_string(),
            generation: stored.generation,
            subject: certificate.subject.clone(),
            algorithm: certificate.key_algorithm.clone(),
            not_after: timestamp(certificate.validity.not_after),
            expires: date(certificate.validity.not_after),
            key,
            command,
            path: pki.locate_authority(stored),
        })
    }
}

#[derive(Serialize)]
struct Waiting {
    name: String,
    generation: u32,
    subject: String,
    path: String,
}

impl Waiting {
    fn of(pki: &Pki<Kept>, stored: &StoredRequest) -> Self {
        Self {
            name: stored.name.to_string(),
            generation: stored.generation,
            subject: stored.request.subject.clone(),
            path: pki.locate_request(stored),
        }
    }
}

impl Listing {
    fn to_text(&self) -> String {
        let mut text = String::new();
        if self.authorities.is_empty() && self.requests.is_empty() {
            return "No authority is here: `etcdpki init` makes them, `etcdpki ca import` takes one in.\n".to_owned();
        }
        let _ = writeln!(
            text,
            "{HEADING}{:<13} {:<9} {:<8} expires     subject{HEADING:#}",
            "authority", "algorithm", "key"
        );
        for row in &self.authorities {
            let _ = writeln!(
                text,
                "{:<13} {:<9} {:<8} {}  {}\n{DIM}{:>13} {}{DIM:#}",
                row.name, row.algorithm, row.key, row.expires, row.subject, "", row.path
            );
        }
        for waiting in &self.requests {
            let Waiting { name, path, .. } = waiting;
            let _ = writeln!(
                text,
                "\n{BAD}waiting{BAD:#}: the certificate of the {name} authority, asked for in {path}"
            );
        }
        text
    }
}
