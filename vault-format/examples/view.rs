//! Shows what is in a vault: the least that a program can do with one.
//!
//! `cargo run -p vault-format --example view -- PASSWORD-FILE VAULT`

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use vault_format::{Secret, decrypt};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let (Some(password), Some(vault)) = (paths.next(), paths.next()) else {
        return Err("name the file of the password, and the vault".into());
    };
    let secret = Secret::new(fs::read(password)?.trim_ascii())?;
    let plaintext = decrypt(&fs::read(vault)?, &secret)?;
    io::stdout().write_all(plaintext.as_ref())?;
    Ok(())
}
