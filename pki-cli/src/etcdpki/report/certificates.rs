//! The leaves, as a table.

use pki_core::leaf::{LeafId, Owner};
use pki_core::role::Role;
use pki_core::status::{Entry, Standing, Undescribed};
use serde::Serialize;
use time::OffsetDateTime;

use super::moment::{Kind, Moment, State};
use super::sources::Sources;

/// A table may have so many rows and be shown at once.
const FEW: usize = 60;

/// Every leaf that is described, and others that still hold.
#[derive(Debug, Serialize)]
pub(super) struct Certificates {
    pub(super) groups: Vec<Group>,
    others: Vec<Others>,
}

/// Leaves that are shown together.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    title: &'static str,
    is_open: bool,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) owner: String,
    role: &'static str,
    state: State,
    path: String,
    reason: Option<String>,
    current: Option<Current>,
}

/// A certificate that is there.
#[derive(Debug, Serialize)]
struct Current {
    common_name: Option<String>,
    names: Vec<String>,
    generation: u32,
    key: String,
    serial: String,
    due: Moment,
    ends: Moment,
    /// Which authority ends before it.
    limited_by: Option<String>,
}

/// Certificates that nobody described.
#[derive(Debug, Serialize)]
struct Others {
    title: &'static str,
    certificates: Vec<Other>,
}

#[derive(Debug, Serialize)]
struct Other {
    subject: String,
    path: String,
    ends: Moment,
}

impl Certificates {
    pub(super) fn new(sources: &Sources) -> Self {
        let (mut attention, mut nodes, mut clients) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &sources.status.leaves {
            let row = Row::new(sources, entry);
            let rows = match &entry.name.owner {
                _ if row.state.kind != Kind::Ok => &mut attention,
                Owner::Client(_) | Owner::Other(_) => &mut clients,
                Owner::Node(_) | Owner::Nodes => &mut nodes,
            };
            rows.push(row);
        }
        attention.sort_by_key(|row| row.state);
        let groups = [
            ("Needs attention", attention),
            ("Nodes", nodes),
            ("Clients", clients),
        ];
        let groups = groups.into_iter().filter(|(_, rows)| !rows.is_empty());
        Self {
            groups: groups
                .map(|(title, rows)| Group {
                    title,
                    is_open: rows.len() <= FEW,
                    rows,
                })
                .collect(),
            others: others(sources),
        }
    }
}

impl Row {
    fn new(sources: &Sources, entry: &Entry<LeafId>) -> Self {
        let at = sources.at;
        let current = entry.current.as_ref().map(|current| {
            let certificate = &current.certificate;
            let names = certificate.alternative_names.iter();
            Current {
                common_name: certificate.common_name.clone(),
                names: names.map(ToString::to_string).collect(),
                generation: current.generation,
                key: certificate.key_algorithm.clone(),
                serial: certificate.serial_text(),
                due: Moment::new(current.due_from, at),
                ends: Moment::new(current.effective_end, at),
                limited_by: current.limited_by.clone(),
            }
        });
        Self {
            owner: owner(&entry.name.owner),
            role: entry.name.role.as_str(),
            state: match &entry.current {
                Some(current) => sources.state(&entry.standing, &current.certificate),
                None => State::of(&entry.standing),
            },
            path: entry.path.clone(),
            reason: match &entry.standing {
                Standing::Missing => Some("`etcdpki init` makes it".to_owned()),
                Standing::Unreadable { reason } => Some(reason.clone()),
                _ => None,
            },
            current,
        }
    }
}

/// How many there are in each role that any is in.
pub(super) fn by_role(roles: &[Role]) -> impl Iterator<Item = (Role, usize)> {
    let each = [Role::Server, Role::Peer, Role::Client].into_iter();
    let counted = each.map(|role| (role, roles.iter().filter(|one| **one == role).count()));
    counted.filter(|(_, number)| *number > 0)
}

/// Whose it is, for a person.
pub(super) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Nodes => "all nodes".to_owned(),
        owner => owner.to_string(),
    }
}

fn others(sources: &Sources) -> Vec<Others> {
    let status = &sources.status;
    let others = [
        (
            "Not described any more, and taken by members until they end",
            &status.undescribed,
        ),
        (
            "Of other services, and refused by members",
            &status.of_other_services,
        ),
    ];
    let others = others.into_iter().filter(|(_, found)| !found.is_empty());
    others
        .map(|(title, found)| Others {
            title,
            certificates: found
                .iter()
                .map(|one| Other::new(one, sources.at))
                .collect(),
        })
        .collect()
}

impl Other {
    fn new(one: &Undescribed, at: OffsetDateTime) -> Self {
        Self {
            subject: one.certificate.subject.clone(),
            path: one.path.clone(),
            ends: Moment::new(one.certificate.validity.not_after, at),
        }
    }
}
