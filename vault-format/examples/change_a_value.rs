//! Gives an encrypted value inside YAML another content and another password, and keeps all around
//! it byte by byte.
//!
//! `cargo run -p vault-format --example change_a_value`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use vault_format::{Secret, decrypt, encrypt, inline};

fn main() -> Result<(), Box<dyn Error>> {
    let old = Secret::new(*b"correct horse")?;
    let new = Secret::new(*b"battery staple")?;
    let text = "# the database\nport: 5432\npassword: hunter2   # change me\n";

    // Make a vault of one value.
    let scalars = inline::scalars(text);
    let scalar = scalars.iter().find(|scalar| scalar.path() == "password");
    let scalar = scalar.ok_or("there is no password")?;
    let vault = encrypt(scalar.text()?.as_bytes(), &old, None)?;
    let text = inline::conceal(text, &[(scalar, &vault)]);

    // Open it, and put another one in its place.
    let values = inline::values(&text);
    let value = values.first().ok_or("nothing is encrypted")?;
    let plaintext = decrypt(value.vault(), &old)?;
    println!("{} was {} octets", value.path(), plaintext.as_ref().len());
    let vault = encrypt(b"hunter3", &new, None)?;
    let text = inline::replace(&text, &[(value, &vault)]);
    print!("{text}");

    let values = inline::values(&text);
    assert_eq!(decrypt(values[0].vault(), &new)?.as_ref(), b"hunter3");
    Ok(())
}
