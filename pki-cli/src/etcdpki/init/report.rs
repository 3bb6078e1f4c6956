//! What `etcdpki init` tells at its end.

mod text;

use std::path::Path;

use pki_core::Cluster;
use pki_core::converge::{self, Action, Plan, State};
use pki_core::document;
use pki_core::revocation::Carried;
use pki_core::store::atomic::Group;
use pki_core::store::{Pki, Staged};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use crate::etcdpki::description::{Described, Examples};
use crate::etcdpki::error::Error;
use crate::etcdpki::init::Outlook;
use crate::etcdpki::output::{date, timestamp};
use crate::etcdpki::place::Kept;
use crate::etcdpki::provision;
use crate::etcdpki::rotate::report::Rotation;

/// The commands after which other things come next.
const ISSUE: &str = "issue";
const ROTATE: &str = "rotate";

/// What was made, what it is worth, and what comes next.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    command: &'static str,
    cluster: String,
    domain: String,
    nodes: usize,
    clients: usize,
    /// How many nodes may fail before the cluster stops.
    tolerated_losses: usize,
    /// Whether the nodes or the domain are examples, which nobody named.
    #[serde(serialize_with = "are_there")]
    examples: Option<Examples>,
    dry_run: bool,
    /// The step of the rotation of an authority that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation: Option<Rotation>,
    made: Vec<Made>,
    /// Revocation lists that a dry run would sign.
    lists: Vec<Made>,
    /// What was written, or would be by a dry run.
    written: Vec<String>,
    unchanged: Vec<String>,
    /// Encrypted files that a dry run leaves closed, so that they may be rewritten too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    closed: Vec<String>,
    authorities: Vec<Authority>,
    certificates: Vec<Certificate>,
    /// The first renewal that is to come.
    next_renewal: Option<NextRenewal>,
    /// The authority that signs, if certificates end with it.
    limit: Option<Limit>,
    /// What is there, still valid, and not described.
    undescribed: Vec<Undescribed>,
    /// What members refuse because an authority that is sent along is revoked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
    /// Vault files that no play needs any more.
    unused: Vec<String>,
    /// Whether the playbook brings what was made.
    #[serde(skip)]
    is_played: bool,
}

#[derive(Debug, Serialize)]
struct NextRenewal {
    certificate: String,
    from: String,
    #[serde(skip)]
    day: String,
}

#[derive(Debug, Serialize)]
struct Limit {
    authority: String,
    not_after: String,
    #[serde(skip)]
    day: String,
    /// How many certificates end with it, so that no renewal lengthens their life.
    certificates: usize,
}

#[derive(Debug, Serialize)]
struct Undescribed {
    path: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
}

#[derive(Debug, Serialize)]
struct Made {
    what: String,
    reason: String,
    #[serde(skip)]
    is_leaf: bool,
}

#[derive(Debug, Serialize)]
struct Authority {
    name: String,
    generation: u32,
    subject: String,
    key: String,
    not_after: String,
    #[serde(skip)]
    expires: String,
    path: String,
}

#[derive(Debug, Serialize)]
struct Certificate {
    owner: String,
    role: String,
    generation: u32,
    serial: String,
    not_after: String,
    renew_from: String,
    #[serde(skip)]
    expires: String,
    #[serde(skip)]
    due: bool,
    path: String,
}

impl Report {
    pub(super) fn new(command: &'static str, described: &Described) -> Self {
        let cluster = &described.cluster;
        Self {
            command,
            cluster: cluster.name.to_string(),
            domain: cluster.domain.to_string(),
            nodes: cluster.nodes.len(),
            clients: cluster.clients.len(),
            tolerated_losses: cluster.tolerated_losses(),
            examples: described.examples,
            dry_run: false,
            is_played: match command {
                // A record that cannot be read is for `provision` to tell of.
                ISSUE => provision::has_playbook().unwrap_or(false),
                _ => command == ROTATE,
            },
            rotation: None,
            made: Vec::new(),
            lists: Vec::new(),
            written: Vec::new(),
            unchanged: Vec::new(),
            closed: Vec::new(),
            authorities: Vec::new(),
            certificates: Vec::new(),
            next_renewal: None,
            limit: None,
            undescribed: Vec::new(),
            refused: Vec::new(),
            unused: Vec::new(),
        }
    }

    /// The report of a dry run.
    pub(super) fn of_plan(
        command: &'static str,
        described: &Described,
        plan: &Plan,
        outlook: Outlook,
    ) -> Self {
        let mut report = Self {
            dry_run: true,
            written: outlook.written,
            closed: outlook.closed,
            ..Self::new(command, described)
        };
        report.plan(plan);
        report.lists(plan);
        report
    }

    pub(super) fn wrote(&mut self, path: String) {
        self.written.push(path);
    }

    /// What was staged.
    pub(super) fn wrote_all(&mut self, group: &Group) {
        let files = group.files().iter();
        self.written
            .extend(files.map(|path| path.display().to_string()));
    }

    /// What a store will have written that takes no files from a group.
    pub(super) fn wrote_in(&mut self, pki: &Pki<Kept>, staged: &Staged) {
        self.written.extend(pki.locate_left(staged));
    }

    pub(super) fn kept(&mut self, path: &str) {
        self.unchanged.push(path.to_owned());
    }

    /// What the plan makes.
    pub(super) fn plan(&mut self, plan: &Plan) {
        self.made.extend(plan.actions().iter().map(|action| {
            match action {
                Action::MakeAuthority(name) => Made {
                    what: format!("authority {name}"),
                    reason: match self.rotation {
                        Some(_) => "the rotation needs it",
                        None => "it is missing",
                    }
                    .to_owned(),
                    is_leaf: false,
                },
                Action::Issue { id, reason } => Made {
                    what: format!("certificate {id}"),
                    reason: reason.to_string(),
                    is_leaf: true,
                },
            }
        }));
    }

    /// What the plan makes besides certificates.
    fn lists(&mut self, plan: &Plan) {
        let due = plan.lists().iter();
        self.lists.extend(due.map(|(path, due)| Made {
            what: format!("CRL {path}"),
            reason: due.to_string(),
            is_leaf: false,
        }));
    }

    /// Whether nothing was made or written.
    pub(super) fn is_idle(&self) -> bool {
        self.made.is_empty() && self.written.is_empty()
    }

    /// Which certificate is due next.
    pub(super) fn next_renewal(&mut self, cluster: &Cluster, state: &State) {
        let next = converge::next_renewal(cluster, state);
        self.next_renewal = next.map(|(id, from)| NextRenewal {
            certificate: id.to_string(),
            from: timestamp(from),
            day: date(from),
        });
    }

    /// What there is now.
    pub(super) fn describe(
        &mut self,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        state: &State,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        self.next_renewal(cluster, state);
        let leaves = state.leaves.iter();
        let limits = leaves.filter_map(|leaf| converge::ending_before(cluster, state, leaf));
        for authority in limits {
            let end = authority.certificate.validity.not_after;
            let limit = self.limit.get_or_insert_with(|| Limit {
                authority: authority.name.to_string(),
                not_after: timestamp(end),
                day: date(end),
                certificates: 0,
            });
            limit.certificates += 1;
        }
        let revocations = pki.revocations()?;
        let is_revoked = |serial: &[u8]| {
            let mut revocations = revocations.iter();
            revocations.any(|revocation| revocation.is_active() && revocation.serial == serial)
        };
        let carried = Carried::find(&state.leaves, is_revoked);
        self.refused = carried.iter().map(ToString::to_string).collect();
        for (path, certificate) in pki.undescribed(state.leaves.iter().map(|leaf| &leaf.id))? {
            let end = certificate.validity.not_after;
            let mut authorities = state.authorities.iter();
            let other = authorities.any(|one| one.signed_for_another_service(&certificate));
            if end > now && !is_revoked(&certificate.serial) && !other {
                self.undescribed.push(Undescribed {
                    path,
                    not_after: timestamp(end),
                    expires: date(end),
                });
            }
        }
        let unused = document::unused_vault_paths(cluster).into_iter();
        self.unused
            .extend(unused.filter(|path| Path::new(path).exists()));
        self.authorities
            .extend(state.authorities.iter().map(|stored| Authority {
                name: stored.name.to_string(),
                generation: stored.generation,
                subject: stored.certificate.subject.clone(),
                key: stored.certificate.key_algorithm.clone(),
                not_after: timestamp(stored.certificate.validity.not_after),
                expires: date(stored.certificate.validity.not_after),
                path: pki.locate_authority(stored),
            }));
        self.certificates.extend(state.leaves.iter().map(|stored| {
            let validity = &stored.certificate().validity;
            let renew_from = cluster.certificates.renew_before.due_from(validity);
            Certificate {
                owner: stored.id.owner.to_string(),
                role: stored.id.role.to_string(),
                generation: stored.generation,
                serial: stored.certificate().serial_text(),
                not_after: timestamp(validity.not_after),
                renew_from: timestamp(renew_from),
                expires: date(validity.not_after),
                due: renew_from <= now,
                path: pki.locate_leaf(stored),
            }
        }));
        Ok(())
    }
}

fn are_there<S: Serializer>(examples: &Option<Examples>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(examples.is_some())
}
