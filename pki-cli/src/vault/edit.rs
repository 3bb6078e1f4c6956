//! `vault edit`

use std::path::Path;

use super::args::Edit;
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Original};
use super::{editor, rescue};

/// Opens an editor for each file, and encrypts what was changed under the same secret and label.
pub(super) fn run(args: &Edit, config: &Config) -> Result<(), Error> {
    let identities = Identities::new(&args.secrets.known, config, Prompts::Existing)?;
    args.files
        .iter()
        .try_for_each(|path| one(path, &identities, config))
}

fn one(path: &Path, identities: &Identities, config: &Config) -> Result<(), Error> {
    let original = Original::open(path)?;
    let name = original.path.display().to_string();
    let (mut reader, index) = codec::unlock(&original.file, identities, &name)?;
    let label = reader.header().label().cloned();
    let before = codec::read_whole(&mut reader)?;
    let secret = identities.fetch(&[index]).into_iter().next();
    let (_, secret) = secret.ok_or_else(|| identities.nothing_fetched())?;
    let sealer = Sealer::with(secret, label, config);
    let origin = original.path.as_os_str();
    rescue::of_killed(origin, &before, &sealer, &original.path, config)?;
    let draft = original.replace()?;
    let edited = editor::edit(&before, &original.path, origin, config)?;
    let after = edited.plaintext.clone();
    if after == before {
        return edited.end;
    }
    rescue::on_error(edited, &after, &sealer, &original.path, || {
        rescue::refuse_vault(&after)?;
        let draft = sealer.encrypt(&mut &after[..], draft, &name)?;
        replace::commit(vec![draft.seal()?])
    })
}
