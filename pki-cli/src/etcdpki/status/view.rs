//! The status as it is reported.

use pki_core::Cluster;
use pki_core::converge;
use pki_core::revocation::Carried;
use pki_core::rotation::Underway;
use pki_core::status::{Current, Entry, ListStatus, Standing, Status, Undescribed};
use pki_core::store::{Pki, Store};
use serde::Serialize;
use time::OffsetDateTime;

use crate::etcdpki::output::{days, timestamp};

/// Everything, for a program and for a person.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) cluster: String,
    pub(super) domain: String,
    /// How many things want somebody to act.
    pub(super) due: usize,
    pub(super) authorities: Vec<EntryView>,
    pub(super) certificates: Vec<EntryView>,
    pub(super) undescribed: Vec<UndescribedView>,
    pub(super) of_other_services: Vec<UndescribedView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation_list: Option<ListView>,
    /// What members refuse because an authority that is sent along is revoked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<RefusedView>,
    /// The rotation of an authority that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation: Option<RotationView>,
    /// Why `init` makes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) obstacle: Option<String>,
}

/// A rotation that is under way.
#[derive(Debug, Serialize)]
pub(super) struct RotationView {
    pub(super) authority: String,
    pub(super) procedure: &'static str,
    /// The step that comes next.
    pub(super) next: &'static str,
    /// Whether what follows from the last one is yet to be made, or the rest of it.
    pub(super) cut_short: bool,
}

impl RotationView {
    pub(super) fn new(
        underway: Underway,
        cluster: &Cluster,
        pki: &Pki<impl Store>,
        now: OffsetDateTime,
    ) -> Self {
        let lags = || converge::plan(cluster, pki, now).is_ok_and(|plan| plan.lags());
        Self {
            authority: underway.authority.to_string(),
            procedure: underway.procedure.as_str(),
            next: underway.next.as_str(),
            cut_short: underway.is_half_a_step() || lags(),
        }
    }
}

/// A revoked authority, and the certificates that are sent along with it.
#[derive(Debug, Serialize)]
pub(super) struct RefusedView {
    authority: String,
    serial: String,
    certificates: Vec<String>,
    #[serde(skip)]
    pub(super) text: String,
}

/// An authority or a leaf.
#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    /// The owner of a leaf, or the authority.
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) current: Option<CurrentView>,
}

/// A certificate that is there.
#[derive(Debug, Serialize)]
pub(super) struct CurrentView {
    pub(super) generation: u32,
    pub(super) subject: String,
    pub(super) serial: String,
    pub(super) key: String,
    not_before: String,
    not_after: String,
    effective_not_after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limited_by: Option<String>,
    due_from: String,
    /// Days until it ends, to the nearest; less than 0 if it has.
    pub(super) days_left: i64,
    #[serde(skip)]
    pub(super) ends: OffsetDateTime,
}

/// A certificate that is not described.
#[derive(Debug, Serialize)]
pub(super) struct UndescribedView {
    pub(super) path: String,
    pub(super) subject: String,
    not_after: String,
    #[serde(skip)]
    pub(super) ends: OffsetDateTime,
}

/// The revocation list.
#[derive(Debug, Serialize)]
pub(super) struct ListView {
    pub(super) path: String,
    pub(super) revoked: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_update: Option<String>,
    pub(super) due: bool,
}

impl View {
    pub(super) fn new(
        cluster: &Cluster,
        status: &Status,
        rotation: Option<RotationView>,
        obstacle: Option<String>,
        now: OffsetDateTime,
    ) -> Self {
        let authorities = status.authorities.iter();
        let leaves = status.leaves.iter();
        Self {
            cluster: cluster.name.to_string(),
            domain: cluster.domain.to_string(),
            due: status.due(),
            authorities: authorities
                .map(|entry| EntryView::new(entry, entry.name.to_string(), None, now))
                .collect(),
            certificates: leaves
                .map(|entry| {
                    let role = Some(entry.name.role.to_string());
                    EntryView::new(entry, entry.name.owner.to_string(), role, now)
                })
                .collect(),
            undescribed: undescribed(&status.undescribed),
            of_other_services: undescribed(&status.of_other_services),
            revocation_list: status.revocation_list.as_ref().map(ListView::new),
            refused: status.carried.iter().map(RefusedView::new).collect(),
            rotation,
            obstacle,
        }
    }
}

fn undescribed(found: &[Undescribed]) -> Vec<UndescribedView> {
    let views = found.iter().map(|one| UndescribedView {
        path: one.path.clone(),
        subject: one.certificate.subject.clone(),
        not_after: timestamp(one.certificate.validity.not_after),
        ends: one.certificate.validity.not_after,
    });
    views.collect()
}

impl RefusedView {
    fn new(carried: &Carried) -> Self {
        Self {
            authority: carried.certificate.subject.clone(),
            serial: carried.certificate.serial_text(),
            certificates: carried.leaves.iter().map(ToString::to_string).collect(),
            text: carried.to_string(),
        }
    }
}

impl EntryView {
    fn new<N>(entry: &Entry<N>, name: String, role: Option<String>, now: OffsetDateTime) -> Self {
        Self {
            name,
            role,
            state: entry.standing.as_str(),
            reason: match &entry.standing {
                Standing::Unreadable { reason } => Some(reason.clone()),
                _ => None,
            },
            path: entry.path.clone(),
            current: entry
                .current
                .as_ref()
                .map(|current| CurrentView::new(current, now)),
        }
    }
}

impl CurrentView {
    fn new(current: &Current, now: OffsetDateTime) -> Self {
        let certificate = &current.certificate;
        Self {
            generation: current.generation,
            subject: certificate.subject.clone(),
            serial: certificate.serial_text(),
            key: certificate.key_algorithm.clone(),
            not_before: timestamp(certificate.validity.not_before),
            not_after: timestamp(certificate.validity.not_after),
            effective_not_after: timestamp(current.effective_end),
            limited_by: current.limited_by.clone(),
            due_from: timestamp(current.due_from),
            days_left: days(current.effective_end - now),
            ends: current.effective_end,
        }
    }
}

impl ListView {
    fn new(list: &ListStatus) -> Self {
        Self {
            path: list.path.clone(),
            revoked: list.revoked,
            next_update: list.next_update.map(timestamp),
            due: list.is_due,
        }
    }
}
