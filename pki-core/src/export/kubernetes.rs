//! Secrets of Kubernetes, as YAML.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{Credential, ExportError, File};
use crate::certificate::bundle;
use crate::name::Label;
use crate::role::Role;
use crate::secret_text::SecretText;
use crate::trust::Bundles;

/// Which type of Secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretType {
    /// `Opaque`: of any content, and so the key may be left out.
    Opaque,
    /// `kubernetes.io/tls`: the API server takes none without `tls.crt` and `tls.key`.
    Tls,
}

impl SecretType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Opaque => "Opaque",
            Self::Tls => "kubernetes.io/tls",
        }
    }
}

/// `etcd-secrets.yaml`: a document for each credential, called `etcd-NAME`, in this namespace or
/// in the one that `kubectl apply` chooses.
///
/// Of either type it holds `tls.crt` with the chain, `tls.key` with PKCS#8, and `ca.crt` with what
/// the owner trusts, names that kubectl, cert-manager and ingress controllers share.
///
/// # Errors
///
/// When a Secret of [`SecretType::Tls`] has no key, or two of them would have the same name.
pub fn secrets(
    type_: SecretType,
    credentials: &[Credential<'_>],
    bundles: &Bundles,
    namespace: Option<&Label>,
) -> Result<File, ExportError> {
    let mut names: Vec<String> = Vec::new();
    let mut text = SecretText::default();
    for credential in credentials {
        let name = secret_name(&credential.name());
        if names.contains(&name) {
            return Err(ExportError::Twice {
                path: format!("the Secret {name}"),
            });
        }
        if type_ == SecretType::Tls && credential.key.is_none() {
            return Err(ExportError::NoKey {
                id: credential.id.to_string(),
            });
        }
        head(type_, &name, namespace, &mut text);
        data(credential, bundles, &mut text);
        names.push(name);
    }
    let with_key = credentials.iter().any(|one| one.key.is_some());
    Ok(match with_key {
        true => File::secret(FILE, text.as_bytes()),
        false => File::public(FILE, text.as_bytes()),
    })
}

fn head(type_: SecretType, name: &str, namespace: Option<&Label>, text: &mut SecretText) {
    let head = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: \"";
    for part in [head, name, "\"\n"] {
        text.push_str(part);
    }
    if let Some(namespace) = namespace {
        for part in ["  namespace: \"", namespace.as_str(), "\"\n"] {
            text.push_str(part);
        }
    }
    for part in ["type: ", type_.as_str(), "\n"] {
        text.push_str(part);
    }
}

fn data(credential: &Credential<'_>, bundles: &Bundles, text: &mut SecretText) {
    let trusted = match credential.id.role {
        Role::Client => &bundles.clients,
        Role::Peer | Role::Server => &bundles.members,
    };
    text.push_str("data:\n");
    entry("ca.crt", bundle::write(trusted).as_bytes(), text);
    entry("tls.crt", bundle::write(credential.chain).as_bytes(), text);
    if let Some(key) = credential.key {
        entry("tls.key", key.to_pem().as_bytes(), text);
    }
}

fn entry(name: &str, content: &[u8], text: &mut SecretText) {
    let encoded = Zeroizing::new(Base64::encode_string(content));
    for part in ["  ", name, ": ", &encoded, "\n"] {
        text.push_str(part);
    }
}

/// A DNS subdomain (RFC 1123), as Kubernetes wants it: letters are lowered, what else it does not
/// take becomes a hyphen, and none stands at the end of a label.
fn secret_name(name: &str) -> String {
    let mapped: String = format!("etcd-{}", name.to_ascii_lowercase())
        .chars()
        .map(|c| match c.is_ascii_alphanumeric() || c == '.' {
            true => c,
            false => '-',
        })
        .collect();
    let labels = mapped.split('.').map(|label| label.trim_matches('-'));
    let labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
    labels.join(".")
}

const FILE: &str = "etcd-secrets.yaml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_subdomains() {
        assert_eq!(secret_name("etcd-0-server"), "etcd-etcd-0-server");
        assert_eq!(secret_name("_nodes-peer"), "etcd--nodes-peer");
        assert_eq!(secret_name("Joe@example..-x_"), "etcd-joe-example.x");
    }
}
