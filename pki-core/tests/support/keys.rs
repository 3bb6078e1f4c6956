//! Data keys for a PKI in memory.

use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Memory, Pki};

/// Data keys, and the keyring of a cluster in `pki` that opens them.
pub(crate) fn keys_of(pki: &mut Pki<Memory>, cluster: &str) -> Unlocked {
    let cheap = KdfParameters {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let keys = Unlocked::generate().unwrap();
    let passphrase = Passphrase::new("x").unwrap();
    let keyring = Keyring::new(cluster, &keys, &passphrase, cheap).unwrap();
    pki.put_keyring(&keyring).unwrap();
    keys
}
