//! The answer to a certification request.

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::{Order, OrderKey};
use pki_core::csr::{CertificateRequest, Decision, Excess, Policy};
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::LeafId;
use pki_core::name::ClientName;
use pki_core::role::Role;
use time::OffsetDateTime;

use super::report::{self, Report};
use super::{described_leaves, undescribed};
use crate::etcdpki::args::Issue;
use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::etcdpki::opened::{self, Opened};

/// Runs the command.
pub(super) fn run(arguments: &Issue, cluster: &Cluster, file: &Path) -> Result<ExitCode, Error> {
    let request = read(file)?;
    let named = arguments.owner.as_ref().map(ClientName::as_str);
    let name = named.or(request.common_name.as_deref());
    refuse_described(arguments, cluster, name.unwrap_or_default())?;
    let owner = match &arguments.owner {
        Some(owner) => owner.clone(),
        None => request.owner(cluster).map_err(|source| Error::NoOwner {
            path: file.to_owned(),
            source,
        })?,
    };
    let role = arguments.role.ok_or_else(|| Error::NoRole {
        owner: owner.to_string(),
    })?;
    let pki = match arguments.dry_run {
        true => opened::read_only()?,
        false => opened::writable("issue")?,
    };
    let id = undescribed(&owner, role);
    let issuer = super::issuer(arguments, cluster, &pki, pki.leaf(&id)?.as_ref())?;
    let (order, decision) = order(arguments, cluster, issuer, id, &request, file)?;
    order.check(cluster, &pki)?;
    let mut notes = notes(&request, &decision, &order);
    notes.extend(super::note(&order, cluster));
    if arguments.dry_run {
        let report = Report::planned(&order).with_notes(notes);
        return report.with_due_lists(cluster, &pki)?.print(arguments.json);
    }
    let mut opened = Opened::open(cluster, pki, &arguments.keys)?;
    let now = OffsetDateTime::now_utc();
    let asked = order.lifetime;
    let ordered = order.issue(cluster, &opened.pki, &opened.keys, now)?;
    let lists = ordered.lists().clone();
    let stored = ordered.commit(&mut opened.pki)?;
    let mut report = Report::issued(&opened.pki, &stored, false).with_notes(notes);
    report.note_cut(&stored, asked, now);
    report.add_lists(lists);
    if let Some(path) = &arguments.out {
        report::write_chain(path, &stored.chain, &mut report)?;
    }
    report.print(arguments.json)
}

/// Reads a request.
pub(super) fn read(file: &Path) -> Result<CertificateRequest, Error> {
    let content = files::read_input(file)?;
    CertificateRequest::read(&content).map_err(|source| Error::Request {
        path: file.to_owned(),
        source,
    })
}

/// Hosts get what is described from the vault files, with its key.
fn refuse_described(arguments: &Issue, cluster: &Cluster, owner: &str) -> Result<(), Error> {
    let known = described_leaves(cluster, owner, arguments.role);
    let Some(id) = known.into_iter().next() else {
        return Ok(());
    };
    let way = match id.role {
        Role::Client => format!(
            "to let its owner keep the key, take {owner} out of `clients` in etcdpki.yml and run `etcdpki issue {owner} --role client --csr …`"
        ),
        Role::Peer | Role::Server => {
            format!("for a new key run `etcdpki issue {owner} --rekey`, without a request")
        }
    };
    Err(Error::DescribedRequest { id, way })
}

fn order(
    arguments: &Issue,
    cluster: &Cluster,
    issuer: AuthorityName,
    id: LeafId,
    request: &CertificateRequest,
    file: &Path,
) -> Result<(Order, Decision), Error> {
    let excess = match arguments.drop_names {
        true => Excess::Drop,
        false => Excess::Refuse,
    };
    let policy = Policy::new(cluster, id.role, &arguments.names, excess);
    let decision = policy.decide(request).map_err(|source| Error::Policy {
        path: file.to_owned(),
        source,
    })?;
    let common_name = arguments.common_name.clone();
    let order = Order::under(cluster, issuer, id, decision.names.clone(), common_name)?;
    let order = order.with_key(OrderKey::Owners(request.public_key.clone()));
    let order = match arguments.lifetime {
        Some(lifetime) => order.with_lifetime(lifetime),
        None => order,
    };
    Ok((order, decision))
}

fn notes(request: &CertificateRequest, decision: &Decision, order: &Order) -> Vec<String> {
    let mut notes = Vec::new();
    let subject = order.profile.subject().to_string();
    if request.subject != subject {
        let asked = &request.subject;
        notes.push(format!(
            "the subject is {subject}, where the request says {asked}"
        ));
    }
    for name in &decision.dropped {
        notes.push(format!("{name} was left out: the request may not have it"));
    }
    if !decision.ignored.is_empty() {
        let ignored = decision.ignored.join(", ");
        notes.push(format!("the request's {ignored} had no effect"));
    }
    notes
}
