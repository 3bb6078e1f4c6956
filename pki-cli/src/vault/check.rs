//! `vault check`: what should be encrypted and is not, for hooks before a commit.

use std::fs::{self, File};
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use vault_format::{Decryptor, Label, inline};

use super::args::Check;
use super::error::Error;
use super::tree::{self, Content};
use super::{batch, talk};

/// Texts that are larger are not searched.
const LARGEST_TEXT: u64 = 32 << 20;

/// Looks at files without any password; each finding is a line, and the exit code is 3.
pub(super) fn run(args: &Check) -> Result<(), Error> {
    let here = [PathBuf::from(".")];
    let files = tree::files(if args.paths.is_empty() {
        &here
    } else {
        &args.paths
    })?;
    let findings: Vec<_> = batch::each(&files, |path| check(path, args))?
        .into_iter()
        .flatten()
        .collect();
    for finding in &findings {
        talk::data(format!("{finding}\n").as_bytes())?;
    }
    match findings.len() {
        0 => Ok(()),
        number => Err(Error::Found(format!(
            "{} in {}",
            talk::count(number, "finding"),
            talk::count(files.len(), "file")
        ))),
    }
}

fn check(path: &Path, args: &Check) -> Result<Vec<String>, Error> {
    let place = path.display().to_string();
    match tree::inspect(path)? {
        Content::File => {
            let file = File::open(path).map_err(Error::file("Unable to read", path))?;
            Ok(of_vault(file, &place, args))
        }
        Content::Inline { text, values } => {
            let of_value = |value: &inline::Value| {
                of_vault(
                    Cursor::new(value.vault()),
                    &tree::value_name(path, value),
                    args,
                )
            };
            let mut findings: Vec<_> = values.iter().flat_map(of_value).collect();
            findings.extend(in_clear(path, &text));
            Ok(findings)
        }
        Content::Plain => of_plain(path, &place),
    }
}

/// A damaged vault, or one with a label that is not allowed.
fn of_vault(vault: impl Read + Seek, place: &str, args: &Check) -> Vec<String> {
    let whole = |mut vault: Decryptor<_>| vault.validate().map(|()| vault);
    match Decryptor::new(vault).and_then(whole) {
        Ok(decryptor) => {
            let label = decryptor.header().label().map_or("default", Label::as_str);
            let allowed = args.label.is_empty() || args.label.iter().any(|l| l == label);
            if allowed {
                Vec::new()
            } else {
                vec![format!("{place}: label {label} is not allowed")]
            }
        }
        Err(error) => vec![Error::vault(place)(error).to_string()],
    }
}

fn of_plain(path: &Path, place: &str) -> Result<Vec<String>, Error> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if says_vault(&name) {
        return Ok(vec![format!(
            "{place}: is not encrypted, though its name says so"
        )]);
    }
    let fault = || Error::file("Unable to read source file", path);
    if fs::metadata(path).map_err(fault())?.len() > LARGEST_TEXT {
        return Ok(Vec::new());
    }
    let content = fs::read(path).map_err(fault())?;
    Ok(str::from_utf8(&content)
        .map(|text| in_clear(path, text))
        .unwrap_or_default())
}

/// By Ansible's conventions.
fn says_vault(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    stem == "vault" && !name.ends_with(".md")
        || name.ends_with(".vault")
        || name.contains(".vault.")
}

/// Private keys, and variables whose name starts with `vault_`.
fn in_clear(path: &Path, text: &str) -> Vec<String> {
    let place = path.display();
    let is_key = |line: &str| {
        let line = line.trim();
        line.starts_with("-----BEGIN ")
            && line.ends_with("PRIVATE KEY-----")
            && !line.contains("ENCRYPTED")
    };
    let keys = (1..).zip(text.lines()).filter(|(_, line)| is_key(line));
    let mut findings: Vec<_> = keys
        .map(|(number, _)| format!("{place}:{number}: private key in clear"))
        .collect();
    if path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml")
    {
        let secret = |scalar: &inline::Scalar| {
            let key = scalar.path().rsplit('.').next().unwrap_or_default();
            key.starts_with("vault_") && !scalar.text().is_ok_and(|text| text.contains("{{"))
        };
        for scalar in inline::scalars(text).iter().filter(|scalar| secret(scalar)) {
            findings.push(format!(
                "{place}:{}: {} is not encrypted",
                scalar.line(),
                scalar.path()
            ));
        }
    }
    findings
}
