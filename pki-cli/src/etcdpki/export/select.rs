//! What is exported.

use pki_core::Cluster;
use pki_core::converge::ConvergeError;
use pki_core::description::Sharing;
use pki_core::leaf::{self, LeafId, Owner};
use pki_core::name::{ClientName, Label};
use pki_core::role::Role;
use pki_core::store::{Pki, StoredLeaf};

use crate::etcdpki::args::{Export, Format};
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;

/// The leaves that are asked for, or that the format needs.
pub(super) fn leaves(
    arguments: &Export,
    cluster: &Cluster,
    pki: &Pki<Kept>,
) -> Result<Vec<StoredLeaf>, Error> {
    let mut found: Vec<StoredLeaf> = Vec::new();
    for id in ids(arguments, cluster, pki)? {
        if found.iter().any(|stored| stored.id == id) {
            continue;
        }
        let stored = pki.leaf(&id)?.ok_or_else(|| missing(&id))?;
        if arguments.takes_keys() && !pki.has_leaf_key(&stored)? {
            return Err(Error::KeyWithRequester { id: id.to_string() });
        }
        found.push(stored);
    }
    Ok(found)
}

fn ids(arguments: &Export, cluster: &Cluster, pki: &Pki<Kept>) -> Result<Vec<LeafId>, Error> {
    let described = leaf::leaves(cluster).into_iter().map(|one| one.id);
    let described: Vec<LeafId> = described.collect();
    let mut ids = match (arguments.format, &arguments.for_host) {
        (Format::ExternalEtcd | Format::Truststore, _) => Vec::new(),
        (_, Some(node)) => of_host(node, cluster, described)?,
        (_, None) if arguments.owners.is_empty() => described,
        (_, None) => {
            let owners = arguments.owners.iter();
            let ids = owners.map(|owner| of_owner(owner, &described, pki));
            ids.collect::<Result<Vec<_>, _>>()?.concat()
        }
    };
    if arguments.format == Format::Kubeadm {
        ids.push(healthcheck(arguments, cluster)?);
    }
    if matches!(arguments.format, Format::ExternalEtcd | Format::Kubeadm) {
        ids.push(apiserver(arguments, cluster)?);
    }
    Ok(ids)
}

/// The client that kube-apiserver is.
pub(super) fn apiserver(arguments: &Export, cluster: &Cluster) -> Result<LeafId, Error> {
    let defaults = ["kube-apiserver-etcd-client", "kube-apiserver"];
    let given = arguments.apiserver_client.as_ref();
    client(given, cluster, &defaults, "--apiserver-client")
}

/// The client that the probes are.
pub(super) fn healthcheck(arguments: &Export, cluster: &Cluster) -> Result<LeafId, Error> {
    let defaults = ["kube-etcd-healthcheck-client", "etcdctl"];
    let given = arguments.healthcheck_client.as_ref();
    client(given, cluster, &defaults, "--healthcheck-client")
}

/// A certificate that is described and not there.
pub(super) fn missing(id: &LeafId) -> Error {
    ConvergeError::Incomplete(format!("certificates/{id}")).into()
}

fn client(
    given: Option<&ClientName>,
    cluster: &Cluster,
    defaults: &[&str],
    option: &'static str,
) -> Result<LeafId, Error> {
    let described = |name: &&str| cluster.clients.iter().find(|one| one.as_str() == *name);
    let name = match given {
        Some(name) => cluster.clients.iter().find(|one| *one == name),
        None => defaults.iter().find_map(described),
    };
    let name = name.ok_or_else(|| Error::NoClient {
        option,
        names: given.map_or_else(|| defaults.join(" or "), ToString::to_string),
    })?;
    Ok(LeafId {
        owner: Owner::Client(name.clone()),
        role: Role::Client,
    })
}

/// With `sharing: shared`, all nodes have the same.
fn of_host(
    wanted: &Label,
    cluster: &Cluster,
    described: Vec<LeafId>,
) -> Result<Vec<LeafId>, Error> {
    let names = cluster.nodes.iter().map(|node| &node.name);
    if !names.clone().any(|name| name == wanted) {
        let known: Vec<&str> = names.map(Label::as_str).collect();
        return Err(Error::Undescribed {
            what: "the nodes",
            name: wanted.to_string(),
            known: known.join(", "),
        });
    }
    let owner = match cluster.certificates.sharing {
        Sharing::PerNode => Owner::Node(wanted.clone()),
        Sharing::Shared => Owner::Nodes,
    };
    let ids = described.into_iter().filter(|id| id.owner == owner);
    Ok(ids.collect())
}

/// Those that are described, else those that were issued without being described.
fn of_owner(text: &str, described: &[LeafId], pki: &Pki<Kept>) -> Result<Vec<LeafId>, Error> {
    let unknown = || Error::NoOwnerToExport {
        owner: text.to_owned(),
    };
    let (owner, role) = match text.split_once('/') {
        None => (text, None),
        Some((owner, role)) => (owner, Some(role.parse::<Role>().map_err(|_| unknown())?)),
    };
    let wanted = |id: &LeafId| role.is_none_or(|role| role == id.role);
    let known = described
        .iter()
        .filter(|id| id.owner.to_string() == owner && wanted(id));
    let mut ids: Vec<LeafId> = known.cloned().collect();
    if let (true, Ok(name)) = (ids.is_empty(), owner.parse::<ClientName>()) {
        for role in Role::ALL {
            let owner = Owner::Other(name.clone());
            let id = LeafId { owner, role };
            if wanted(&id) && pki.leaf(&id)?.is_some() {
                ids.push(id);
            }
        }
    }
    match ids.is_empty() {
        true => Err(unknown()),
        false => Ok(ids),
    }
}
