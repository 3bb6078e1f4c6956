//! When everything begins, is due, and ends.

use std::collections::BTreeMap;

use pki_core::leaf::LeafId;
use pki_core::lifetime::Validity;
use pki_core::role::Role;
use pki_core::status::{Current, Entry};
use serde::Serialize;
use time::OffsetDateTime;

use super::axis::{Axis, Tick, percent};
use super::certificates;
use super::chain;
use super::moment::{Moment, State, grouped};
use super::sources::Sources;
use crate::etcdpki::output::date;

/// Where there are so many leaves or fewer, each has a line; else those that hold alike share one.
const FEW: usize = 24;
/// So many lines at most.
const LINES: usize = 40;

/// Lines over one axis.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    title: &'static str,
    now: String,
    ticks: Vec<Tick>,
    lines: Vec<Line>,
    /// How many more lines there would be.
    left_out: usize,
}

/// The life of a certificate, or of several that hold alike. Positions are parts of the width.
#[derive(Debug, Serialize)]
struct Line {
    label: String,
    state: State,
    ends: String,
    /// The same for whoever does not see it.
    text: String,
    start: String,
    width: String,
    window_start: String,
    window_width: String,
    /// Where it ends with an authority above it, before its own time.
    cut: Option<Cut>,
}

#[derive(Debug, Serialize)]
struct Cut {
    start: String,
    width: String,
}

/// A line whose place is not known yet.
struct Life {
    label: String,
    state: State,
    validity: Validity,
    due: OffsetDateTime,
    end: OffsetDateTime,
}

/// The authorities live much longer than the leaves, so they have an axis of their own.
pub(super) fn all(sources: &Sources) -> Vec<Timeline> {
    let authorities = Timeline::new("Authorities", authorities(sources), sources.at);
    let leaves = Timeline::new("Certificates", leaves(sources), sources.at);
    authorities.into_iter().chain(leaves).collect()
}

fn authorities(sources: &Sources) -> Vec<Life> {
    let mut lives = Vec::new();
    for entry in &sources.status.authorities {
        for stored in chain::in_use(sources, entry) {
            let validity = stored.certificate.validity;
            let mut current = entry.current.iter();
            let current = current.find(|current| current.generation == stored.generation);
            let lifetime = sources.cluster.certificates.lifetime.as_duration();
            lives.push(Life {
                label: format!("{} CA G{}", entry.name, stored.generation),
                state: chain::state(sources, entry, stored),
                validity,
                due: current.map_or(validity.not_after - lifetime, |it| it.due_from),
                end: current.map_or(validity.not_after, |it| it.effective_end),
            });
        }
    }
    lives
}

fn leaves(sources: &Sources) -> Vec<Life> {
    let leaves = &sources.status.leaves;
    let there = leaves
        .iter()
        .filter_map(|entry| Some((entry, entry.current.as_ref()?)));
    let mut lives: Vec<_> = match leaves.len() {
        ..=FEW => there
            .map(|(entry, current)| Life::of(sources, entry, current))
            .collect(),
        _ => alike(sources, there),
    };
    lives.sort_by_key(|life| (life.state, life.end));
    lives
}

/// One line for all that begin, are due and end on the same days.
fn alike<'a>(
    sources: &Sources,
    there: impl Iterator<Item = (&'a Entry<LeafId>, &'a Current)>,
) -> Vec<Life> {
    let mut groups: BTreeMap<_, (Life, Vec<Role>)> = BTreeMap::new();
    for (entry, current) in there {
        let validity = &current.certificate.validity;
        let alike = [
            validity.not_before,
            current.due_from,
            current.effective_end,
            validity.not_after,
        ];
        let state = sources.state(&entry.standing, &current.certificate);
        let key = (state, alike.map(OffsetDateTime::date));
        let group = groups
            .entry(key)
            .or_insert_with(|| (Life::of(sources, entry, current), Vec::new()));
        group.1.push(entry.name.role);
    }
    groups
        .into_values()
        .map(|(life, roles)| match roles.len() {
            1 => life,
            _ => Life {
                label: label(&roles),
                ..life
            },
        })
        .collect()
}

/// Such as `60 server, 60 peer`.
fn label(roles: &[Role]) -> String {
    let counts = certificates::by_role(roles);
    let counts = counts.map(|(role, number)| format!("{} {role}", grouped(number)));
    counts.collect::<Vec<_>>().join(", ")
}

impl Life {
    fn of(sources: &Sources, entry: &Entry<LeafId>, current: &Current) -> Self {
        let LeafId { owner, role } = &entry.name;
        Self {
            label: format!("{} {role}", certificates::owner(owner)),
            state: sources.state(&entry.standing, &current.certificate),
            validity: current.certificate.validity,
            due: current.due_from,
            end: current.effective_end,
        }
    }
}

impl Timeline {
    fn new(title: &'static str, mut lives: Vec<Life>, at: OffsetDateTime) -> Option<Self> {
        let left_out = lives.len().saturating_sub(LINES);
        lives.truncate(LINES);
        let ends = lives
            .iter()
            .flat_map(|life| [life.validity.not_before, life.validity.not_after]);
        // Without a certificate there is no line, and so none of now.
        let now = (!lives.is_empty()).then_some(at);
        let axis = Axis::around(ends.chain(now))?;
        Some(Self {
            title,
            now: percent(axis.position(at)),
            ticks: axis.ticks(),
            lines: lives
                .iter()
                .map(|life| Line::new(life, &axis, at))
                .collect(),
            left_out,
        })
    }
}

impl Line {
    fn new(life: &Life, axis: &Axis, at: OffsetDateTime) -> Self {
        let start = axis.position(life.validity.not_before);
        let own_end = axis.position(life.validity.not_after);
        let end = axis.position(life.end).min(own_end);
        let due = axis.position(life.due).clamp(start, end);
        let is_cut = life.end < life.validity.not_after;
        Self {
            label: life.label.clone(),
            state: life.state,
            ends: date(life.end),
            text: text(life, at),
            start: percent(start),
            width: percent(end - start),
            window_start: percent(due),
            window_width: percent(end - due),
            cut: is_cut.then(|| Cut {
                start: percent(end),
                width: percent(own_end - end),
            }),
        }
    }
}

fn text(life: &Life, at: OffsetDateTime) -> String {
    let Life { label, state, .. } = life;
    let mut text = format!(
        "{label}, {}: valid from {}, to be renewed from {}, ends on {}, {}",
        state.word,
        date(life.validity.not_before),
        date(life.due),
        date(life.end),
        Moment::new(life.end, at).relative,
    );
    if life.end < life.validity.not_after {
        let own = date(life.validity.not_after);
        text.push_str(&format!(
            ", with an authority above it and before its own end on {own}"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::moment::Kind;
    use super::*;

    #[test]
    fn what_is_lost_to_an_authority_that_ends_before_is_told_and_drawn() {
        let life = Life {
            label: "etcd-0 server".to_owned(),
            state: State {
                kind: Kind::Warn,
                word: "due",
            },
            validity: Validity {
                not_before: datetime!(2026-01-01 0:00 UTC),
                not_after: datetime!(2026-12-31 0:00 UTC),
            },
            // Later than the end of its path: it is due up to that.
            due: datetime!(2026-09-01 0:00 UTC),
            end: datetime!(2026-07-01 0:00 UTC),
        };
        let at = datetime!(2026-06-01 0:00 UTC);
        let timeline = Timeline::new("Certificates", vec![life], at).unwrap();
        let line = &timeline.lines[0];
        let cut = line.cut.as_ref().unwrap();
        assert_eq!(line.window_start, cut.start);
        assert_eq!(line.window_width, "0.00%");
        let part = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
        assert!(part(&line.width) > 45.0 && part(&cut.width) > 45.0);
        assert!(part(&timeline.now) > part(&line.start));
        assert_eq!(line.ends, "2026-07-01");
        assert!(
            line.text.ends_with(
                "in 30 days, with an authority above it and before its own end on 2026-12-31"
            ),
            "{}",
            line.text
        );
    }

    #[test]
    fn without_a_certificate_there_is_no_time_line() {
        assert!(Timeline::new("", Vec::new(), datetime!(2026-06-01 0:00 UTC)).is_none());
    }
}
