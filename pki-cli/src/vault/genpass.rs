//! `vault genpass`

use std::io::{self, Write};

use zeroize::Zeroizing;

use super::args::Genpass;
use super::error::Error;
use super::replace::{self, Draft};
use super::{paths, talk};

/// The length of a password, which makes it as strong as the cipher's key.
const LENGTH: usize = 43;

/// 64 characters that no shell and no YAML reader minds.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes a password that nobody can guess: 258 random bits.
pub(super) fn run(args: &Genpass) -> Result<(), Error> {
    let mut random = Zeroizing::new([0; LENGTH]);
    getrandom::fill(&mut *random).map_err(io::Error::other)?;
    let mut password = Zeroizing::new(Vec::with_capacity(LENGTH + 1));
    // 64 divides 256: every character is equally likely.
    password.extend(random.iter().map(|byte| ALPHABET[usize::from(byte % 64)]));
    password.push(b'\n');
    match &args.output {
        None => talk::data(&password),
        Some(path) => {
            let path = paths::expand(path);
            let mut draft = Draft::create_new(&path).map_err(taken)?;
            draft.write_all(&password)?;
            // Another one may have come meanwhile.
            replace::commit(vec![draft.seal()?]).map_err(taken)?;
            talk::success(&format!(
                "{} holds a password now; keep a copy of it: without it no vault opens",
                path.display()
            ));
            Ok(())
        }
    }
}

fn taken(error: Error) -> Error {
    match error {
        Error::Changed { path } => Error::Runtime(format!(
            "{} exists; a password that is overwritten is lost",
            path.display()
        ))
        .hinting("choose another name"),
        error => error,
    }
}
