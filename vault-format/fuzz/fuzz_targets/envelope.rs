//! Whatever comes in, reading it ends in one of the five errors and never in a panic.
//! Only what has a header is interesting; the key derivation never runs, as no secret is tried.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use vault_format::{Decryptor, Error, Form, Header, is_encrypted};

fuzz_target!(|data: &[u8]| {
    let vault = [b"$ANSIBLE_VAULT;1.1;AES256\n", data].concat();
    for input in [data, &vault] {
        assert_eq!(Form::of(input) == Form::Vault, is_encrypted(input));
        if let Ok(header) = Header::parse(input) {
            assert_eq!(
                Header::parse(header.to_string().as_bytes()).unwrap(),
                header
            );
        }
        match Decryptor::new(Cursor::new(input)) {
            Ok(mut decryptor) => assert!(decryptor.find(&[]).unwrap().is_none()),
            Err(Error::Format { line, column, .. }) => assert!(line > 0 && column > 0),
            Err(Error::NotVault { .. }) => assert!(!is_encrypted(input) || input.is_empty()),
            Err(Error::UnsupportedMethod { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
});
