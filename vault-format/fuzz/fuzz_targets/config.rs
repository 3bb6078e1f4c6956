//! Any text is read as an `ansible.cfg`, and what is found is written so that it is found again.

#![no_main]

use libfuzzer_sys::fuzz_target;

// The parser alone: it needs not be built with all of the command line.
#[path = "../../../pki-cli/src/vault/ini.rs"]
mod ini;

fuzz_target!(|text: &str| {
    let Ok(values) = ini::section(text, "defaults") else {
        return;
    };
    let mut written = String::from("[defaults]\n");
    for (key, value) in &values {
        // Behind a blank, a semicolon would start a comment.
        written.push_str(&format!("{key}={}\n", value.replace('\n', "\n  ")));
    }
    // A key that looks like a header or a comment can not be written this way.
    let is_plain = |key: &String| !key.is_empty() && !key.starts_with(['[', '#', ';', ' ', '\t']);
    if values.keys().all(is_plain) {
        assert_eq!(
            ini::section(&written, "defaults"),
            Ok(values),
            "{written:?}"
        );
    }
});
