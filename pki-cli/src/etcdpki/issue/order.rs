//! One certificate that the description does not know.

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::certificate::AlternativeName;
use pki_core::converge::{LeafKey, Order, OrderKey};
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::LeafId;
use pki_core::name::{ClientName, San};
use pki_core::role::Role;
use pki_core::store::{Pki, StoredLeaf};
use time::OffsetDateTime;

use super::report::{self, Report};
use super::undescribed;
use crate::etcdpki::args::Issue;
use crate::etcdpki::error::Error;
use crate::etcdpki::opened::{self, Opened};
use crate::etcdpki::place::Kept;
use crate::etcdpki::revoke::owners;

/// Runs the command.
pub(super) fn run(
    arguments: &Issue,
    cluster: &Cluster,
    owner: &ClientName,
) -> Result<ExitCode, Error> {
    let Some(role) = arguments.role else {
        refuse_unknown(arguments, owner, &Role::ALL, &opened::read_only()?)?;
        return Err(Error::NoRole {
            owner: owner.to_string(),
        });
    };
    if arguments.key_out.as_deref() == Some(Path::new("-")) {
        return Err(Error::KeyToStdout);
    }
    let pki = match arguments.dry_run {
        true => opened::read_only()?,
        false => opened::writable("issue")?,
    };
    refuse_unknown(arguments, owner, &[role], &pki)?;
    let present = pki.leaf(&undescribed(owner, role))?;
    let issuer = super::issuer(arguments, cluster, &pki, present.as_ref())?;
    let order = order(
        arguments,
        cluster,
        issuer,
        undescribed(owner, role),
        present.as_ref(),
    )?;
    order.check(cluster, &pki)?;
    let notes = Vec::from_iter(super::note(&order, cluster));
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
    let mut report = Report::issued(&opened.pki, &stored, true).with_notes(notes);
    report.note_cut(&stored, asked, now);
    report.add_lists(lists);
    if let Some(path) = &arguments.out {
        report::write_chain(path, &stored.chain, &mut report)?;
    }
    if let Some(path) = &arguments.key_out {
        let key = opened.pki.leaf_key(&stored, &opened.keys)?;
        opened.pki.record_exports([&stored], "pem")?;
        report::write_key(path, &key, &mut report)?;
    }
    report.print(arguments.json)
}

/// What is to be issued again must be there, else its name was mistyped.
fn refuse_unknown(
    arguments: &Issue,
    owner: &ClientName,
    roles: &[Role],
    pki: &Pki<Kept>,
) -> Result<(), Error> {
    let option = match (arguments.renew, arguments.rekey) {
        (true, _) => "--renew",
        (_, true) => "--rekey",
        (false, false) => return Ok(()),
    };
    for role in roles {
        if pki.leaf(&undescribed(owner, *role))?.is_some() {
            return Ok(());
        }
    }
    Err(Error::NothingToIssueAgain {
        owner: owner.to_string(),
        option,
        known: owners(&pki.all_certificates()?),
    })
}

/// What is there already is issued again with what it carries, unless something else is given.
fn order(
    arguments: &Issue,
    cluster: &Cluster,
    issuer: AuthorityName,
    id: LeafId,
    present: Option<&StoredLeaf>,
) -> Result<Order, Error> {
    let mut names = arguments.names.clone();
    let mut common_name = arguments.common_name.clone();
    if let Some(present) = present {
        if !arguments.renew && !arguments.rekey {
            return Err(Error::RenewOrRekey { id: id.to_string() });
        }
        let certificate = present.certificate();
        if names.is_empty() {
            names = names_of(&certificate.alternative_names);
        }
        common_name = common_name.or_else(|| certificate.common_name.clone());
    }
    let key = match (arguments.renew, arguments.key) {
        (true, _) => LeafKey::Same,
        (false, Some(algorithm)) => LeafKey::NewOf(algorithm),
        (false, None) => LeafKey::New,
    };
    let order = Order::under(cluster, issuer, id, names, common_name)?;
    let order = order.with_key(OrderKey::Here(key));
    Ok(match arguments.lifetime {
        Some(lifetime) => order.with_lifetime(lifetime),
        None => order,
    })
}

fn names_of(names: &[AlternativeName]) -> Vec<San> {
    let read = |name: &AlternativeName| {
        let text = name.to_string();
        text.strip_prefix("URI:").unwrap_or(&text).parse().ok()
    };
    names.iter().filter_map(read).collect()
}
