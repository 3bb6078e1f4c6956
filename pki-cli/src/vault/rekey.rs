//! `vault rekey`

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vault_format::Label;
use vault_format::inline::{self, Value};

use super::args::Rekey;
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Original, Sealed};
use super::tree::{self, Content};
use super::{batch, strength, talk};

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
    let files = if args.recursive {
        tree::files(&args.files)?
    } else {
        args.files.clone()
    };
    let work = |path: &Path| {
        if args.recursive {
            rekey_any(path, &identities, &target)
        } else {
            rekey_file(path, &identities, &target)
        }
    };
    let done: Vec<_> = batch::each(&files, work)?.into_iter().flatten().collect();
    report(args, &done)?;
    if args.dry_run {
        return Ok(());
    }
    replace::commit(done.into_iter().map(|done| done.draft).collect())?;
    talk::note("Rekey successful");
    Ok(())
}

/// A file that only waits to be put in place.
struct Done {
    draft: Sealed,
    path: PathBuf,
    /// How many inline values were encrypted anew; none if the whole file was.
    values: Option<usize>,
}

#[derive(Serialize)]
struct Report<'a> {
    file: String,
    kind: &'a str,
    values: usize,
}

fn report(args: &Rekey, done: &[Done]) -> Result<(), Error> {
    let reports = done.iter().map(|done| Report {
        file: done.path.display().to_string(),
        kind: if done.values.is_some() {
            "inline"
        } else {
            "file"
        },
        values: done.values.unwrap_or(1),
    });
    if args.json {
        let text = serde_json::to_string_pretty(&reports.collect::<Vec<_>>());
        return talk::data(format!("{}\n", text.map_err(std::io::Error::from)?).as_bytes());
    }
    if args.recursive || args.dry_run {
        for Report { file, kind, values } in reports {
            talk::note(&match kind {
                "inline" => format!("{file}: {values} inline values"),
                _ => file,
            });
        }
    }
    Ok(())
}

/// Rekeys whatever is encrypted in a file.
fn rekey_any(path: &Path, old: &Identities, target: &Target<'_>) -> Result<Option<Done>, Error> {
    // Opened before it is read: a change in between shows in the end.
    let original = Original::open(path)?;
    match tree::inspect(&original.path)? {
        Content::File => rekey_file(path, old, target),
        Content::Inline { text, values } => {
            {
                let done = rekey_values(&original, &text, &values, old, target)?;
                // Reported as it was found.
                Ok(Some(Done {
                    path: path.to_owned(),
                    ..done
                }))
            }
        }
        Content::Plain => Ok(None),
    }
}

fn rekey_values(
    original: &Original,
    text: &str,
    values: &[Value],
    old: &Identities,
    target: &Target<'_>,
) -> Result<Done, Error> {
    let path = &original.path;
    let mut vaults = Vec::new();
    for value in values {
        let opened = tree::open_value(path, value, old)?;
        let name = tree::value_name(path, value);
        let label = target.label(opened.label);
        target.refuse_same(old, opened.index, &name)?;
        vaults.push(
            target
                .sealer
                .encrypt_value(label.as_ref(), &opened.plaintext, &name)?,
        );
    }
    let pairs: Vec<_> = values
        .iter()
        .zip(vaults.iter().map(Vec::as_slice))
        .collect();
    let mut draft = original.replace()?;
    draft.write_all(inline::replace(text, &pairs).as_bytes())?;
    Ok(Done {
        draft: draft.seal()?,
        path: path.clone(),
        values: Some(values.len()),
    })
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
                strength::warn(secret, label.as_ref(), config);
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

impl Target<'_> {
    fn label(&self, old: Option<Label>) -> Option<Label> {
        if self.keep_label {
            old
        } else {
            self.sealer.label.clone()
        }
    }

    fn refuse_same(&self, old: &Identities, index: usize, name: &str) -> Result<(), Error> {
        let new = self.sealer.secret.expose();
        if old
            .fetch(&[index])
            .iter()
            .any(|(_, old)| old.expose() == new)
        {
            return Err(Error::Runtime(format!(
                "the new secret is the old one of {name}: nothing would change"
            )));
        }
        Ok(())
    }
}

fn rekey_file(path: &Path, old: &Identities, target: &Target<'_>) -> Result<Option<Done>, Error> {
    let original = Original::open(path)?;
    let name = original.path.display().to_string();
    let (mut reader, index) = codec::unlock(&original.file, old, &name)?;
    let label = target.label(reader.header().label().cloned());
    target.refuse_same(old, index, &name)?;
    original.warn_of_links();
    let draft = original.replace()?;
    let draft = target
        .sealer
        .encrypt_as(label.as_ref(), &mut reader, draft, &name)?;
    Ok(Some(Done {
        draft: draft.seal()?,
        path: path.to_owned(),
        values: None,
    }))
}
