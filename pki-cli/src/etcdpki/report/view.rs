//! The page as its template sees it.

use pki_core::lint::Severity;
use serde::Serialize;

use super::certificates::Certificates;
use super::chain::Chain;
use super::findings::Findings;
use super::moment::{Kind, Moment, count, grouped};
use super::revoked::Revoked;
use super::sources::Sources;
use super::timeline::{self, Timeline};
use crate::etcdpki::description;
use crate::etcdpki::output::timestamp;
use crate::etcdpki::rotate;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    cluster: String,
    domain: String,
    made: String,
    origin: Origin,
    verdict: Verdict,
    figures: Vec<Figure>,
    rotation: Option<Rotation>,
    chain: Chain,
    timelines: Vec<Timeline>,
    backdate: String,
    pub(super) certificates: Certificates,
    findings: Findings,
    revoked: Revoked,
}

/// What the page was made from and with.
#[derive(Debug, Serialize)]
struct Origin {
    description: &'static str,
    sha256: String,
    place: String,
    revision: Option<i64>,
    version: &'static str,
}

/// What it comes to, in a sentence.
#[derive(Debug, Serialize)]
struct Verdict {
    kind: Kind,
    text: String,
}

#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: String,
    note: String,
}

/// A rotation that is under way.
#[derive(Debug, Serialize)]
struct Rotation {
    authority: String,
    procedure: &'static str,
    next: &'static str,
    meaning: &'static str,
}

impl View {
    pub(super) fn new(sources: &Sources) -> Self {
        let cluster = &sources.cluster;
        let rotation = sources.underway.map(|underway| Rotation {
            authority: underway.authority.to_string(),
            procedure: underway.procedure.as_str(),
            next: underway.next.as_str(),
            meaning: rotate::meaning(underway.next),
        });
        Self {
            cluster: cluster.name.to_string(),
            domain: cluster.domain.to_string(),
            made: timestamp(sources.at),
            origin: Origin {
                description: description::FILE,
                sha256: sources.description.to_string(),
                place: sources.place.clone(),
                revision: sources.revision,
                version: env!("CARGO_PKG_VERSION"),
            },
            verdict: Verdict::of(sources),
            figures: figures(sources),
            rotation,
            chain: Chain::new(sources),
            timelines: timeline::all(sources),
            backdate: cluster.certificates.backdate.to_string(),
            certificates: Certificates::new(sources),
            findings: Findings::new(&sources.findings),
            revoked: Revoked::new(sources),
        }
    }
}

impl Verdict {
    fn of(sources: &Sources) -> Self {
        let due = sources.status.due();
        let errors = sources.findings.count(Severity::Error);
        let kind = match (errors, due) {
            (1.., _) => Kind::Bad,
            (0, 1..) => Kind::Warn,
            (0, 0) => Kind::Ok,
        };
        let due = match due {
            0 => "nothing is due".to_owned(),
            1 => "1 thing is due".to_owned(),
            many => format!("{} things are due", grouped(many)),
        };
        let text = match errors {
            0 => format!("No error was found, and {due}"),
            1 => format!("1 error was found, and {due}"),
            many => format!("{} errors were found, and {due}", grouped(many)),
        };
        Self { kind, text }
    }
}

fn figures(sources: &Sources) -> Vec<Figure> {
    let status = &sources.status;
    let cluster = &sources.cluster;
    let authorities = status.authorities.iter().map(|one| one.current.as_ref());
    let leaves = status.leaves.iter().map(|one| one.current.as_ref());
    let ends = authorities.chain(leaves).flatten();
    let first = ends.map(|current| current.effective_end).min();
    let first = first.map(|end| Moment::new(end, sources.at));
    let (first, off) = match first {
        Some(Moment { day, relative, .. }) => (day, relative),
        None => ("–".to_owned(), "there is no certificate".to_owned()),
    };
    let figure = |name, value: String, note: String| Figure { name, value, note };
    vec![
        figure(
            "Nodes",
            grouped(cluster.nodes.len()),
            format!("{} may be lost", grouped(cluster.tolerated_losses())),
        ),
        figure(
            "Certificates",
            grouped(status.leaves.len()),
            format!("under {}", authorities_text(status.authorities.len())),
        ),
        figure("First end", first, off),
        figure(
            "Due",
            grouped(status.due()),
            count(sources.findings.findings.len(), "finding"),
        ),
    ]
}

fn authorities_text(number: usize) -> String {
    match number {
        1 => "1 authority".to_owned(),
        many => format!("{} authorities", grouped(many)),
    }
}
