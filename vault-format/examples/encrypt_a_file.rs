//! Encrypts a file into another one, whatever its size, and opens that with whichever password fits.
//!
//! `cargo run -p vault-format --example encrypt_a_file -- FILE VAULT`

#![allow(clippy::print_stderr, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use vault_format::{Decryptor, Encryptor, Label, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let (Some(file), Some(vault)) = (paths.next(), paths.next()) else {
        return Err("name a file, and a new one for the vault".into());
    };
    // Never from an argument: others see these.
    let secret = Secret::new(*b"correct horse")?;
    let other = Secret::new(*b"battery staple")?;

    // Written, read back and compared, in constant memory.
    let label = Label::new("prod")?;
    let mut options = File::options();
    let output = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&vault)?;
    let encryptor = Encryptor::new(&secret).label(Some(&label));
    let written = encryptor.copy(&mut File::open(file)?, output)?;
    written.sync_all()?;

    let decryptor = Decryptor::new(File::open(&vault)?)?;
    eprintln!("label: {:?}", decryptor.header().label().map(Label::as_str));
    // Nothing comes out before all of it was authenticated.
    let mut reader = decryptor.unlock(&[&other, &secret])?;
    eprintln!("opened by: secret {}", reader.secret_index());
    io::copy(&mut reader, &mut io::stdout())?;
    Ok(())
}
