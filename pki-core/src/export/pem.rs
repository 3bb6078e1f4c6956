//! PEM files (RFC 7468), as etcd, Go, OpenSSL and nginx take them.

use super::{Credential, File};
use crate::certificate::bundle;
use crate::secret_text::SecretText;
use crate::trust::Bundles;

/// `OWNER/ROLE.crt` with the chain, and `OWNER/ROLE.key` with the key as PKCS#8.
pub fn pair(credential: &Credential<'_>) -> Vec<File> {
    let id = credential.id;
    let mut files = vec![File::public(
        format!("{id}.crt"),
        bundle::write(credential.chain),
    )];
    if let Some(key) = credential.key {
        files.push(File::secret(format!("{id}.key"), key.to_pem().as_bytes()));
    }
    files
}

/// `NAME.pem` with the key and the chain: etcd takes it for `--cert-file` and `--key-file` alike.
pub fn combined(credential: &Credential<'_>) -> File {
    let path = format!("{}.pem", credential.name());
    let chain = bundle::write(credential.chain);
    match credential.key {
        None => File::public(path, chain),
        Some(key) => {
            let mut text = SecretText::default();
            text.push_str(key.to_pem().as_str());
            text.push_str(&chain);
            File::secret(path, text.as_bytes())
        }
    }
}

/// `ca.crt`, which clients trust, and `members-ca.crt`, which members do.
pub fn trust(bundles: &Bundles) -> Vec<File> {
    vec![
        File::public("ca.crt", bundle::write(&bundles.clients)),
        File::public("members-ca.crt", bundle::write(&bundles.members)),
    ]
}
