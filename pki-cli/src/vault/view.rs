//! `vault view`

use std::io::{self, IsTerminal, Read, Seek};
use std::path::Path;

use super::args::View;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::{codec, pager, streams};

/// Shows the content of vaults: in a pager on a terminal, and byte by byte elsewhere.
pub(super) fn run(args: &View, config: &Config) -> Result<(), Error> {
    let identities = Identities::new(&args.secrets, config, Prompts::Existing)?;
    for path in &args.files {
        let name = path.display().to_string();
        if path == Path::new("-") {
            let vault = codec::spooled(io::stdin().lock())?;
            show(vault, &identities, &name, config)?;
            continue;
        }
        let mut file = streams::open(path)?;
        match file.stream_position() {
            Ok(_) => show(file, &identities, &name, config)?,
            Err(_) => show(codec::spooled(file)?, &identities, &name, config)?,
        }
    }
    Ok(())
}

fn show<R: Read + Seek>(
    vault: R,
    identities: &Identities,
    name: &str,
    config: &Config,
) -> Result<(), Error> {
    let (mut plaintext, _) = codec::unlock(vault, identities, name)?;
    if io::stdout().is_terminal() && !config.pager.is_empty() {
        pager::show(&mut plaintext, &config.pager)
    } else {
        streams::to_stdout(&mut plaintext)
    }
}
