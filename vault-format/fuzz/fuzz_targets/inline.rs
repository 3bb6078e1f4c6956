//! Values are replaced where they stand: by themselves to the same text, whatever it is, and by
//! others to a text that has these in their places, if all of it is understood.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vault_format::inline::{self, Value};

fuzz_target!(|text: &str| {
    let values = inline::values(text);
    let same: Vec<_> = values.iter().map(|value| (value, value.vault())).collect();
    assert_eq!(inline::replace(text, &same), text);
    let vault: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";
    let others: Vec<_> = values.iter().map(|value| (value, vault)).collect();
    let replaced = inline::replace(text, &others);
    if inline::overlooked(text).is_empty() {
        let found = inline::values(&replaced);
        assert!(
            values
                .iter()
                .map(Value::path)
                .eq(found.iter().map(Value::path))
        );
        assert!(found.iter().all(|value| value.vault() == vault));
    }
    let clear: Vec<_> = values.iter().map(|value| (value, "text")).collect();
    let _ = inline::reveal(text, &clear);
    let scalars = inline::scalars(text);
    let sealed: Vec<_> = scalars.iter().map(|scalar| (scalar, vault)).collect();
    let _ = inline::conceal(text, &sealed);
});
