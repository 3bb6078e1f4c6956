//! A directory as users of cfssl expect it.

use super::{Credential, ExportError, File, traditional};
use crate::certificate::bundle;
use crate::trust::Bundles;

/// What `cfssljson -bare NAME` leaves: `NAME.pem` with the chain, `NAME-key.pem` with SEC1 or
/// PKCS#1, and `ca.pem`, which clients trust.
///
/// # Errors
///
/// When a key cannot be encoded.
pub fn directory(
    credentials: &[Credential<'_>],
    bundles: &Bundles,
) -> Result<Vec<File>, ExportError> {
    let mut files = vec![File::public("ca.pem", bundle::write(&bundles.clients))];
    for credential in credentials {
        let name = credential.name();
        let chain = bundle::write(credential.chain);
        files.push(File::public(format!("{name}.pem"), chain));
        if let Some(key) = credential.key {
            let path = format!("{name}-key.pem");
            let text = traditional(key, &path)?;
            files.push(File::secret(path, text.as_bytes()));
        }
    }
    Ok(files)
}
