//! Whatever stands in `ca.signer.yml`, reading it ends in an error, or in a custody that is written
//! and read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::signer::Custody;

fuzz_target!(|data: &[u8]| {
    let Ok(custody) = Custody::from_yaml(&String::from_utf8_lossy(data)) else {
        return;
    };
    if let Some(text) = custody.to_yaml() {
        assert_eq!(Custody::from_yaml(&text).unwrap(), custody);
    }
});
