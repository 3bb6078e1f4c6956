//! `etcdpki agent list`: what agents were handed, and what they have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::agent::{Agent, Delivery, Enrolment, Loaded, Message, Report};
use pki_core::store::etcd::{Etcd, Letter};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::etcdpki::args::AgentList;
use crate::etcdpki::error::Error;
use crate::etcdpki::output::{BAD, DIM, GOOD, HEADING, WARN, timestamp};
use crate::etcdpki::{description, opened, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentList) -> Result<ExitCode, Error> {
    let (pki, _) = opened::existing(None)?;
    let store = pki.store().etcd()?;
    let cluster = description::read()?;
    let view = View::of(&cluster, store, &pki.agents()?, OffsetDateTime::now_utc())?;
    let publisher = pki.publisher_fingerprint()?;
    match arguments.json {
        true => output::print_json(&Whole {
            publisher: publisher.map(|one| one.to_string()),
            agents: &view.rows,
        })?,
        false => {
            if let Some(publisher) = publisher {
                output::print(&format!("{DIM}publisher {publisher}{DIM:#}\n"))?;
            }
            output::print(&view.text())?;
        }
    }
    let is_well = |row: &Row| matches!(row.state, State::Done | State::Undescribed);
    Ok(match view.rows.iter().all(is_well) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(super::DUE),
    })
}

#[derive(Serialize)]
struct Whole<'a> {
    publisher: Option<String>,
    agents: &'a [Row],
}

struct View {
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    owner: String,
    state: State,
    /// The recipient that it is known by, or wants to be.
    recipient: String,
    /// The delivery that it was handed.
    handed: Option<u64>,
    /// The one that it has on its disk.
    has: Option<u64>,
    #[serde(with = "time::serde::rfc3339::option")]
    seen: Option<OffsetDateTime>,
    loaded: Option<Loaded>,
    failure: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It has all of it, and a member has loaded all of it.
    Done,
    /// It has something older, or has not loaded it.
    Behind,
    /// It told that something failed.
    Failed,
    /// It did not tell for longer than its timer lets it be silent.
    Silent,
    /// Its owner is not described any more, and it is handed nothing.
    Undescribed,
    /// It wants to be admitted.
    Waits,
}

impl View {
    fn of(
        cluster: &Cluster,
        store: &Etcd,
        agents: &[Agent],
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        let deliveries = letters::<Delivery>(store, Letter::Delivery)?;
        let reports = letters::<Report>(store, Letter::Report)?;
        let waiting = letters::<Enrolment>(store, Letter::Enrolment)?;
        let agents: BTreeMap<_, _> = agents.iter().map(|one| (one.owner.as_str(), one)).collect();
        let owners = agents.keys().copied();
        let owners: BTreeSet<_> = owners.chain(waiting.keys().map(String::as_str)).collect();
        let rows = owners.into_iter().map(|owner| {
            let (delivery, report) = (deliveries.get(owner), reports.get(owner));
            let admitted = agents.get(owner).map(|agent| agent.recipient.to_string());
            let asks = waiting.get(owner).map(|asked| asked.recipient.to_string());
            let is_described = super::check_described(cluster, owner).is_ok();
            let state = match (is_described, asks.is_some()) {
                (false, _) => State::Undescribed,
                (true, true) => State::Waits,
                (true, false) => state(delivery, report, now),
            };
            Row {
                owner: owner.to_owned(),
                state,
                recipient: asks.or(admitted).unwrap_or_default(),
                handed: delivery.map(|delivery| delivery.number),
                has: report.map(|report| report.number),
                seen: report.map(|report| report.at),
                loaded: report.and_then(|report| report.loaded),
                failure: report.and_then(|report| report.failure.clone()),
            }
        });
        Ok(Self {
            rows: rows.collect(),
        })
    }

    fn text(&self) -> String {
        if self.rows.is_empty() {
            return "No agents: invite one with `etcdpki agent invite`\n".to_owned();
        }
        let lengths = self.rows.iter().map(|row| row.owner.chars().count());
        let first = lengths.max().unwrap_or(0);
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{HEADING}{:first$}  {:7}  {:11}  {:15}  seen{HEADING:#}",
            "", "state", "delivery", "loaded"
        );
        for row in &self.rows {
            let (state, style) = match row.state {
                State::Done => ("done", GOOD),
                State::Behind => ("behind", WARN),
                State::Failed => ("failed", BAD),
                State::Silent => ("silent", BAD),
                State::Undescribed => ("gone", DIM),
                State::Waits => ("waits", WARN),
            };
            let has = row.has.map_or("-".to_owned(), |number| number.to_string());
            let loaded = row.loaded.map_or("-", |loaded| match loaded {
                Loaded::All => "all",
                Loaded::Nothing => "nothing",
                Loaded::OldCertificate => "old certificate",
                Loaded::OldTrust => "old trust",
            });
            let seen = row.seen.map_or("-".to_owned(), timestamp);
            let _ = writeln!(
                text,
                "{:first$}  {style}{state:7}{style:#}  {has:11}  {loaded:15}  {seen}",
                row.owner
            );
            if let Some(failure) = &row.failure {
                let _ = writeln!(text, "{:first$}  {failure}", "");
            }
            if row.state == State::Undescribed {
                let gone = format!(
                    "not described any more: `etcdpki agent remove {}` withdraws it",
                    row.owner
                );
                let _ = writeln!(text, "{:first$}  {DIM}{gone}{DIM:#}", "");
            }
            if row.state == State::Waits {
                let _ = writeln!(text, "{:first$}  {DIM}{}{DIM:#}", "", row.recipient);
            }
        }
        text
    }
}

fn state(delivery: Option<&Delivery>, report: Option<&Report>, now: OffsetDateTime) -> State {
    let Some(report) = report else {
        return State::Behind;
    };
    let is_newest = delivery.is_none_or(|delivery| delivery.number == report.number);
    let is_loaded = matches!(report.loaded, None | Some(Loaded::All));
    match () {
        () if report.failure.is_some() => State::Failed,
        () if now - report.at > SILENCE => State::Silent,
        () if is_newest && is_loaded => State::Done,
        () => State::Behind,
    }
}

/// Those that can be read: what cannot is the same as none.
fn letters<T: Message>(store: &Etcd, letter: Letter) -> Result<BTreeMap<String, T>, Error> {
    let letters = store.letters(letter)?.into_iter();
    let letters = letters.filter_map(|(owner, text)| Some((owner, T::from_json(&text).ok()?)));
    Ok(letters.collect())
}

/// Agents run every few minutes.
const SILENCE: Duration = Duration::HOUR;
