//! `etcdpki inspect`: show what is in a file.

mod crl;
mod own;
mod view;

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pki_core::document::Tree;
use pki_core::inspect::{self, InspectError};
use vault_format::{Form, Header};
use zeroize::Zeroizing;

use super::args::Inspect;
use super::error::Error;
use super::files;
use super::output;
use super::secrets::{self, Source};
use view::{FileView, ItemView, Place, VaultView};

/// Runs the command. A file that cannot be shown does not keep the others from it.
pub(super) fn run(arguments: &Inspect) -> Result<ExitCode, Error> {
    let mut views = Vec::new();
    let passwords = Passwords::new(arguments);
    let mut code = ExitCode::SUCCESS;
    for path in &arguments.files {
        match file(path, &passwords) {
            Ok(view) => views.push(view),
            Err(error) => {
                output::error(&error);
                code = ExitCode::FAILURE;
            }
        }
    }
    match arguments.json {
        true => output::print_json(&views)?,
        false => {
            let texts: Vec<_> = views.iter().map(FileView::to_text).collect();
            output::print(&texts.join("\n"))?;
        }
    }
    Ok(code)
}

fn file(path: &Path, passwords: &Passwords<'_>) -> Result<FileView, Error> {
    let content = files::read_input(path)?;
    let name = path.display().to_string();
    if Form::of(&content) != Form::Clear {
        return vault(path, name, &content, passwords);
    }
    let items = inspect::inspect(&content).map_err(|source| Error::Inspect {
        path: path.to_owned(),
        source,
    })?;
    Ok(FileView {
        path: name,
        vault: None,
        items: ItemView::all(Place::Clear, &items),
    })
}

/// The vault password, which is asked for once, and only if there is a vault file.
struct Passwords<'a> {
    source: Source<'a>,
    password: OnceCell<Option<Zeroizing<Vec<u8>>>>,
}

impl<'a> Passwords<'a> {
    fn new(arguments: &'a Inspect) -> Self {
        Self {
            source: Source::vault_password(&arguments.vault),
            password: OnceCell::new(),
        }
    }

    /// The file is the one that it is asked for.
    fn get(&self, path: &Path, content: &[u8]) -> Result<Option<&Zeroizing<Vec<u8>>>, Error> {
        if self.password.get().is_none() {
            let opens = |password: &_| files::opens_content(path, content, password);
            // Set once: it was not there a moment ago.
            let _ = self.password.set(self.source.read_or_skip(opens)?);
        }
        Ok(self.password.get().and_then(Option::as_ref))
    }
}

/// The header always; what is inside if there is a password.
fn vault(
    path: &Path,
    name: String,
    content: &[u8],
    passwords: &Passwords<'_>,
) -> Result<FileView, Error> {
    let failed = |source| Error::Vault {
        path: path.to_owned(),
        source,
    };
    let header = Header::parse(content).map_err(failed)?;
    let mut view = FileView {
        path: name,
        vault: Some(VaultView::new(&header)),
        items: Vec::new(),
    };
    let Some(password) = passwords.get(path, content)? else {
        return Ok(view);
    };
    let plaintext = files::decrypt(path, content, &secrets::vault_secret(password)?)?;
    if let Some(vault) = &mut view.vault {
        vault.opened = true;
    }
    let text = std::str::from_utf8(plaintext.as_ref()).unwrap_or_default();
    if let Ok(tree) = Tree::from_yaml(text) {
        for (key, value) in tree.texts() {
            let items = inspect::inspect(value.as_bytes()).unwrap_or_default();
            view.items
                .extend(ItemView::all(Place::Vault(Some(&key)), &items));
        }
    }
    if view.items.is_empty() {
        let found = inspect::inspect(plaintext.as_ref()).or_else(|error| match error {
            InspectError::Empty | InspectError::Nothing => Ok(Vec::new()),
            error => Err(Error::Inspect {
                path: path.to_owned(),
                source: error,
            }),
        })?;
        view.items.extend(ItemView::all(Place::Vault(None), &found));
    }
    Ok(view)
}

/// Lines of names and values, without those that have no value.
fn rows(text: &mut String, rows: &[(&str, &str)]) {
    for (label, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "    {label:18} {value}");
    }
}
