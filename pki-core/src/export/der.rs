//! DER files: one certificate or key each, for DER knows no bundles.

use super::{Credential, File};
use crate::certificate::Certificate;
use crate::trust::Bundles;

/// `NAME.der`, `NAME-chain-N.der` for the authorities above it, and `NAME.key.der` with the key
/// as PKCS#8.
pub fn pair(credential: &Credential<'_>) -> Vec<File> {
    let name = credential.name();
    let mut files: Vec<File> = credential
        .chain
        .iter()
        .enumerate()
        .map(|(index, certificate)| match index {
            0 => File::public(format!("{name}.der"), certificate.der()),
            _ => File::public(format!("{name}-chain-{index}.der"), certificate.der()),
        })
        .collect();
    if let Some(key) = credential.key {
        files.push(File::secret(format!("{name}.key.der"), key.pkcs8_der()));
    }
    files
}

/// `ca.der`, `ca-2.der` and so on, up to the root, which clients trust; `members-ca.der`.
pub fn trust(bundles: &Bundles) -> Vec<File> {
    let mut files = numbered("ca", &bundles.clients);
    files.extend(numbered("members-ca", &bundles.members));
    files
}

fn numbered(name: &str, certificates: &[Certificate]) -> Vec<File> {
    certificates
        .iter()
        .enumerate()
        .map(|(index, certificate)| match index {
            0 => File::public(format!("{name}.der"), certificate.der()),
            _ => File::public(format!("{name}-{}.der", index + 1), certificate.der()),
        })
        .collect()
}
