//! The answer to the request of an authority, where the one above it is.

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::AuthorityAnswer;
use pki_core::hierarchy::AuthorityName;
use time::OffsetDateTime;

use super::answer;
use super::report::{self, Report};
use crate::etcdpki::args::Issue;
use crate::etcdpki::error::Error;
use crate::etcdpki::opened::{self, Opened};

/// Runs the command. What it signs is not kept here: it belongs where its key is.
pub(super) fn run(
    arguments: &Issue,
    cluster: &Cluster,
    file: &Path,
    name: AuthorityName,
) -> Result<ExitCode, Error> {
    let request = answer::read(file)?;
    let answer = AuthorityAnswer::new(cluster, name, &request)?;
    if arguments.dry_run {
        return Report::planned_authority(name, &request).print(arguments.json);
    }
    let out = arguments.out.as_deref().ok_or(Error::NoOut)?;
    let opened = Opened::open(cluster, opened::read_only()?, &arguments.keys)?;
    let now = OffsetDateTime::now_utc();
    let certificate = answer.issue(&opened.pki, &opened.keys, arguments.lifetime, now)?;
    let mut report = Report::of_authority(name, &certificate);
    report::write_chain(out, &[certificate], &mut report)?;
    report.print(arguments.json)
}
