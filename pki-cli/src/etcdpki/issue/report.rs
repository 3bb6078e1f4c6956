//! What `etcdpki issue` tells of one certificate, and the files that it writes besides.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::certificate::{AlternativeName, Certificate, bundle};
use pki_core::converge::{Order, Signed};
use pki_core::crl;
use pki_core::csr::CertificateRequest;
use pki_core::hierarchy::AuthorityName;
use pki_core::key::PrivateKey;
use pki_core::leaf::LeafId;
use pki_core::lifetime::Lifetime;
use pki_core::store::atomic::{self, Access, Group};
use pki_core::store::{Pki, Store, StoredLeaf};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::etcdpki::interrupt;
use crate::etcdpki::opened;
use crate::etcdpki::output::{self, BAD, DIM, GOOD, HEADING, date, timestamp};
use crate::etcdpki::place::Kept;

/// One certificate.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    what: String,
    dry_run: bool,
    subject: String,
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<Issued>,
    written: Vec<String>,
    notes: Vec<String>,
    /// Whether the certificate itself went to standard output.
    #[serde(skip)]
    printed: bool,
}

#[derive(Debug, Serialize)]
struct Issued {
    issuer: String,
    serial: String,
    key: String,
    not_before: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    key_is_here: bool,
}

impl Report {
    /// A dry run.
    pub(super) fn planned(order: &Order) -> Self {
        let names = order.profile.names().iter();
        Self {
            what: order.id.to_string(),
            dry_run: true,
            subject: order.profile.subject().to_string(),
            names: names.map(ToString::to_string).collect(),
            ..Self::default()
        }
    }

    /// A dry run for an authority.
    pub(super) fn planned_authority(name: AuthorityName, request: &CertificateRequest) -> Self {
        Self {
            what: format!("{name} authority"),
            dry_run: true,
            subject: request.subject.clone(),
            ..Self::default()
        }
    }

    /// A certificate that was issued and is kept.
    pub(super) fn issued(pki: &Pki<Kept>, stored: &StoredLeaf, key_is_here: bool) -> Self {
        let path = Some(pki.locate_leaf(stored));
        Self::of(
            stored.id.to_string(),
            stored.certificate(),
            path,
            key_is_here,
        )
    }

    /// An authority's certificate, which is not kept.
    pub(super) fn of_authority(name: AuthorityName, certificate: &Certificate) -> Self {
        Self::of(format!("{name} authority"), certificate, None, false)
    }

    fn of(
        what: String,
        certificate: &Certificate,
        path: Option<String>,
        key_is_here: bool,
    ) -> Self {
        let validity = &certificate.validity;
        let names = certificate.alternative_names.iter();
        Self {
            what,
            subject: certificate.subject.clone(),
            names: names.map(AlternativeName::to_string).collect(),
            issued: Some(Issued {
                issuer: certificate.issuer.clone(),
                serial: certificate.serial_text(),
                key: certificate.key_algorithm.clone(),
                not_before: timestamp(validity.not_before),
                not_after: timestamp(validity.not_after),
                expires: date(validity.not_after),
                path,
                key_is_here,
            }),
            ..Self::default()
        }
    }

    /// The same report with these notes.
    pub(super) fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The same report with the revocation lists that would be signed.
    pub(super) fn with_due_lists(
        mut self,
        cluster: &Cluster,
        pki: &Pki<Kept>,
    ) -> Result<Self, Error> {
        let now = OffsetDateTime::now_utc();
        let (authorities, revocations) = (pki.authorities()?, pki.revocations()?);
        let lists = crl::lists(cluster, pki, &authorities, &revocations, now)?;
        let due = lists
            .into_iter()
            .filter_map(|list| Some((list.due?, list.path)));
        self.notes.extend(due.map(|(due, path)| {
            let path = pki.store().locate(&path);
            format!("{path} would be signed anew: {due}")
        }));
        Ok(self)
    }

    /// Tells of the revocation lists that were signed, and of those that could not be.
    pub(super) fn add_lists(&mut self, lists: Signed) {
        self.written.extend(lists.written);
        let unsigned = lists.unsigned.into_iter();
        let unsigned = unsigned.map(|(path, why)| format!("{path} was not signed anew: {why}"));
        self.notes.extend(unsigned);
    }

    /// Notes that the lifetime was cut to the issuer's end.
    pub(super) fn note_cut(&mut self, stored: &StoredLeaf, asked: Lifetime, now: OffsetDateTime) {
        let end = stored.certificate().validity.not_after;
        if end + Duration::minutes(1) < now + asked.as_duration() {
            let end = date(end);
            self.notes
                .push(format!("the lifetime was cut to its issuer's end, {end}"));
        }
    }

    /// Prints it: to standard error where the certificate went to standard output.
    pub(super) fn print(&self, json: bool) -> Result<ExitCode, Error> {
        match (json, self.printed) {
            (true, false) => output::print_json(self)?,
            (false, false) => output::print(&self.to_text())?,
            (_, true) => output::note(self.to_text().trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let verb = match self.dry_run {
            true => "Would issue",
            false => "Issued",
        };
        let _ = writeln!(
            text,
            "{GOOD}{verb}{GOOD:#} {HEADING}{}{HEADING:#}\n",
            self.what
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<12} {value}");
        };
        row("subject", &self.subject);
        if !self.names.is_empty() {
            row("names", &self.names.join(", "));
        }
        if let Some(issued) = &self.issued {
            row("issuer", &issued.issuer);
            row("serial", &issued.serial);
            row("expires", &issued.expires);
            if let Some(path) = &issued.path {
                row("certificate", path);
                let key = match issued.key_is_here {
                    true => format!("{}, sealed beside it", issued.key),
                    false => format!("{}, with who made the request", issued.key),
                };
                row("key", &key);
            }
        }
        for path in &self.written {
            row("wrote", path);
        }
        for note in &self.notes {
            let _ = writeln!(text, "\n{BAD}note{BAD:#}: {note}");
        }
        if self.dry_run {
            let _ = writeln!(text, "\nNothing was written: this is a dry run.");
        } else if let Some(path) = self.issued.as_ref().and_then(|issued| issued.path.as_ref()) {
            let _ = writeln!(text, "\n{DIM}etcdpki inspect {path}{DIM:#}");
        }
        text
    }
}

/// Writes a certificate and those above it to the file that was asked for, or prints them.
pub(super) fn write_chain(
    path: &Path,
    chain: &[Certificate],
    report: &mut Report,
) -> Result<(), Error> {
    let text = bundle::write(chain);
    if path.as_os_str() == "-" {
        report.printed = true;
        return output::print_verbatim(&text);
    }
    write(path, text.as_bytes(), Access::Everyone)?;
    report.written.push(path.display().to_string());
    Ok(())
}

/// Writes the certificate of a described leaf that was renewed, where that was asked for.
pub(super) fn write_renewed(path: &Path, id: &LeafId) -> Result<(), Error> {
    let pki = opened::read_only()?;
    match pki.leaf(id)? {
        Some(stored) if path.as_os_str() == "-" => {
            output::print_verbatim(&bundle::write(&stored.chain))
        }
        Some(stored) => write(
            path,
            bundle::write(&stored.chain).as_bytes(),
            Access::Everyone,
        ),
        None => Ok(()),
    }
}

/// Writes a private key in clear, for its owner alone.
pub(super) fn write_key(path: &Path, key: &PrivateKey, report: &mut Report) -> Result<(), Error> {
    let _held = interrupt::hold();
    let mut group = Group::default();
    let name = files::below_here(path);
    if let Some(name) = &name {
        files::stage_ignored_first(&[name], &mut group)?;
    }
    group.stage_file(path, key.to_pem().as_bytes(), Access::Owner)?;
    group.commit()?;
    let path = path.display().to_string();
    let ignored = name.map_or("", |_| "; git ignores it");
    report
        .notes
        .push(format!("{path} holds the private key in clear{ignored}"));
    report.written.push(path);
    Ok(())
}

fn write(path: &Path, content: &[u8], access: Access) -> Result<(), Error> {
    Ok(atomic::replace(path, content, access)?)
}
