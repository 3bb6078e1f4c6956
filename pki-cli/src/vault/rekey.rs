//! `vault rekey`

use std::path::Path;

use vault_format::{Label, Secret};

use super::args::Rekey;
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Original, Sealed};
use super::{batch, talk};

/// Encrypts files with another secret. All are encrypted before the first is put in place.
pub(super) fn run(args: &Rekey, config: &Config) -> Result<(), Error> {
    if args.files.iter().any(|path| path == Path::new("-")) {
        return Err(Error::Options(
            "rekey works on files, not on standard input".to_owned(),
        ));
    }
    let identities = Identities::new(&args.common, config, Prompts::Existing)?;
    let new = New::choose(args, &identities, config)?;
    let target = new.target(args, &identities, config)?;
    let drafts = batch::each(&args.files, |path| rekey(path, &identities, &target))?;
    replace::commit(drafts)?;
    talk::note("Rekey successful");
    Ok(())
}

/// Where the new secret comes from.
enum New {
    /// `--encrypt-vault-id` names one that is known.
    Known(String),
    /// Named by an option or asked for.
    Named {
        identities: Identities,
        keep_label: bool,
    },
}

impl New {
    fn choose(args: &Rekey, identities: &Identities, config: &Config) -> Result<Self, Error> {
        if let Some(id) = &args.new_vault_id {
            let keep_label = !id.contains('@');
            return Ok(Self::Named {
                identities: Identities::of_new_id(id, config)?,
                keep_label,
            });
        }
        if let Some(path) = &args.new_vault_password_file {
            let identities = Identities::of_new_file(path, config)?;
            return Ok(Self::Named {
                identities,
                keep_label: true,
            });
        }
        if let Some(label) = &args.label.encrypt_vault_id {
            // Found wanting before anything is asked.
            identities.for_encryption(Some(label))?;
            return Ok(Self::Known(label.clone()));
        }
        Ok(Self::Named {
            identities: Identities::of_new_prompt(config)?,
            keep_label: true,
        })
    }

    fn target<'a>(
        &'a self,
        args: &Rekey,
        old: &'a Identities,
        config: &Config,
    ) -> Result<Target<'a>, Error> {
        let (sealer, keep_label) = match self {
            Self::Known(label) => (Sealer::new(old, Some(label), config)?, false),
            Self::Named {
                identities,
                keep_label,
            } => {
                let (label, secret) = identities.for_encryption(None)?;
                (Sealer::with(secret, label, config), *keep_label)
            }
        };
        let named = args
            .label
            .encrypt_vault_id
            .as_deref()
            .filter(|_| keep_label);
        let label = named
            .map(|label| Label::new(label).map_err(Error::vault(label)))
            .transpose()?;
        Ok(match label {
            Some(label) => {
                let sealer = Sealer {
                    label: Some(label),
                    ..sealer
                };
                Target {
                    sealer,
                    keep_label: false,
                }
            }
            None => Target { sealer, keep_label },
        })
    }
}

/// What to encrypt with.
struct Target<'a> {
    sealer: Sealer<'a>,
    /// Whether each file keeps the label that it has.
    keep_label: bool,
}

fn rekey(path: &Path, identities: &Identities, target: &Target<'_>) -> Result<Sealed, Error> {
    let original = Original::open(path)?;
    let name = original.path.display().to_string();
    let (mut reader, index) = codec::unlock(&original.file, identities, &name)?;
    let old = identities.fetch(&[index]);
    let label = reader.header().label().cloned();
    let label = if target.keep_label {
        label
    } else {
        target.sealer.label.clone()
    };
    if old.iter().any(|(_, old)| same(old, target.sealer.secret)) {
        return Err(Error::Runtime(format!(
            "the new secret is the old one of {name}: nothing would change"
        )));
    }
    original.warn_of_links();
    let draft = original.replace()?;
    target
        .sealer
        .encrypt_as(label.as_ref(), &mut reader, draft, &name)?
        .seal()
}

fn same(a: &Secret, b: &Secret) -> bool {
    a.expose() == b.expose()
}
