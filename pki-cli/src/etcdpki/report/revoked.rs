//! What is revoked.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use pki_core::revocation::Revocation;
use serde::Serialize;

use super::moment::{Kind, Moment, State};
use super::sources::Sources;

/// The revocation list, and what is on it or is to be.
#[derive(Debug, Serialize)]
pub(super) struct Revoked {
    list: Option<List>,
    rows: Vec<Row>,
    /// What members refuse, since a revoked authority is sent along with it.
    refused: Vec<String>,
}

#[derive(Debug, Serialize)]
struct List {
    state: State,
    next: Option<Moment>,
}

#[derive(Debug, Serialize)]
struct Row {
    serial: String,
    subject: Option<String>,
    reason: String,
    revoked: Moment,
    ends: Option<Moment>,
    /// Whether the list says it.
    is_listed: bool,
}

impl Revoked {
    pub(super) fn new(sources: &Sources) -> Self {
        let list = sources.status.revocation_list.as_ref().map(|list| List {
            state: match list.is_due {
                true => State {
                    kind: Kind::Bad,
                    word: "due",
                },
                false => State {
                    kind: Kind::Ok,
                    word: "ok",
                },
            },
            next: list.next_update.map(|next| Moment::new(next, sources.at)),
        });
        let carried = sources.status.carried.iter();
        Self {
            list,
            rows: rows(sources),
            refused: carried.map(ToString::to_string).collect(),
        }
    }
}

/// The newest first.
fn rows(sources: &Sources) -> Vec<Row> {
    let entries = sources.list.iter().flat_map(|list| &list.entries);
    let listed: HashMap<_, _> = entries.map(|entry| (&entry.serial, entry)).collect();
    let records = sources.records.iter();
    let mut known: Vec<_> = records
        .filter(|record| record.is_active())
        .cloned()
        .collect();
    // A list tells of what no record does, where that was lost.
    let recorded: HashSet<_> = known.iter().map(|record| record.serial.clone()).collect();
    let unrecorded = listed
        .values()
        .filter(|entry| !recorded.contains(&entry.serial));
    known.extend(unrecorded.map(|entry| {
        let (reason, revoked) = (entry.reason, entry.revoked);
        Revocation::of_serial(entry.serial.clone(), reason, revoked)
    }));
    known.sort_by_key(|record| (Reverse(record.revoked), record.serial.clone()));
    let row = |record: Revocation| Row {
        is_listed: listed.contains_key(&record.serial),
        serial: record.serial_text(),
        reason: record.reason.to_string(),
        revoked: Moment::new(record.revoked, sources.at),
        ends: record.not_after.map(|end| Moment::new(end, sources.at)),
        subject: record.subject,
    };
    known.into_iter().map(row).collect()
}
