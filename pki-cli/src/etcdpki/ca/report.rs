//! What `etcdpki ca import` and `etcdpki ca accept` tell.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::import::Import;
use pki_core::store::{Pki, StoredAuthority};
use serde::Serialize;

use crate::etcdpki::error::Error;
use crate::etcdpki::init::next_command;
use crate::etcdpki::output::{self, BAD, GOOD, HEADING, date, timestamp};
use crate::etcdpki::place::Kept;

/// An authority that was taken in.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: String,
    subject: String,
    algorithm: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    key: &'static str,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The authorities above it that were taken in with it.
    above: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    /// A dry run, until [`kept`](Self::kept) says otherwise.
    pub(super) fn new(name: &str, import: &Import, key: &'static str) -> Self {
        let certificate = import.certificate();
        let above = import.above().iter();
        Self {
            name: name.to_owned(),
            subject: certificate.subject.clone(),
            algorithm: certificate.key_algorithm.clone(),
            not_after: timestamp(certificate.validity.not_after),
            expires: date(certificate.validity.not_after),
            key,
            dry_run: true,
            path: None,
            above: above
                .map(|(name, certificate)| format!("{name}: {}", certificate.subject))
                .collect(),
            notes: import.notes.clone(),
        }
    }

    /// It is in the store.
    pub(super) fn kept(mut self, pki: &Pki<Kept>, stored: &StoredAuthority) -> Self {
        self.dry_run = false;
        self.path = Some(pki.locate_authority(stored));
        self
    }

    pub(super) fn print(&self, json: bool) -> Result<ExitCode, Error> {
        match json {
            true => output::print_json(self)?,
            false => output::print(&self.to_text())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let verb = match self.dry_run {
            true => "Would take in",
            false => "Took in",
        };
        let name = &self.name;
        let _ = writeln!(
            text,
            "{GOOD}{verb}{GOOD:#} {HEADING}the {name} authority{HEADING:#}\n"
        );
        for (title, value) in [
            ("subject", &self.subject),
            ("algorithm", &self.algorithm),
            ("expires", &self.expires),
            ("key", &self.key.to_owned()),
        ] {
            let _ = writeln!(text, "  {title:<10} {value}");
        }
        for above in &self.above {
            let _ = writeln!(text, "  {:<10} {above} (its key is elsewhere)", "above");
        }
        if let Some(path) = &self.path {
            let _ = writeln!(text, "  {:<10} {path}", "kept at");
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{BAD}note{BAD:#}: {note}");
        }
        let next = match self.dry_run {
            true => "Nothing was written: this is a dry run.".to_owned(),
            false => format!("Next: `{}` makes what stands below it.", next_command()),
        };
        let _ = writeln!(text, "\n{next}");
        text
    }
}
