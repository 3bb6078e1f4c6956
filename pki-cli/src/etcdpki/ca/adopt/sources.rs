//! The files of the other PKI.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use pki_core::adopt::{Problem, Source};
use pki_core::document::Tree;
use vault_format::Form;
use zeroize::Zeroizing;

use crate::etcdpki::args::CaAdopt;
use crate::etcdpki::error::Error;
use crate::etcdpki::{files, secrets};

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) sources: Vec<Source>,
    pub(super) problems: Vec<Problem>,
}

/// Reads everything that was named.
pub(super) fn read(arguments: &CaAdopt) -> Result<Read, Error> {
    let mut read = Read::default();
    for path in &arguments.paths {
        walk(path, arguments, &mut read, 0)?;
    }
    Ok(read)
}

/// In the order of names, so that two runs tell the same.
fn walk(path: &Path, arguments: &CaAdopt, read: &mut Read, depth: usize) -> Result<(), Error> {
    let failed = |source| Error::io(path, source);
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        // Nothing of a PKI is so large; what was named is refused with its own message.
        let passed_over = depth > 0 && (metadata.len() > MAX_SIZE || !metadata.is_file());
        return match passed_over {
            true => Ok(()),
            false => file(path, metadata.permissions().mode(), arguments, read),
        };
    }
    if depth > MAX_DEPTH {
        return Err(failed(io::Error::other(
            "too many directories one in another",
        )));
    }
    let entries = fs::read_dir(path).map_err(failed)?;
    let mut entries: Vec<_> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()
        .map_err(failed)?;
    entries.sort();
    for entry in entries {
        // A link that leads nowhere is no part of a PKI.
        if !entry.exists() {
            continue;
        }
        // What nobody named may be no part of it: it is told, and the rest is looked at.
        if let Err(error) = walk(&entry, arguments, read, depth + 1) {
            let path = entry.display().to_string();
            let message = error.to_string();
            let message = match message.strip_prefix(&format!("{path}: ")) {
                Some(rest) => rest.to_owned(),
                None => message,
            };
            read.problems.push(Problem {
                path,
                message: format!("left out: {message}"),
            });
        }
    }
    Ok(())
}

fn file(path: &Path, mode: u32, arguments: &CaAdopt, read: &mut Read) -> Result<(), Error> {
    let content = files::read_input(path)?;
    let name = path.display().to_string();
    let is_yaml = path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml");
    if Form::of(&content) != Form::Clear {
        let source = secrets::Source::vault_password(&arguments.vault);
        let plaintext = source
            .open(|password| files::decrypt(path, &content, &secrets::vault_secret(password)?))?;
        variables(&name, plaintext.as_ref(), read);
        return Ok(());
    }
    let has_key = content
        .windows(KEY.len())
        .any(|window| window == KEY.as_bytes());
    if has_key && mode & 0o077 != 0 {
        read.problems.push(Problem {
            path: name.clone(),
            message: "its key can be read by others: chmod 600".to_owned(),
        });
    }
    match is_yaml {
        true => variables(&name, &content, read),
        false => read.sources.push(Source { name, content }),
    }
    Ok(())
}

/// Each text of the variables is as good as a file.
fn variables(name: &str, content: &[u8], read: &mut Read) {
    let Some(tree) = std::str::from_utf8(content)
        .ok()
        .and_then(|text| Tree::from_yaml(text).ok())
    else {
        return;
    };
    for (key, value) in tree.texts() {
        read.sources.push(Source {
            name: format!("{name}#{key}"),
            content: Zeroizing::new(value.as_bytes().to_vec()),
        });
    }
}

const KEY: &str = "PRIVATE KEY-----";
const MAX_DEPTH: usize = 16;
const MAX_SIZE: u64 = 1024 * 1024;
