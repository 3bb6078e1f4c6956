//! Password files that are encrypted with age (`c2sp.org/age`).

use std::path::Path;
#[cfg(feature = "age")]
use std::path::PathBuf;

use zeroize::Zeroizing;

/// Opens a password file, armored or binary, that is encrypted to recipients, with the identities
/// of the first of these files that there is: the one that `ANSIBLE_VAULT_AGE_IDENTITY` or
/// `SOPS_AGE_KEY_FILE` names, and `age/keys.txt` and `sops/age/keys.txt` in the user's
/// configuration.
#[cfg(feature = "age")]
pub(super) fn open(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    use std::fs::File;
    use std::io;

    use age::armor::ArmoredReader;
    use age::{DecryptError, Decryptor, IdentityFile};

    use crate::vault::talk;
    use crate::{password, refusal};

    let name = path.display();
    let file = File::open(path).map_err(|error| match refusal::advice(&error, Some(path)) {
        Some(advice) => format!("could not read {name}: {error}; {advice}"),
        None => format!("could not read {name}: {error}"),
    })?;
    let opaque = |error: DecryptError| {
        format!(
            "could not open {name} with age: {error}; name the file of an identity that opens it in \
             ANSIBLE_VAULT_AGE_IDENTITY"
        )
    };
    let decryptor = Decryptor::new(ArmoredReader::new(file)).map_err(|error| match error {
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            format!("could not read {name}: {error}")
        }
        // A file that is shorter than a header is none either.
        DecryptError::InvalidHeader | DecryptError::UnknownFormat | DecryptError::Io(_) => {
            format!("there is no age header in {name}; make it by: age -r age1… -o {name}")
        }
        error => opaque(error),
    })?;
    if decryptor.is_scrypt() {
        return Err(format!(
            "could not open {name} with age: it is encrypted with a passphrase; encrypt it to a \
             recipient: age -r age1…"
        ));
    }
    let keys = identity_file()?;
    if let Ok(password::Source::File { by_others: true }) = password::Source::of(&keys) {
        talk::warning(&password::Error::ReadableByOthers { path: keys.clone() }.to_string());
    }
    let unusable = |error: String| format!("age identities in {}: {error}", keys.display());
    let text = keys.to_str().ok_or("its name is not UTF-8".to_owned());
    let identities = IdentityFile::from_file(text.map_err(unusable)?.to_owned())
        .map_err(|error| unusable(error.to_string()))?
        .into_identities()
        .map_err(|error| unusable(error.to_string()))?;
    let identities = identities
        .iter()
        .map(|identity| -> &dyn age::Identity { &**identity });
    let reader = decryptor.decrypt(identities).map_err(opaque)?;
    let content =
        password::read_all(reader).map_err(|error| format!("could not read {name}: {error}"))?;
    Ok(Zeroizing::new(
        password::trim_white_space(&content).to_vec(),
    ))
}

/// Says that this program can not open it.
#[cfg(not(feature = "age"))]
pub(super) fn open(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    Err(format!(
        "could not open {}: this program was built without age; build it with the cargo feature age",
        path.display()
    ))
}

#[cfg(feature = "age")]
fn identity_file() -> Result<PathBuf, String> {
    use std::env;

    use crate::vault::paths;

    for variable in ["ANSIBLE_VAULT_AGE_IDENTITY", "SOPS_AGE_KEY_FILE"] {
        if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
            return Ok(paths::expand(Path::new(&path)));
        }
    }
    let configuration = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .unwrap_or_else(|| paths::expand(Path::new("~/.config")));
    let places = ["age/keys.txt", "sops/age/keys.txt"].map(|name| configuration.join(name));
    let found = places.iter().find(|path| path.exists());
    found.cloned().ok_or_else(|| {
        format!(
            "there is no age identity; put one into {} or name a file in ANSIBLE_VAULT_AGE_IDENTITY",
            places[0].display()
        )
    })
}
