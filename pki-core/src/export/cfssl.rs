//! A directory as users of cfssl expect it.

use super::{Credential, ExportError, File, authorities, traditional};
use crate::certificate::bundle;
use crate::trust::Bundles;

/// What `cfssljson -bare NAME` leaves: `NAME.pem`, `NAME-key.pem` with SEC1 or PKCS#1; and
/// `ca.pem` with every authority from the one that signs leaves up to the root.
///
/// cfssl takes no chain in `NAME.pem`, so whoever is to know these certificates must hold `ca.pem`,
/// members too.
///
/// # Errors
///
/// When a key cannot be encoded.
pub fn directory(
    credentials: &[Credential<'_>],
    bundles: &Bundles,
) -> Result<Vec<File>, ExportError> {
    let authorities = bundle::write(authorities(credentials, bundles));
    let mut files = vec![File::public("ca.pem", authorities)];
    for credential in credentials {
        let name = credential.name();
        let leaf = bundle::write(credential.chain.first());
        files.push(File::public(format!("{name}.pem"), leaf));
        if let Some(key) = credential.key {
            let path = format!("{name}-key.pem");
            let text = traditional(key, &path)?;
            files.push(File::secret(path, text.as_bytes()));
        }
    }
    Ok(files)
}
