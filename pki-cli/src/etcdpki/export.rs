//! `etcdpki export`: certificates and keys in the form that another program reads.

mod select;
mod write;

use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::export::kubernetes::SecretKind;
use pki_core::export::pkcs12::Password;
use pki_core::export::{
    self, Credential, ExportError, File, der, directory, kubeadm, kubernetes, pem, pkcs12,
};
use pki_core::key::PrivateKey;
use pki_core::leaf::{LeafId, Owner};
use pki_core::role::Role;
use pki_core::store::{Directory, Pki, StoredLeaf};
use pki_core::trust::Bundles;

use super::args::{Export, Format};
use super::description;
use super::error::Error;
use super::init::PKI;
use super::keys;
use super::opened;
use super::secrets::Source;

/// Runs the command.
pub(super) fn run(arguments: &Export) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let pki = opened::read_only()?;
    let leaves = select::leaves(arguments, &cluster, &pki)?;
    let bundles = select::bundles(&cluster, &pki)?;
    let keys = private_keys(arguments, &pki, &leaves)?;
    let credentials: Vec<Credential<'_>> = leaves
        .iter()
        .enumerate()
        .map(|(index, leaf)| Credential {
            id: &leaf.id,
            chain: &leaf.chain,
            key: keys.get(index),
        })
        .collect();
    let files = files(arguments, &cluster, &credentials, &bundles)?;
    export::check_paths(&files)?;
    write::run(arguments, &files)
}

/// The key of each leaf, or none at all.
fn private_keys(
    arguments: &Export,
    pki: &Pki<Directory>,
    leaves: &[StoredLeaf],
) -> Result<Vec<PrivateKey>, Error> {
    if arguments.without_keys || leaves.is_empty() {
        return Ok(Vec::new());
    }
    let keyring = pki
        .keyring()?
        .ok_or_else(|| Error::NoKeyring { path: PKI.into() })?;
    let unlocked = keys::open(&arguments.keys, pki, &keyring)?;
    let keys = leaves.iter().map(|leaf| pki.leaf_key(leaf, &unlocked));
    Ok(keys.collect::<Result<_, _>>()?)
}

fn files(
    arguments: &Export,
    cluster: &Cluster,
    credentials: &[Credential<'_>],
    bundles: &Bundles,
) -> Result<Vec<File>, Error> {
    let secrets = |kind| {
        let namespace = arguments.namespace.as_ref().map(|name| name.as_str());
        vec![kubernetes::secrets(kind, credentials, bundles, namespace)]
    };
    Ok(match arguments.format {
        Format::Cfssl => directory::cfssl(credentials, bundles)?,
        Format::Combined => credentials.iter().map(pem::combined).collect(),
        Format::Der => {
            let pairs = credentials.iter().flat_map(der::pair);
            pairs.chain(der::trust(bundles)).collect()
        }
        Format::EasyRsa => directory::easy_rsa(credentials, bundles),
        Format::ExternalEtcd => {
            let apiserver = client(credentials, &select::apiserver(arguments, cluster)?)?;
            kubeadm::external(cluster, &apiserver, bundles)?
        }
        Format::Kubeadm => stacked(arguments, cluster, credentials)?.files(bundles)?,
        Format::KubernetesOpaque => secrets(SecretKind::Opaque),
        Format::KubernetesTls => secrets(SecretKind::Tls),
        Format::Pem => {
            let pairs = credentials.iter().flat_map(pem::pair);
            pairs.chain(pem::trust(bundles)).collect()
        }
        Format::Pkcs12 => {
            let password = password(arguments)?;
            let stores = credentials
                .iter()
                .map(|one| pkcs12::key_store(one, bundles, &password));
            stores.collect::<Result<_, _>>()?
        }
        Format::Truststore => vec![pkcs12::trust_store(bundles, &password(arguments)?)?],
    })
}

fn stacked<'a>(
    arguments: &Export,
    cluster: &Cluster,
    credentials: &[Credential<'a>],
) -> Result<kubeadm::Stacked<'a>, Error> {
    let of_member = |role| {
        let found = credentials
            .iter()
            .find(|one| one.id.role == role && !matches!(one.id.owner, Owner::Other(_)));
        found.copied().ok_or_else(|| ExportError::Missing {
            id: format!("NODE/{role}"),
        })
    };
    Ok(kubeadm::Stacked {
        server: of_member(Role::Server)?,
        peer: of_member(Role::Peer)?,
        healthcheck: client(credentials, &select::healthcheck(arguments, cluster)?)?,
        apiserver: client(credentials, &select::apiserver(arguments, cluster)?)?,
    })
}

fn client<'a>(credentials: &[Credential<'a>], id: &LeafId) -> Result<Credential<'a>, Error> {
    let found = credentials.iter().find(|one| one.id == id);
    Ok(found
        .copied()
        .ok_or_else(|| ExportError::Missing { id: id.to_string() })?)
}

fn password(arguments: &Export) -> Result<Password, Error> {
    let secret = Source::pkcs12_password(arguments).read(true)?;
    Ok(Password::new(&secret)?)
}
