//! What is exported.

use pki_core::Cluster;
use pki_core::converge::ConvergeError;
use pki_core::description::Sharing;
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::{self, LeafId, Owner};
use pki_core::name::ClientName;
use pki_core::role::Role;
use pki_core::store::{Directory, Pki, StoredLeaf};
use pki_core::trust::Bundles;

use crate::etcdpki::args::{Export, Format};
use crate::etcdpki::error::Error;

/// The leaves that are asked for, or that the format needs.
pub(super) fn leaves(
    arguments: &Export,
    cluster: &Cluster,
    pki: &Pki<Directory>,
) -> Result<Vec<StoredLeaf>, Error> {
    let described: Vec<LeafId> = leaf::leaves(cluster)
        .into_iter()
        .map(|one| one.id)
        .collect();
    let ids = match arguments.format {
        Format::ExternalEtcd if !arguments.owners.is_empty() || arguments.for_host.is_some() => {
            return Err(Error::ExportOwners {
                instead: "--apiserver-client CLIENT",
            });
        }
        Format::Kubeadm if arguments.for_host.is_none() => {
            return Err(Error::ExportOwners {
                instead: "--for-host NODE",
            });
        }
        Format::Truststore => return Ok(Vec::new()),
        Format::ExternalEtcd => vec![apiserver(arguments, cluster)?],
        Format::Kubeadm => {
            let mut ids = of_host(arguments, cluster, &described)?;
            ids.push(healthcheck(arguments, cluster)?);
            ids.push(apiserver(arguments, cluster)?);
            ids
        }
        _ if arguments.for_host.is_some() => of_host(arguments, cluster, &described)?,
        _ if arguments.owners.is_empty() => described,
        _ => {
            let mut ids = Vec::new();
            for owner in &arguments.owners {
                ids.extend(of_owner(owner, &described, pki)?);
            }
            ids
        }
    };
    let mut found: Vec<StoredLeaf> = Vec::new();
    for id in ids {
        if found.iter().all(|stored| stored.id != id) {
            let missing = || ConvergeError::Incomplete(format!("certificates/{id}"));
            found.push(pki.leaf(&id)?.ok_or_else(missing)?);
        }
    }
    Ok(found)
}

/// What members and clients trust.
pub(super) fn bundles(cluster: &Cluster, pki: &Pki<Directory>) -> Result<Bundles, Error> {
    let mut authorities = Vec::new();
    for name in AuthorityName::chain(cluster) {
        authorities.extend(pki.authority(*name)?);
    }
    let find = |name| {
        let stored = authorities.iter().find(|stored| stored.name == name);
        stored.map(|stored| &stored.certificate)
    };
    Bundles::of(cluster, find)
        .map_err(|name| ConvergeError::Incomplete(format!("authorities/{name}")).into())
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
    arguments: &Export,
    cluster: &Cluster,
    described: &[LeafId],
) -> Result<Vec<LeafId>, Error> {
    let node = cluster
        .nodes
        .iter()
        .find(|node| Some(&node.name) == arguments.for_host.as_ref());
    let Some(node) = node else {
        let owner = arguments.for_host.as_ref();
        return Err(Error::NoOwnerToExport {
            owner: owner.map(ToString::to_string).unwrap_or_default(),
        });
    };
    let owner = match cluster.certificates.sharing {
        Sharing::PerNode => Owner::Node(node.name.clone()),
        Sharing::Shared => Owner::Nodes,
    };
    let ids = described.iter().filter(|id| id.owner == owner);
    Ok(ids.cloned().collect())
}

/// Those that are described, else those that were issued without being described.
fn of_owner(text: &str, described: &[LeafId], pki: &Pki<Directory>) -> Result<Vec<LeafId>, Error> {
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
        for role in [Role::Client, Role::Peer, Role::Server] {
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
