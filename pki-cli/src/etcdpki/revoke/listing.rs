//! What is revoked, shown by `etcdpki revoke --list`.

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::revocation::Revocation;
use pki_core::store::Pki;
use serde::Serialize;

use crate::etcdpki::error::Error;
use crate::etcdpki::output::{self, HEADING, date, timestamp};
use crate::etcdpki::place::Kept;

/// Shows every record.
pub(super) fn run(pki: &Pki<Kept>, json: bool) -> Result<ExitCode, Error> {
    let revocations = pki.revocations()?;
    match json {
        true => {
            let rows: Vec<_> = revocations.iter().map(Row::from).collect();
            output::print_json(&rows)?;
        }
        false => output::print(&text(&revocations))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(revocations: &[Revocation]) -> String {
    if revocations.is_empty() {
        return "Nothing is revoked.\n".to_owned();
    }
    let mut text =
        format!("{HEADING}revoked     reason                serial and subject{HEADING:#}\n");
    for revocation in revocations {
        let reason = match revocation.released {
            Some(released) => format!("taken back {}", date(released)),
            None => revocation.reason.to_string(),
        };
        let _ = writeln!(
            text,
            "{}  {reason:21} {}  {}",
            date(revocation.revoked),
            revocation.serial_text(),
            revocation.subject.as_deref().unwrap_or("(not known)")
        );
    }
    text
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    serial: String,
    subject: Option<&'a str>,
    issuer: Option<&'a str>,
    reason: &'a str,
    revoked: String,
    invalid_since: Option<String>,
    released: Option<String>,
    not_after: Option<String>,
}

impl<'a> From<&'a Revocation> for Row<'a> {
    fn from(revocation: &'a Revocation) -> Self {
        Self {
            serial: revocation.serial_text(),
            subject: revocation.subject.as_deref(),
            issuer: revocation.issuer.as_deref(),
            reason: revocation.reason.as_str(),
            revoked: timestamp(revocation.revoked),
            invalid_since: revocation.invalid_since.map(timestamp),
            released: revocation.released.map(timestamp),
            not_after: revocation.not_after.map(timestamp),
        }
    }
}
