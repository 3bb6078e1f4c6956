//! What `etcdpki doctor` shows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pki_core::lint::Severity;
use pki_core::live::{Port, Sighting};
use pki_core::verify::{Finding, Report};
use serde::Serialize;

use super::settings::Judged;
use crate::etcdpki::findings;
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, date, timestamp};
use crate::etcdpki::verify::Whole;

/// Everything, for a program and for a person.
#[derive(Serialize)]
pub(super) struct View<'a> {
    cluster: &'a str,
    domain: &'a str,
    /// What was checked, in words.
    checked: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    /// The members that were asked, if any were.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberView<'a>>>,
    #[serde(flatten)]
    found: findings::Json<'a>,
    #[serde(skip)]
    report: &'a Report,
}

/// A member that was asked.
#[derive(Serialize)]
struct MemberView<'a> {
    name: &'a str,
    client: PortView,
    peer: PortView,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_ahead_seconds: Option<i64>,
    /// The codes of what was found.
    codes: Vec<&'a str>,
}

#[derive(Serialize)]
struct PortView {
    address: String,
    reached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip)]
    ends: Option<String>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        whole: &'a Whole,
        settings: &Judged,
        sightings: Option<&'a [Sighting]>,
    ) -> Self {
        let report = &whole.report;
        let skipped: Vec<_> = whole
            .skipped()
            .into_iter()
            .chain(settings.skipped())
            .collect();
        let members = sightings.map(|sightings| {
            let members = sightings.iter();
            members
                .map(|member| MemberView::new(member, &report.findings))
                .collect()
        });
        Self {
            cluster: whole.cluster.name.as_str(),
            domain: whole.cluster.domain.as_str(),
            checked: format!("{}, {}", whole.checked(), settings.which),
            skipped: (!skipped.is_empty()).then(|| skipped.join("\n")),
            members,
            found: findings::Json::new(report, |lint| lint.hint),
            report,
        }
    }

    /// For a person.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if let Some(members) = &self.members {
            write_members(&mut text, members);
        }
        let found = findings::text(self.report, |lint| lint.hint);
        if !found.is_empty() {
            let _ = writeln!(text, "{found}");
        }
        let counts = findings::counts(self.report);
        let checked = &self.checked;
        let asked = match &self.members {
            None => "no member was asked".to_owned(),
            Some(members) => match members.len() {
                1 => "1 member asked".to_owned(),
                many => format!("{many} members asked"),
            },
        };
        let _ = match (self.report.count(Severity::Error), counts.is_empty()) {
            (0, true) => writeln!(text, "{GOOD}ok{GOOD:#}: {checked}; {asked}"),
            (0, false) => writeln!(text, "{GOOD}ok{GOOD:#}, with {counts}: {checked}; {asked}"),
            _ => writeln!(text, "{BAD}{counts}{BAD:#} in {checked}; {asked}"),
        };
        if let Some(skipped) = &self.skipped {
            let _ = writeln!(text, "{DIM}{skipped}{DIM:#}");
        }
        text
    }
}

impl<'a> MemberView<'a> {
    fn new(member: &'a Sighting, findings: &'a [Finding]) -> Self {
        let answer = member.answered();
        let codes: BTreeSet<_> = findings
            .iter()
            .filter(|finding| {
                [&member.client, &member.peer]
                    .iter()
                    .any(|port| finding.path == port.locate(&member.name))
            })
            .map(|finding| finding.lint.code)
            .collect();
        Self {
            name: member.name.as_str(),
            client: PortView::new(&member.client),
            peer: PortView::new(&member.peer),
            version: answer.and_then(|answer| answer.version.as_deref()),
            clock_ahead_seconds: answer
                .and_then(|answer| answer.clock_ahead)
                .map(|ahead| ahead.whole_seconds()),
            codes: codes.into_iter().collect(),
        }
    }
}

impl PortView {
    fn new(port: &Port) -> Self {
        let shown = port.presented.as_ref().ok();
        let shown = shown.and_then(|presented| presented.first());
        let ends = shown.map(|shown| shown.validity.not_after);
        Self {
            address: port.address.to_string(),
            reached: port.presented.is_ok(),
            serial: shown.map(|shown| shown.serial_text()),
            not_after: ends.map(timestamp),
            ends: ends.map(date),
        }
    }
}

fn write_members(text: &mut String, members: &[MemberView<'_>]) {
    let longest = |of: &dyn Fn(&MemberView<'_>) -> usize| members.iter().map(of).max();
    let name = longest(&|member| member.name.len()).unwrap_or(0).max(6);
    let address = longest(&|member| member.client.address.len()).unwrap_or(0);
    let address = address.max(7);
    let _ = writeln!(
        text,
        "{HEADING}{:name$}  {:address$}  {:8}  {:10}  state{HEADING:#}",
        "member", "address", "etcd", "ends"
    );
    for member in members {
        let client = &member.client;
        let _ = write!(
            text,
            "{:name$}  {:address$}  {:8}  {:10}  ",
            member.name,
            client.address,
            member.version.unwrap_or_default(),
            client.ends.as_deref().unwrap_or_default(),
        );
        let _ = match member.codes.is_empty() {
            true => writeln!(text, "{GOOD}ok{GOOD:#}"),
            false => writeln!(text, "{BAD}{}{BAD:#}", member.codes.join(", ")),
        };
    }
    let _ = writeln!(text);
}
