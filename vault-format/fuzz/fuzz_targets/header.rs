//! A header that is read is written as one that is read the same; a label that may be written is
//! read back as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vault_format::{Error, Header, Label, Method};

fuzz_target!(|data: &[u8]| {
    let vault = [b"$ANSIBLE_VAULT;", data].concat();
    for input in [data, &vault] {
        match Header::parse(input) {
            Ok(header) => {
                let written = header.to_string();
                assert_eq!(Header::parse(written.as_bytes()).unwrap(), header);
            }
            Err(Error::Format { line, column, .. }) => assert!(line == 1 && column > 0),
            Err(Error::NotVault { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let Some(label) = str::from_utf8(data)
        .ok()
        .and_then(|text| Label::new(text).ok())
    else {
        return;
    };
    let header = Header::new(Method::Aes256, Some(&label));
    let back = Header::parse(header.to_string().as_bytes()).unwrap();
    assert_eq!(back, header);
    assert!(back.label() == Some(&label) || label.as_str() == "default");
});
