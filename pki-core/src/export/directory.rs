//! Directories as users of other tools expect them.

use super::{Credential, ExportError, File, traditional};
use crate::certificate::bundle;
use crate::trust::Bundles;

/// A directory as `cfssl` and `cfssljson` leave it: `NAME.pem`, `NAME-key.pem` with SEC1 or PKCS#1,
/// `ca.pem`.
///
/// # Errors
///
/// When a key cannot be encoded.
pub fn cfssl(credentials: &[Credential<'_>], bundles: &Bundles) -> Result<Vec<File>, ExportError> {
    let mut files = vec![File::public("ca.pem", bundle::write(&bundles.clients))];
    for credential in credentials {
        let name = credential.name();
        files.push(File::public(
            format!("{name}.pem"),
            bundle::write(credential.chain),
        ));
        if let Some(key) = credential.key {
            let path = format!("{name}-key.pem");
            let text = traditional(key, &path)?;
            files.push(File::secret(path, text.as_bytes()));
        }
    }
    Ok(files)
}

/// A directory as easy-rsa 3 leaves it: `pki/ca.crt`, `pki/issued/NAME.crt` and
/// `pki/private/NAME.key` with PKCS#8.
pub fn easy_rsa(credentials: &[Credential<'_>], bundles: &Bundles) -> Vec<File> {
    let mut files = vec![File::public("pki/ca.crt", bundle::write(&bundles.clients))];
    for credential in credentials {
        let name = credential.name();
        files.push(File::public(
            format!("pki/issued/{name}.crt"),
            bundle::write(credential.chain),
        ));
        if let Some(key) = credential.key {
            let path = format!("pki/private/{name}.key");
            files.push(File::secret(path, key.to_pem().as_bytes()));
        }
    }
    files
}
