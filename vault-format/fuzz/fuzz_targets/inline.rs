//! Values are replaced where they stand: by themselves to the same text, whatever it is, and those
//! that are vaults by others to a text that has these in their places, if all of it is understood. A
//! value that is no vault may be part of a text that is not YAML.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use vault_format::Decryptor;
use vault_format::inline::{self, Value};

fuzz_target!(|text: &str| {
    let values = inline::values(text);
    let same: Vec<_> = values.iter().map(|value| (value, value.vault())).collect();
    assert_eq!(inline::replace(text, &same), text);
    let vault: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";
    let vaults = values.iter().filter(|value| is_vault(value));
    let others: Vec<_> = vaults.map(|value| (value, vault)).collect();
    let replaced = inline::replace(text, &others);
    if inline::overlooked(text).is_empty() {
        let found = inline::values(&replaced);
        assert!(
            values
                .iter()
                .map(Value::path)
                .eq(found.iter().map(Value::path))
        );
        let is_kept = |(old, new): (&Value, &Value)| match is_vault(old) {
            true => new.vault() == vault,
            false => new.vault() == old.vault(),
        };
        assert!(values.iter().zip(&found).all(is_kept));
    }
    let clear: Vec<_> = values.iter().map(|value| (value, "text")).collect();
    let _ = inline::reveal(text, &clear);
    let scalars = inline::scalars(text);
    let sealed: Vec<_> = scalars.iter().map(|scalar| (scalar, vault)).collect();
    let _ = inline::conceal(text, &sealed);
});

fn is_vault(value: &Value) -> bool {
    let decryptor = Decryptor::new(Cursor::new(value.vault()));
    decryptor.is_ok_and(|mut decryptor| decryptor.validate().is_ok())
}
