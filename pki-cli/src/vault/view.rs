//! `vault view`

use std::fs::File;
use std::io::{self, IsTerminal};
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
            let (mut reader, _) = codec::unlock(codec::spool_stdin()?, &identities, &name)?;
            show(&mut reader, config)?;
        } else {
            let file = File::open(path).map_err(Error::file("Unable to read source file", path))?;
            let (mut reader, _) = codec::unlock(file, &identities, &name)?;
            show(&mut reader, config)?;
        }
    }
    Ok(())
}

fn show(plaintext: &mut impl io::Read, config: &Config) -> Result<(), Error> {
    if io::stdout().is_terminal() && !config.pager.is_empty() {
        pager::show(plaintext, &config.pager)
    } else {
        streams::to_stdout(plaintext)
    }
}
