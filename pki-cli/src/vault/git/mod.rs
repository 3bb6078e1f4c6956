//! `vault git`: drivers that let git compare, merge and store vaults.
//!
//! git gives a filter the file on standard input. It is read before anything else, and no secret
//! is ever read from there.

mod driver;
mod merge;
mod setup;
mod stored;

use self::driver::{Driver, Version};
use super::args::{Git, GitVerb};
use super::config::Config;
use super::error::Error;
use super::talk;

/// Runs one of the drivers, or tells git about them.
pub(super) fn run(args: &Git, config: &Config) -> Result<(), Error> {
    let driver = Driver::new(&args.secrets, config);
    match &args.verb {
        GitVerb::Clean { name } => {
            talk::data(&driver.clean(Version::of_stdin()?, name.as_deref())?)
        }
        GitVerb::Diff { file } => talk::data(&driver.open(Version::of_file(file)?)?),
        GitVerb::Merge {
            base,
            ours,
            theirs,
            name,
        } => {
            let files = [ours, base, theirs].map(AsRef::as_ref);
            merge::run(&driver, files, name.as_ref().unwrap_or(ours), config)
        }
        GitVerb::Setup { secrets } => setup::run(&args.secrets.and(secrets)),
        GitVerb::Smudge => talk::data(&driver.open(Version::of_stdin()?)?),
    }
}
