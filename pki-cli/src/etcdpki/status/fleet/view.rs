//! The status of many PKIs as it is reported.

use pki_core::Cluster;
use pki_core::rotation;
use pki_core::status::{self, Current, Entry, Standing, Status};
use pki_core::store::etcd::Fleet;
use pki_core::store::{Address, Pki, Store};
use serde::Serialize;
use time::OffsetDateTime;

use super::super::view::RotationView;
use crate::etcdpki::output::{days, timestamp};

/// Everything, for a program and for a person.
#[derive(Debug, Serialize)]
pub(super) struct View {
    /// Where was looked.
    pub(super) below: String,
    /// Whether the user may not read all that is there.
    pub(super) partial: bool,
    /// How many things want somebody to act.
    pub(super) due: usize,
    /// How many PKIs nothing is known of.
    pub(super) unread: usize,
    pub(super) pkis: Vec<PkiView>,
    pub(super) cost: CostView,
}

/// What it took.
#[derive(Debug, Serialize)]
pub(super) struct CostView {
    pub(super) requests: u64,
    pub(super) octets: u64,
}

/// A PKI.
#[derive(Debug, Serialize)]
pub(super) struct PkiView {
    /// Where it is, as `--store` takes it.
    pub(super) store: String,
    /// The last part of that, without what all have in common.
    #[serde(skip)]
    pub(super) name: String,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
    #[serde(flatten)]
    pub(super) summary: Option<Summary>,
}

/// What there is in a PKI.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) cluster: String,
    domain: String,
    pub(super) nodes: usize,
    pub(super) clients: usize,
    /// How many things want somebody to act.
    pub(super) due: usize,
    /// Which.
    pub(super) due_things: Vec<DueView>,
    /// What ends first, along its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_end: Option<EndView>,
    /// Certificates that are valid and not described any more.
    pub(super) undescribed: usize,
    /// Revoked authorities that certificates are sent along with, so that members refuse these.
    pub(super) refused: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation: Option<RotationView>,
}

/// Something that is due.
#[derive(Debug, Serialize)]
pub(super) struct DueView {
    pub(super) name: String,
    pub(super) state: &'static str,
}

/// The end of a certificate.
#[derive(Debug, Serialize)]
pub(super) struct EndView {
    name: String,
    effective_not_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limited_by: Option<String>,
    /// Days until then, to the nearest; less than 0 if it has passed.
    pub(super) days_left: i64,
    #[serde(skip)]
    pub(super) at: OffsetDateTime,
}

impl View {
    /// Looks at each PKI. What is wrong with one stops no other.
    pub(super) fn read(below: String, fleet: &Fleet, now: OffsetDateTime) -> Self {
        let addresses: Vec<_> = fleet.addresses().collect();
        let pkis = addresses.iter().map(|address| {
            let summary = summary(fleet, address, now);
            let store = address.to_string();
            let name = store
                .strip_prefix(&below)
                .map(|name| name.trim_matches('/'));
            PkiView {
                name: match name {
                    Some("") | None => address.prefix().trim_end_matches('/').to_owned(),
                    Some(name) => name.to_owned(),
                },
                store,
                fault: summary.as_ref().err().cloned(),
                summary: summary.ok(),
            }
        });
        let pkis: Vec<_> = pkis.collect();
        let (requests, octets) = fleet.cost();
        Self {
            partial: fleet.is_partial(),
            due: pkis
                .iter()
                .filter_map(|pki| Some(pki.summary.as_ref()?.due))
                .sum(),
            unread: pkis.iter().filter(|pki| pki.fault.is_some()).count(),
            cost: CostView { requests, octets },
            below,
            pkis,
        }
    }
}

/// What there is in a PKI, or why that is not known.
fn summary(fleet: &Fleet, address: &Address, now: OffsetDateTime) -> Result<Summary, String> {
    let excerpt = fleet.read(address).map_err(|error| error.to_string())?;
    let description = excerpt.description().ok_or(UNDESCRIBED)?;
    let cluster = Cluster::from_octets(description).map_err(|error| {
        let at = error
            .position
            .map(|at| format!(":{at}"))
            .unwrap_or_default();
        format!("{address}/description{at}: {error}")
    })?;
    let pki = Pki::new(excerpt);
    let status = status::status(&cluster, &pki, now).map_err(|error| error.to_string())?;
    Ok(Summary::new(&cluster, &pki, &status, now))
}

impl Summary {
    pub(super) fn new<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        status: &Status,
        now: OffsetDateTime,
    ) -> Self {
        let authorities = status.authorities.iter();
        let authorities = authorities.map(|entry| Seen::of(entry, format!("{} CA", entry.name)));
        let leaves = status.leaves.iter();
        let leaves = leaves.map(|entry| Seen::of(entry, entry.name.to_string()));
        let seen: Vec<_> = authorities.chain(leaves).collect();
        let list = status.revocation_list.as_ref().filter(|list| list.is_due);
        let list = list.map(|_| DueView {
            name: "revocation list".to_owned(),
            state: "due",
        });
        let due = seen.iter().filter(|one| one.standing.is_due());
        let due = due.map(|one| DueView {
            name: one.name.clone(),
            state: one.standing.as_str(),
        });
        let current = seen.iter().filter_map(|one| Some((one, one.current?)));
        let first = current.min_by_key(|(_, current)| current.effective_end);
        // What cannot be read is told of where this PKI is looked at alone.
        let underway = rotation::standing(cluster, pki).ok();
        let underway = underway.and_then(|standing| standing.underway);
        Self {
            cluster: cluster.name.to_string(),
            domain: cluster.domain.to_string(),
            nodes: cluster.nodes.len(),
            clients: cluster.clients.len(),
            due: status.due(),
            due_things: due.chain(list).collect(),
            first_end: first.map(|(one, current)| EndView {
                name: one.name.clone(),
                effective_not_after: timestamp(current.effective_end),
                limited_by: current.limited_by.clone(),
                days_left: days(current.effective_end - now),
                at: current.effective_end,
            }),
            undescribed: status.undescribed.len(),
            refused: status.carried.len(),
            rotation: underway.map(|underway| RotationView::new(underway, cluster, pki, now)),
        }
    }
}

/// An authority or a leaf.
struct Seen<'a> {
    name: String,
    standing: &'a Standing,
    current: Option<&'a Current>,
}

impl<'a> Seen<'a> {
    fn of<N>(entry: &'a Entry<N>, name: String) -> Self {
        Self {
            name,
            standing: &entry.standing,
            current: entry.current.as_ref(),
        }
    }
}

const UNDESCRIBED: &str = "no description is kept there yet, so it is not known what there should be: run `etcdpki init` with this store once";
