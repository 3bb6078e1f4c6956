//! `ansible-vault-crate VERB PASSWORD-FILE FILE`: the shortest sensible program around the crate.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};

use ansible_vault::{decrypt_vault, encrypt_vault};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, password_file, path] = &arguments[..] else {
        return Err("usage: ansible-vault-crate view|encrypt|decrypt PASSWORD-FILE FILE".into());
    };
    let password = fs::read_to_string(password_file)?;
    let password = password.trim();
    let file = File::open(path)?;
    match verb.as_str() {
        "view" => io::stdout().write_all(&decrypt_vault(file, password)?)?,
        "encrypt" => fs::write(path, encrypt_vault(file, password)?)?,
        "decrypt" => fs::write(path, decrypt_vault(file, password)?)?,
        verb => return Err(format!("unknown verb {verb}").into()),
    }
    Ok(())
}
