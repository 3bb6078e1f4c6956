//! Whatever comes in, reading it ends in a keyring that is written and read the same, or in an
//! error; and an age identity that it is not for opens none of it. No passphrase is tried, since
//! a keyring may ask for much.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pki_core::seal::{AgeIdentities, Keyring};

static IDENTITIES: LazyLock<AgeIdentities> = LazyLock::new(|| {
    let identity = b"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    AgeIdentities::from_file_content(identity).unwrap()
});

fuzz_target!(|data: &[u8]| {
    let Ok(keyring) = Keyring::from_yaml(&String::from_utf8_lossy(data)) else {
        return;
    };
    let again = Keyring::from_yaml(&keyring.to_yaml().unwrap()).unwrap();
    assert_eq!(again, keyring);
    assert!(keyring.unlock_age(&IDENTITIES).is_err());
});
