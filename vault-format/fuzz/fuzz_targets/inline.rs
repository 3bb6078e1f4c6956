//! Replacing values by themselves changes nothing that matters, whatever the text is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vault_format::inline;

fuzz_target!(|text: &str| {
    let values = inline::values(text);
    let same: Vec<_> = values.iter().map(|value| (value, value.vault())).collect();
    let replaced = inline::replace(text, &same);
    assert_eq!(inline::values(&replaced).len(), values.len());
    let _ = inline::overlooked(text);
    let clear: Vec<_> = values.iter().map(|value| (value, "text")).collect();
    let _ = inline::reveal(text, &clear);
    let scalars = inline::scalars(text);
    let vault: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";
    let sealed: Vec<_> = scalars.iter().map(|scalar| (scalar, vault)).collect();
    let _ = inline::conceal(text, &sealed);
});
