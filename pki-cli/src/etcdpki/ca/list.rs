//! `etcdpki ca list`: which authorities there are.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::seal::Keyring;
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
    let names = pki.authority_names()?;
    let found = names.iter().map(|name| pki.authority(*name));
    let authorities: Vec<_> = found
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    // One that cannot be read is found by who verifies the PKI.
    let keyring = pki.keyring().ok().flatten();
    for stored in &authorities {
        let row = Row::of(&pki, keyring.as_ref(), stored, &authorities)?;
        listing.authorities.push(row);
    }
    for name in names {
        if let Some(request) = pki.request(name)? {
            listing.requests.push(Waiting::of(&pki, &request));
        }
    }
    match arguments.json {
        true => output::print_json(&listing)?,
        false => output::print(&listing.to_text(output::width()))?,
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
    /// Which of the others signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    subject: String,
    algorithm: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    /// Where its key is.
    key: &'static str,
    /// Whether nobody signs with it in everyday work.
    offline: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    path: String,
}

impl Row {
    fn of(
        pki: &Pki<Kept>,
        keyring: Option<&Keyring>,
        stored: &StoredAuthority,
        all: &[StoredAuthority],
    ) -> Result<Self, Error> {
        let (key, command) = match pki.custody(stored)? {
            Custody::Command(config) => ("command", Some(config.command().to_vec())),
            Custody::Offline => ("offline", None),
            Custody::Sealed => ("sealed", None),
        };
        let is_apart = keyring.is_some_and(|keyring| keyring.is_offline(stored.name.tier()));
        let certificate = &stored.certificate;
        // Whoever signs comes before.
        let mut before = all.iter().take_while(|other| other.name != stored.name);
        let issuer = before.find(|other| certificate.is_issued_by(&other.certificate));
        Ok(Self {
            name: stored.name.to_string(),
            generation: stored.generation,
            issuer: issuer.map(|issuer| issuer.name.to_string()),
            subject: certificate.subject.clone(),
            algorithm: certificate.key_algorithm.clone(),
            not_after: timestamp(certificate.validity.not_after),
            expires: date(certificate.validity.not_after),
            key,
            offline: key == "offline" || key == "sealed" && is_apart,
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
    fn to_text(&self, width: usize) -> String {
        let mut text = String::new();
        if self.authorities.is_empty() && self.requests.is_empty() {
            return "No authority is here: `etcdpki init` makes them, `etcdpki ca import` takes one in.\n".to_owned();
        }
        let branches = self.branches();
        let lengths = branches.iter().map(|branch| branch.name().chars().count());
        let name = lengths.max().unwrap_or(0).max("authority".len());
        let is_wide = width >= WIDE;
        let subject = if is_wide { "  subject" } else { "" };
        let _ = writeln!(
            text,
            "{HEADING}{:<name$}  {:<9}  {:<8}  {:<10}{subject}{HEADING:#}",
            "authority", "algorithm", "key", "expires"
        );
        for branch in branches {
            let row = branch.row;
            let _ = write!(
                text,
                "{:<name$}  {:<9}  {:<8}  {}",
                branch.name(),
                row.algorithm,
                if row.offline { "offline" } else { row.key },
                row.expires
            );
            let below = branch.below();
            let line = |more: &str| format!("{below:<name$}  {DIM}{more}{DIM:#}");
            let _ = match is_wide {
                true => writeln!(text, "  {}", row.subject),
                false => writeln!(text, "\n{}", line(&row.subject)),
            };
            let _ = writeln!(text, "{}", line(&row.path));
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

    /// The authorities as a tree, each below the one that signed it.
    fn branches(&self) -> Vec<Branch<'_>> {
        let mut branches = Vec::new();
        let tops: Vec<_> = self.below(None).collect();
        for top in tops {
            self.grow(top, String::new(), String::new(), &mut branches);
        }
        branches
    }

    fn grow<'a>(&'a self, row: &'a Row, own: String, rest: String, branches: &mut Vec<Branch<'a>>) {
        let below: Vec<_> = self.below(Some(&row.name)).collect();
        branches.push(Branch {
            row,
            own,
            rest: rest.clone(),
            bears: !below.is_empty(),
        });
        for (number, next) in below.iter().enumerate() {
            let (own, further) = match number + 1 == below.len() {
                true => ("└─ ", "   "),
                false => ("├─ ", "│  "),
            };
            self.grow(next, rest.clone() + own, rest.clone() + further, branches);
        }
    }

    fn below<'a>(&'a self, name: Option<&'a str>) -> impl Iterator<Item = &'a Row> {
        let rows = self.authorities.iter();
        rows.filter(move |row| row.issuer.as_deref() == name)
    }
}

/// An authority in the tree.
struct Branch<'a> {
    row: &'a Row,
    /// What leads to it.
    own: String,
    /// What leads past it.
    rest: String,
    bears: bool,
}

impl Branch<'_> {
    fn name(&self) -> String {
        format!("{}{}", self.own, self.row.name)
    }

    /// In place of the name, in the lines that follow.
    fn below(&self) -> String {
        let stem = if self.bears { "│" } else { "" };
        format!("{}{stem}", self.rest)
    }
}

/// From how many columns on a subject stands beside its authority.
const WIDE: usize = 120;
