//! Whether the certificates fit the hosts, before anything is touched.

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::State;
use pki_core::lint::Severity;
use pki_core::store::Pki;
use pki_core::verify;
use time::OffsetDateTime;

use crate::etcdpki::args::{CheckHook, HostArgument};
use crate::etcdpki::error::Error;
use crate::etcdpki::opened;
use crate::etcdpki::output::{self, BAD, GOOD};
use crate::etcdpki::place::Kept;

/// Runs the command.
pub(super) fn run(cluster: &Cluster, arguments: &CheckHook) -> Result<ExitCode, Error> {
    let pki = opened::read_only()?;
    let now = OffsetDateTime::now_utc();
    let report = verify::verify(cluster, &pki, None, now)?;
    // Warnings and notices are no reason to stop a play.
    let errors = report.findings.into_iter();
    let mut findings: Vec<Unfit> = errors
        .filter(|finding| finding.lint.severity == Severity::Error)
        .map(|finding| Unfit {
            path: finding.path,
            message: format!("{}: {}", finding.message, finding.lint.hint),
        })
        .collect();
    findings.extend(
        arguments
            .hosts
            .iter()
            .filter_map(|host| unfit(cluster, host)),
    );
    if arguments.due {
        findings.extend(due(cluster, &pki, now)?);
    }
    for Unfit { path, message } in &findings {
        output::note(&format!("{BAD}{path}{BAD:#}: {message}"));
    }
    if !findings.is_empty() {
        return Ok(ExitCode::from(FOUND));
    }
    output::note(&format!("{GOOD}ok{GOOD:#}: the certificates fit the hosts"));
    Ok(ExitCode::SUCCESS)
}

/// What does not fit.
struct Unfit {
    path: String,
    message: String,
}

/// A node whose described addresses the host does not have, for its peers would refuse it.
fn unfit(cluster: &Cluster, host: &HostArgument) -> Option<Unfit> {
    let named = |message: String| {
        Some(Unfit {
            path: host.name.clone(),
            message,
        })
    };
    let Some(node) = cluster
        .nodes
        .iter()
        .find(|node| node.name.as_str() == host.name)
    else {
        return named(
            "this host is not described: add it to nodes in etcdpki.yml, or name it as it is there"
                .to_owned(),
        );
    };
    let missing = node
        .addresses
        .iter()
        .find(|address| !host.addresses.contains(address))?;
    named(format!(
        "its certificate names {missing}, which the host does not have: correct its addresses in etcdpki.yml and run `etcdpki init`"
    ))
}

fn due(cluster: &Cluster, pki: &Pki<Kept>, now: OffsetDateTime) -> Result<Vec<Unfit>, Error> {
    let state = State::read(cluster, pki)?;
    let due = state.leaves.iter().filter(|stored| {
        let validity = &stored.certificate().validity;
        cluster.certificates.renew_before.due_from(validity) <= now
    });
    Ok(due
        .map(|stored| Unfit {
            path: pki.locate_leaf(stored),
            message: format!(
                "due for renewal: it expires on {}",
                output::date(stored.certificate().validity.not_after)
            ),
        })
        .collect())
}

/// The exit code that says that something was found.
const FOUND: u8 = 3;
