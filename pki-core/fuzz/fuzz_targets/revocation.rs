//! Whatever stands in the record of a revocation, reading it ends in an error, or in a record that
//! is written and read as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pki_core::revocation::Revocation;

fuzz_target!(|data: &[u8]| {
    let Ok(record) = Revocation::from_yaml(&String::from_utf8_lossy(data)) else {
        return;
    };
    let text = record.to_yaml().unwrap();
    assert_eq!(Revocation::from_yaml(&text).unwrap(), record);
});
