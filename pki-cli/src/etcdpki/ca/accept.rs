//! `etcdpki ca accept`: take in the answer to a request.

use std::process::ExitCode;

use pki_core::certificate::Certificate;
use pki_core::import::{Import, ImportError};
use pki_core::store::{Batch, Pki, StoredRequest};
use time::OffsetDateTime;

use super::import::read_certificates;
use super::report::Report;
use crate::etcdpki::args::CaAccept;
use crate::etcdpki::description;
use crate::etcdpki::error::Error;
use crate::etcdpki::opened;
use crate::etcdpki::place::Kept;

/// Runs the command. No passphrase is needed: the key is sealed already.
pub(super) fn run(arguments: &CaAccept) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let mut given = Vec::new();
    for path in &arguments.files {
        given.extend(read_certificates(path)?);
    }
    let mut pki = match arguments.dry_run {
        true => opened::read_only()?,
        false => opened::writable("ca accept")?,
    };
    let request = find(&pki, &given)?;
    let now = OffsetDateTime::now_utc();
    let import = Import::answer(&cluster, &pki, &request, &given, now)?;
    let report = Report::new(request.name.as_str(), &import, "sealed");
    if arguments.dry_run {
        return report.print(arguments.json);
    }
    let mut batch = Batch::default();
    let stored = import.add_answer(&mut batch, &pki, &request)?;
    pki.commit(batch)?;
    report.kept(&pki, &stored).print(arguments.json)
}

/// The request whose key one of the certificates has.
fn find(pki: &Pki<Kept>, given: &[Certificate]) -> Result<StoredRequest, Error> {
    let mut waiting = Vec::new();
    for name in pki.authority_names()? {
        waiting.extend(pki.request(name)?);
    }
    if waiting.is_empty() {
        return Err(Error::NoRequest);
    }
    let answers = |stored: &StoredRequest| {
        given
            .iter()
            .any(|certificate| certificate.public_key == stored.request.public_key)
    };
    let count = given.len();
    let found = waiting.into_iter().find(answers);
    found.ok_or_else(|| ImportError::NotThere { count }.into())
}
