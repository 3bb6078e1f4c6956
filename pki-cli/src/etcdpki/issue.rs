//! `etcdpki issue`: what is missing, one certificate, or the answer to a request.

mod answer;
mod authority;
mod order;
mod report;

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::converge::{LeafKey, Order, Terms};
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::{LeafId, Owner, leaves};
use pki_core::name::ClientName;
use pki_core::role::Role;
use pki_core::store::{Pki, StoredLeaf};

use super::args::Issue;
use super::description;
use super::error::Error;
use super::init::{self, Renewals, Work};
use crate::etcdpki::place::Kept;

/// Runs the command.
pub(super) fn run(arguments: &Issue, directory: Option<&Path>) -> Result<ExitCode, Error> {
    let described = description::described()?;
    let cluster = &described.cluster;
    if let (Some(csr), Some(name)) = (&arguments.csr, arguments.authority) {
        return authority::run(arguments, cluster, csr, name);
    }
    if let Some(csr) = &arguments.csr {
        return answer::run(arguments, cluster, csr);
    }
    let mut work = Work {
        command: "issue",
        keys: &arguments.keys,
        vault: &arguments.vault,
        generate_secrets: false,
        renewals: Renewals::None,
        dry_run: arguments.dry_run,
        json: arguments.json,
    };
    if let Some(owner) = &arguments.owner {
        let known = described_leaves(cluster, owner.as_str(), arguments.role);
        if known.is_empty() {
            return order::run(arguments, cluster, owner);
        }
        refuse_other_content(arguments, &known)?;
        let terms = terms(arguments, &known)?;
        let asked = known.into_iter().map(|id| (id, terms)).collect();
        work.renewals = Renewals::Asked(asked);
    }
    let code = init::work(&work, &described, directory)?;
    if let (Some(path), Renewals::Asked(asked), false) =
        (&arguments.out, &work.renewals, arguments.dry_run)
        && let [(id, _)] = &asked[..]
    {
        report::write_renewed(path, id)?;
    }
    Ok(code)
}

/// The leaves of an owner that are described.
fn described_leaves(cluster: &Cluster, owner: &str, role: Option<Role>) -> Vec<LeafId> {
    let all = leaves(cluster).into_iter().map(|leaf| leaf.id);
    all.filter(|id| id.owner.to_string() == owner && role.is_none_or(|role| role == id.role))
        .collect()
}

/// What a described certificate carries stands in the description.
fn refuse_other_content(arguments: &Issue, known: &[LeafId]) -> Result<(), Error> {
    let option = match () {
        () if !arguments.names.is_empty() => "--san",
        () if arguments.common_name.is_some() => "--common-name",
        () if arguments.issuer.is_some() => "--issuer",
        () if arguments.key_out.is_some() => return Err(Error::KeyInVault),
        () if arguments.out.is_some() && known.len() > 1 => {
            return Err(Error::SeveralRoles {
                owner: known[0].owner.to_string(),
            });
        }
        () => return Ok(()),
    };
    Err(Error::DescribedLeaf {
        id: known[0].to_string(),
        option,
    })
}

fn terms(arguments: &Issue, known: &[LeafId]) -> Result<Terms, Error> {
    let mut terms = Terms::default();
    terms.lifetime = arguments.lifetime;
    terms.key = match (arguments.renew, arguments.rekey, arguments.key) {
        (true, ..) => LeafKey::Same,
        (_, _, Some(algorithm)) => LeafKey::NewOf(algorithm),
        (_, true, None) => LeafKey::New,
        (false, false, None) => {
            return Err(Error::RenewOrRekey {
                id: known[0].to_string(),
            });
        }
    };
    Ok(terms)
}

/// Who signs a leaf that the description does not know: what is there already stays with the one
/// that signed it.
fn issuer(
    arguments: &Issue,
    cluster: &Cluster,
    pki: &Pki<Kept>,
    present: Option<&StoredLeaf>,
) -> Result<AuthorityName, Error> {
    if let Some(issuer) = arguments.issuer {
        return Ok(issuer);
    }
    let signed_by = present.and_then(|present| present.chain.get(1));
    let authorities = pki.authorities()?;
    let mut signers = authorities.iter();
    let signer = signers.find(|stored| Some(&stored.certificate) == signed_by);
    let other = signer
        .map(|stored| stored.name)
        .filter(|name| name.is_other());
    Ok(other.unwrap_or_else(|| AuthorityName::signing(cluster)))
}

/// What is to be known of an order that is right all the same.
fn note(order: &Order, cluster: &Cluster) -> Option<String> {
    let name = order.poses_as(cluster)?;
    Some(format!(
        "{name} is the name of a member, and the {} authority is not etcd's: clients of etcd trust the root, so whoever has this key can pose as the member to them; see `name_constraints` of `others` in docs/authorities.md",
        order.issuer
    ))
}

/// The name of a leaf that the description does not know.
fn undescribed(owner: &ClientName, role: Role) -> LeafId {
    LeafId {
        owner: Owner::Other(owner.clone()),
        role,
    }
}
