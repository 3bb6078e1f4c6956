//! Whatever comes in, reading it ends in a sealed key that is written and read the same, or in an
//! error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::pem;
use pki_core::seal::{SEALED_KEY, SealedKey};

fuzz_target!(|data: &[u8]| {
    let block = pem::encode(SEALED_KEY, data);
    for input in [data, block.as_bytes()] {
        if let Ok(sealed) = SealedKey::from_pem(input) {
            assert_eq!(
                SealedKey::from_pem(sealed.to_pem().as_bytes()).unwrap(),
                sealed
            );
        }
    }
});
