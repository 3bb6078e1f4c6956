//! `vault check`: what should be encrypted and is not, for hooks before a commit.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use vault_format::{Label, inline};
use zeroize::Zeroizing;

use super::args::Check;
use super::entry::{self, Entry};
use super::error::Error;
use super::tree::{self, Content, Tree};
use super::{batch, codec, private_key, talk};

/// Texts that are larger are not searched.
const LARGEST_TEXT: u64 = 32 << 20;

/// Looks at files without any password; each finding is a line, and the exit code is 3.
pub(super) fn run(args: &Check) -> Result<(), Error> {
    let Tree { files, unread } = Tree::find(&args.paths.or_here(), &args.paths.exclude)?;
    // What can not be read is a finding, too: the others are looked at all the same.
    let look = |path: &Path| match check(path, args) {
        Err(error) if !matches!(error, Error::Interrupted) => {
            Ok(vec![Entry::new(path, Err(error))])
        }
        found => found,
    };
    let unread = unread
        .into_iter()
        .map(|(path, error)| Entry::new(&path, Err(error)));
    let found = batch::each(&files, look)?.into_iter().flatten();
    let findings: Vec<_> = unread.chain(found).collect();
    entry::list(&findings, args.json, "label")?;
    match findings.len() {
        0 => Ok(()),
        number => Err(Error::Found(format!(
            "{} in {}",
            talk::count(number, "finding"),
            talk::count(files.len(), "file")
        ))),
    }
}

fn check(path: &Path, args: &Check) -> Result<Vec<Entry>, Error> {
    match tree::inspect(path)? {
        Content::File => {
            let file = File::open(path).map_err(Error::file("Unable to read", path))?;
            Ok(of_vault(file, None, path, args).into_iter().collect())
        }
        Content::Inline { text, values } => {
            let of_value = |value: &inline::Value| {
                let finding = of_vault(Cursor::new(value.vault()), Some(value), path, args)?;
                Some(finding.of_value(value))
            };
            let mut findings: Vec<_> = values.iter().filter_map(of_value).collect();
            findings.extend(in_clear(path, &text));
            Ok(findings)
        }
        Content::Plain => of_plain(path),
    }
}

/// A damaged vault, or one with a label that is not allowed.
fn of_vault(
    vault: impl Read + Seek,
    value: Option<&inline::Value>,
    path: &Path,
    args: &Check,
) -> Option<Entry> {
    let decryptor = match codec::well_formed(vault) {
        Ok(decryptor) => decryptor,
        Err(error) => {
            let error = Error::vault(path.display().to_string())(error);
            let error = match value {
                Some(value) => error.placed(value),
                None => error,
            };
            return Some(Entry::new(path, Err(error)));
        }
    };
    let label = decryptor.header().label().map_or("default", Label::as_str);
    let allowed = args.label.is_empty() || args.label.iter().any(|l| l == label);
    (!allowed).then(|| Entry::problem(path, format!("label {label} is not allowed")))
}

fn of_plain(path: &Path) -> Result<Vec<Entry>, Error> {
    if says_vault(path) {
        return Ok(vec![Entry::problem(
            path,
            format!(
                "is not encrypted, though its name says so: vault encrypt {}",
                quoted(path)
            ),
        )]);
    }
    let fault = || Error::file("Unable to read source file", path);
    if fs::metadata(path).map_err(fault())?.len() > LARGEST_TEXT {
        return Ok(Vec::new());
    }
    // It may be a secret in clear.
    let content = Zeroizing::new(fs::read(path).map_err(fault())?);
    Ok(str::from_utf8(&content)
        .map(|text| in_clear(path, text))
        .unwrap_or_default())
}

/// As a shell reads it.
fn quoted(path: &Path) -> String {
    let name = path.to_string_lossy();
    shlex::try_quote(&name).map_or_else(|_| name.to_string(), Cow::into_owned)
}

/// By Ansible's conventions: its own name, or that of a directory of variables.
fn says_vault(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let directory = path.parent().and_then(Path::file_name);
    stem == "vault" && !name.ends_with(".md")
        || name.ends_with(".vault")
        || name.contains(".vault.")
        || directory.is_some_and(|directory| directory == "vault") && holds_variables(path)
}

/// Whether Ansible reads it as YAML, whatever its name.
fn holds_variables(path: &Path) -> bool {
    let mut parents = path.ancestors().skip(1).filter_map(Path::file_name);
    parents.any(|name| name == "group_vars" || name == "host_vars")
}

fn is_yaml(path: &Path) -> bool {
    match path.extension() {
        Some(extension) => extension == "yml" || extension == "yaml",
        None => holds_variables(path),
    }
}

/// One expression and nothing besides, which names a variable.
fn is_template(text: &str) -> bool {
    let inner = text
        .strip_prefix("{{")
        .and_then(|text| text.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains(['\'', '"']) && !inner.contains("}}"))
}

/// Private keys, and variables whose name starts with `vault_`.
fn in_clear(path: &Path, text: &str) -> Vec<Entry> {
    let file = quoted(path);
    let key = format!("private key in clear: vault encrypt {file}");
    let mut findings: Vec<_> = private_key::in_clear(text)
        .map(|number| Entry::problem(path, &key).at(number))
        .collect();
    if is_yaml(path) {
        let secret = |scalar: &inline::Scalar| {
            let mut keys = scalar.path().split('.');
            keys.any(|key| key.starts_with("vault_")) && !scalar.text().is_ok_and(is_template)
        };
        for scalar in inline::scalars(text).iter().filter(|scalar| secret(scalar)) {
            let key = quoted(Path::new(scalar.path()));
            let what = format!("is not encrypted: vault inline encrypt {file} {key}");
            let finding = Entry::problem(path, what).of_key(scalar.path());
            findings.push(finding.at(scalar.line()));
        }
    }
    findings
}
