//! The files of kubeadm, below its certificate directory (`/etc/kubernetes/pki`).
//!
//! The key of the authority, `etcd/ca.key`, is never among them: kubeadm renews nothing without
//! it, and a member that holds it could make certificates for every other.

use std::fmt::Write as _;

use super::{Credential, ExportError, File, traditional};
use crate::certificate::bundle;
use crate::description::Cluster;
use crate::key::PublicKeyKind;
use crate::trust::Bundles;

/// What a control plane node with a stacked member needs. kubeadm loads keys of ECDSA and RSA
/// alone, and writes them as SEC1 and PKCS#1.
#[derive(Clone, Copy, Debug)]
pub struct Stacked<'a> {
    /// For `etcd/server.{crt,key}`.
    pub server: Credential<'a>,
    /// For `etcd/peer.{crt,key}`.
    pub peer: Credential<'a>,
    /// For `etcd/healthcheck-client.{crt,key}`.
    pub healthcheck: Credential<'a>,
    /// For `apiserver-etcd-client.{crt,key}`.
    pub apiserver: Credential<'a>,
}

impl Stacked<'_> {
    /// The files.
    ///
    /// # Errors
    ///
    /// When a key is of Ed25519, or cannot be encoded.
    pub fn files(&self, bundles: &Bundles) -> Result<Vec<File>, ExportError> {
        let mut files = vec![File::public("etcd/ca.crt", bundle::write(&bundles.members))];
        for (path, credential) in [
            ("etcd/server", &self.server),
            ("etcd/peer", &self.peer),
            ("etcd/healthcheck-client", &self.healthcheck),
            (APISERVER, &self.apiserver),
        ] {
            files.extend(pair(path, credential)?);
        }
        Ok(files)
    }
}

/// What a control plane with an external etcd needs: `etcd/ca.crt`,
/// `apiserver-etcd-client.{crt,key}`, and `external-etcd.yaml` with the part of kubeadm's
/// ClusterConfiguration that names them.
///
/// # Errors
///
/// When the key is of Ed25519, or cannot be encoded.
pub fn external(
    cluster: &Cluster,
    apiserver: &Credential<'_>,
    bundles: &Bundles,
) -> Result<Vec<File>, ExportError> {
    let mut files = vec![File::public("etcd/ca.crt", bundle::write(&bundles.clients))];
    files.extend(pair(APISERVER, apiserver)?);
    let stanza = format!(
        "# Part of kubeadm's ClusterConfiguration.\n{}",
        stanza(cluster, &OF_KUBEADM)
    );
    files.push(File::public("external-etcd.yaml", stanza));
    Ok(files)
}

/// Where a control plane finds what it shows and trusts.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// `caFile`.
    pub authorities: &'a str,
    /// `certFile`.
    pub certificate: &'a str,
    /// `keyFile`.
    pub key: &'a str,
}

/// The part of kubeadm's ClusterConfiguration that names the members, `etcd:`.
#[must_use]
pub fn stanza(cluster: &Cluster, places: &Places<'_>) -> String {
    let mut text = "etcd:\n  external:\n    endpoints:\n".to_owned();
    for endpoint in cluster.endpoints() {
        let _ = writeln!(text, "      - \"{endpoint}\"");
    }
    for (field, path) in [
        ("caFile", places.authorities),
        ("certFile", places.certificate),
        ("keyFile", places.key),
    ] {
        let _ = writeln!(text, "    {field}: {path}");
    }
    text
}

fn pair(path: &str, credential: &Credential<'_>) -> Result<Vec<File>, ExportError> {
    let leaf = credential.chain.first();
    if leaf.is_some_and(|leaf| matches!(leaf.public_key.kind(), Ok(PublicKeyKind::Ed25519))) {
        return Err(ExportError::Ed25519 {
            id: credential.id.to_string(),
        });
    }
    let mut files = vec![File::public(
        format!("{path}.crt"),
        bundle::write(credential.chain),
    )];
    if let Some(key) = credential.key {
        let path = format!("{path}.key");
        let text = traditional(key, &path)?;
        files.push(File::secret(path, text.as_bytes()));
    }
    Ok(files)
}

const APISERVER: &str = "apiserver-etcd-client";
/// Below kubeadm's default `certificatesDir`.
const OF_KUBEADM: Places<'_> = Places {
    authorities: "/etc/kubernetes/pki/etcd/ca.crt",
    certificate: "/etc/kubernetes/pki/apiserver-etcd-client.crt",
    key: "/etc/kubernetes/pki/apiserver-etcd-client.key",
};
