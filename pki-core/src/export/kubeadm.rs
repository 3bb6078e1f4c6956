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
    files.push(File::public("external-etcd.yaml", stanza(cluster)));
    Ok(files)
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

fn stanza(cluster: &Cluster) -> String {
    let mut text = "\
# Part of kubeadm's ClusterConfiguration.
etcd:
  external:
    endpoints:
"
    .to_owned();
    for node in &cluster.nodes {
        let _ = writeln!(text, "      - \"https://{}:2379\"", node.fqdn);
    }
    let _ = writeln!(text, "    caFile: {DIRECTORY}/etcd/ca.crt");
    let _ = writeln!(text, "    certFile: {DIRECTORY}/{APISERVER}.crt");
    let _ = writeln!(text, "    keyFile: {DIRECTORY}/{APISERVER}.key");
    text
}

const APISERVER: &str = "apiserver-etcd-client";
/// kubeadm's default `certificatesDir`.
const DIRECTORY: &str = "/etc/kubernetes/pki";
