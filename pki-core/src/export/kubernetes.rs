//! Secrets of Kubernetes, as YAML.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{Credential, File};
use crate::certificate::bundle;
use crate::secret_text::SecretText;
use crate::trust::Bundles;

/// Which kind of Secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretKind {
    /// `Opaque`, with the names that kubeadm gives the files of an external etcd in its own
    /// `kubeadm-certs`: `external-etcd-ca.crt`, `external-etcd.crt`, `external-etcd.key`.
    Opaque,
    /// `kubernetes.io/tls`: `tls.crt`, `tls.key`, and `ca.crt` beside them. Kubernetes takes none
    /// without a key.
    Tls,
}

impl SecretKind {
    fn type_name(self) -> &'static str {
        match self {
            Self::Opaque => "Opaque",
            Self::Tls => "kubernetes.io/tls",
        }
    }

    /// The names of the CA file, the certificate and the key.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Opaque => [
                "external-etcd-ca.crt",
                "external-etcd.crt",
                "external-etcd.key",
            ],
            Self::Tls => ["ca.crt", "tls.crt", "tls.key"],
        }
    }
}

/// `etcd-secrets.yaml`: a document for each credential, called `etcd-NAME`, in this namespace, or
/// in the one that `kubectl apply` chooses.
pub fn secrets(
    kind: SecretKind,
    credentials: &[Credential<'_>],
    bundles: &Bundles,
    namespace: Option<&str>,
) -> File {
    let mut text = SecretText::default();
    for credential in credentials {
        document(kind, credential, bundles, namespace, &mut text);
    }
    let with_key = credentials.iter().any(|one| one.key.is_some());
    match with_key {
        true => File::secret(FILE, text.as_bytes()),
        false => File::public(FILE, text.as_bytes()),
    }
}

fn document(
    kind: SecretKind,
    credential: &Credential<'_>,
    bundles: &Bundles,
    namespace: Option<&str>,
    text: &mut SecretText,
) {
    text.push_str("---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: \"");
    text.push_str(&secret_name(&credential.name()));
    text.push_str("\"\n");
    if let Some(namespace) = namespace {
        text.push_str("  namespace: \"");
        text.push_str(namespace);
        text.push_str("\"\n");
    }
    text.push_str("type: ");
    text.push_str(kind.type_name());
    text.push_str("\ndata:\n");
    let [ca, certificate, key] = kind.names();
    entry(ca, bundle::write(&bundles.clients).as_bytes(), text);
    entry(
        certificate,
        bundle::write(credential.chain).as_bytes(),
        text,
    );
    if let Some(private) = credential.key {
        entry(key, private.to_pem().as_bytes(), text);
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
