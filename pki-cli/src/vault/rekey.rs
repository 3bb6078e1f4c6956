//! `vault rekey`

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vault_format::inline::{self, Value};
use vault_format::{Decryptor, Label};

use super::args::Rekey;
use super::batch::{Failure, Outcome, Prepared};
use super::codec::{self, Sealer};
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{Original, Sealed};
use super::tree::{self, Content, Tree};
use super::{strength, talk};

/// Encrypts files with another secret. All are encrypted before the first is put in place.
pub(super) fn run(args: &Rekey, config: &Config) -> Result<(), Error> {
    if args.files.iter().any(|path| path == Path::new("-")) {
        return Err(Error::Options(
            "rekey works on files, not on standard input: name them, or a directory with --recursive".to_owned(),
        ));
    }
    let identities = Identities::new(&args.secrets.known, config, Prompts::Existing)?;
    let new = New::choose(args, &identities, config)?;
    let target = new.target(args, &identities, config)?;
    let tree = match args.recursive {
        true => Tree::find(&args.files, &args.exclude)?,
        false => Tree {
            files: args.files.clone(),
            ..Tree::default()
        },
    };
    let work = |path: &Path| match args.recursive {
        true => rekey_any(path, &identities, &target),
        false => rekey_file(path, &identities, &target),
    };
    let several = args.recursive || tree.files.len() > 1;
    let prepared = Prepared::of_tree(tree, &args.many, work);
    let prepared = prepared.map_err(|error| match args.recursive {
        _ if !several || !error.is_of_vault() => error,
        true => error.hinting(
            "to pass by what is no vault of yours, a sample say: --exclude GLOB; what the new \
             secret opens already, as after a run that was broken off: --skip-encrypted",
        ),
        false => error.hinting(
            "to finish a run that was broken off, pass by what the new secret opens already: \
             --skip-encrypted",
        ),
    })?;
    if args.recursive && args.label.is_empty() {
        refuse_several_secrets(prepared.waiting(), &identities)?;
    }
    let split = |done: Done| (Report::of(&done), done.draft);
    let outcome = match args.dry_run {
        true => prepared.discard(split),
        false => prepared.commit(&args.many, split)?,
    };
    report(args, &outcome)?;
    outcome.verdict()?;
    talk::note(match args.dry_run {
        true => "Dry run: nothing was changed",
        false => "Rekey successful",
    });
    Ok(())
}

/// A file that only waits to be put in place.
struct Done {
    draft: Sealed,
    path: PathBuf,
    /// How many inline values were encrypted anew; none if the whole file was.
    values: Option<usize>,
    /// The secrets that opened it.
    opened_by: BTreeSet<usize>,
    /// Labels that became another one.
    labels: BTreeSet<String>,
}

/// Whoever changes one password, and has told of all of them, means one: the vaults of the others
/// would get the new one, too, for any secret that is known opens a vault.
fn refuse_several_secrets(waiting: &[Done], identities: &Identities) -> Result<(), Error> {
    let opened_by: BTreeSet<usize> = waiting
        .iter()
        .flat_map(|done| done.opened_by.iter().copied())
        .collect();
    let opened_by: Vec<usize> = opened_by.into_iter().collect();
    let secrets = identities.fetch(&opened_by);
    let [(_, first), others @ ..] = secrets.as_slice() else {
        return Ok(());
    };
    if others
        .iter()
        .all(|(_, other)| other.expose() == first.expose())
    {
        return Ok(());
    }
    let labels = identities.labels();
    let labels: BTreeSet<&str> = opened_by.iter().map(|&index| labels[index]).collect();
    let labels: Vec<&str> = labels.into_iter().collect();
    Err(Error::Options(format!(
        "the vaults here have several secrets, those of {}, and all would get the new one",
        labels.join(", ")
    ))
    .hinting("choose by label, once for each that is meant: --label LABEL"))
}

/// What is told of a file.
#[derive(Serialize)]
struct Report {
    file: String,
    kind: &'static str,
    values: usize,
    /// What labels became another one.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    labels_before: BTreeSet<String>,
}

impl Report {
    fn of(done: &Done) -> Self {
        Self {
            file: done.path.display().to_string(),
            kind: match done.values {
                Some(_) => "inline",
                None => "file",
            },
            values: done.values.unwrap_or(1),
            labels_before: done.labels.clone(),
        }
    }
}

/// What is told of all of them as JSON.
#[derive(Serialize)]
struct Reports<'a> {
    dry_run: bool,
    files: &'a [Report],
    failed: &'a [Failure],
}

fn report(args: &Rekey, outcome: &Outcome<Report>) -> Result<(), Error> {
    if args.json {
        let text = serde_json::to_string_pretty(&Reports {
            dry_run: args.dry_run,
            files: &outcome.done,
            failed: &outcome.failures,
        });
        return talk::data(format!("{}\n", text.map_err(std::io::Error::from)?).as_bytes());
    }
    if args.recursive || args.dry_run {
        for Report {
            file,
            kind,
            values,
            labels_before,
        } in &outcome.done
        {
            let mut line = match (*kind, values) {
                ("inline", 1) => format!("{file}: 1 inline value"),
                ("inline", _) => format!("{file}: {values} inline values"),
                _ => file.clone(),
            };
            if !labels_before.is_empty() {
                let labels: Vec<&str> = labels_before.iter().map(String::as_str).collect();
                line.push_str(&format!(", label {} before", labels.join(", ")));
            }
            talk::note(&line);
        }
    }
    Ok(())
}

/// Rekeys whatever is encrypted in a file.
fn rekey_any(path: &Path, old: &Identities, target: &Target<'_>) -> Result<Option<Done>, Error> {
    // Opened before it is read: a change in between shows in the end.
    let original = Original::open(path)?;
    match tree::inspect_as(&original.path, path)? {
        Content::File => rekey_file(path, old, target),
        Content::Inline { text, values } => {
            rekey_values(path, &original, &text, &values, old, target)
        }
        Content::Plain => Ok(None),
    }
}

fn rekey_values(
    path: &Path,
    original: &Original,
    text: &str,
    values: &[Value],
    old: &Identities,
    target: &Target<'_>,
) -> Result<Option<Done>, Error> {
    let mut vaults = Vec::new();
    let mut opened_by = BTreeSet::new();
    let mut labels = BTreeSet::new();
    for value in values {
        if !target.wants(Cursor::new(value.vault())) {
            continue;
        }
        let name = tree::value_name(path, value);
        let opened = tree::open_value(path, value, old);
        if target.passes_by(|| Cursor::new(value.vault()), &opened, &name) {
            continue;
        }
        let opened = opened?;
        opened_by.insert(opened.index);
        labels.extend(target.replaces(opened.label.as_ref()));
        let label = target.label(opened.label);
        target.refuse_same(old, opened.index, &name)?;
        let sealer = &target.sealer;
        let vault = sealer.encrypt_value(label.as_ref(), &opened.plaintext, &name)?;
        vaults.push((value, vault));
    }
    if vaults.is_empty() {
        return Ok(None);
    }
    let pairs: Vec<_> = vaults
        .iter()
        .map(|(value, vault)| (*value, vault.as_slice()))
        .collect();
    let replaced = inline::replace(text, &pairs);
    // What was written has to be found again, or the file stays as it is.
    let found = inline::values(&replaced);
    if found.len() != values.len() {
        return Err(tree::not_understood(path));
    }
    let written = pairs.iter().map(|(value, vault)| (value.path(), *vault));
    tree::expect_values(path, &found, written)?;
    let mut draft = original.replace()?;
    draft.write_all(replaced.as_bytes())?;
    Ok(Some(Done {
        draft: draft.seal()?,
        path: path.to_owned(),
        values: Some(vaults.len()),
        opened_by,
        labels,
    }))
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
        if let Some(label) = &args.secrets.encrypt_vault_id {
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
        args: &'a Rekey,
        old: &'a Identities,
        config: &Config,
    ) -> Result<Target<'a>, Error> {
        let (sealer, keep_label) = match self {
            Self::Known(label) => (Sealer::new(old, Some(label), config)?, false),
            Self::Named {
                identities,
                keep_label,
            } => {
                // A label that is named has to be that of the new secret.
                let wanted = args.secrets.encrypt_vault_id.as_deref();
                let wanted = wanted.filter(|_| !keep_label);
                let (label, secret) = identities.for_encryption(wanted)?;
                strength::warn(secret, label.as_ref(), config);
                (Sealer::with(secret, label, config), *keep_label)
            }
        };
        let named = args
            .secrets
            .encrypt_vault_id
            .as_deref()
            .filter(|_| keep_label);
        let label = named
            .map(|label| Label::new(label).map_err(Error::vault(label)))
            .transpose()?;
        let keep_label = keep_label && label.is_none();
        let label = label.or(sealer.label);
        Ok(Target {
            sealer: Sealer { label, ..sealer },
            keep_label,
            skip_encrypted: args.skip_encrypted,
            of_labels: &args.label,
            default_label: old.default_label(),
        })
    }
}

/// What to encrypt with.
struct Target<'a> {
    sealer: Sealer<'a>,
    /// Whether each file keeps the label that it has.
    keep_label: bool,
    /// Whether what the new secret opens already is no error.
    skip_encrypted: bool,
    /// What is rekeyed: any label if none is named.
    of_labels: &'a [String],
    /// What a vault without a label is called.
    default_label: &'a str,
}

impl Target<'_> {
    /// Whether a vault has a label that is meant. One whose header is damaged is: it is for who
    /// opens it to complain.
    fn wants<R: Read + Seek>(&self, mut vault: R) -> bool {
        if self.of_labels.is_empty() {
            return true;
        }
        let header = vault.rewind().map_err(vault_format::Error::from);
        let Ok(decryptor) = header.and_then(|()| Decryptor::new(&mut vault)) else {
            return true;
        };
        let label = self.name(decryptor.header().label());
        let wanted = self.of_labels.iter().any(|wanted| wanted == label);
        // Whoever opens it begins at its start.
        vault.rewind().is_err() || wanted
    }

    /// The label that a vault has before, if it gets another one.
    fn replaces(&self, old: Option<&Label>) -> Option<String> {
        let new = self.label(old.cloned());
        let changes = self.name(old) != self.name(new.as_ref());
        changes.then(|| self.name(old).to_owned())
    }

    fn name<'b>(&'b self, label: Option<&'b Label>) -> &'b str {
        label.map_or(self.default_label, Label::as_str)
    }

    fn label(&self, old: Option<Label>) -> Option<Label> {
        if self.keep_label {
            old
        } else {
            self.sealer.label.clone()
        }
    }

    /// Whether the new secret opens a vault already that none of the old ones may open.
    fn passes_by<R: Read + Seek, T>(
        &self,
        vault: impl FnOnce() -> R,
        opened: &Result<T, Error>,
        name: &str,
    ) -> bool {
        if !self.skip_encrypted || opened.as_ref().is_err_and(|error| !error.is_wrong_secret()) {
            return false;
        }
        let mut vault = vault();
        let opens = vault
            .rewind()
            .map_err(vault_format::Error::from)
            .and_then(|()| Decryptor::new(vault)?.unlock(&[self.sealer.secret]));
        if opens.is_ok() {
            talk::note(&format!("{name}: under the new secret already, passed by"));
        }
        opens.is_ok()
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
            ))
            .hinting("give another one with --new-vault-id or --new-vault-password-file"));
        }
        Ok(())
    }
}

fn rekey_file(path: &Path, old: &Identities, target: &Target<'_>) -> Result<Option<Done>, Error> {
    let original = Original::open(path)?;
    if !target.wants(&original.file) {
        return Ok(None);
    }
    let name = path.display().to_string();
    let unlocked = codec::unlock(&original.file, old, &name);
    if target.passes_by(|| &original.file, &unlocked, &name) {
        return Ok(None);
    }
    let (mut reader, index) = unlocked?;
    let labels = target.replaces(reader.header().label());
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
        opened_by: BTreeSet::from([index]),
        labels: labels.into_iter().collect(),
    }))
}
