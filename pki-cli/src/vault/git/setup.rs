//! Telling git about the drivers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::vault::args::{Secrets, WriteSecrets};
use crate::vault::config::Config;
use crate::vault::error::Error;
use crate::vault::identity::Identities;
use crate::vault::{child, paths, talk};

/// Writes the drivers into the repository's configuration, once it is sure that they will find
/// their secrets.
pub(super) fn run(secrets: &WriteSecrets) -> Result<(), Error> {
    let known = absolute(&secrets.known);
    // Where git runs them, and where they find an ansible.cfg.
    env::set_current_dir(top_level()?)?;
    let config = Config::load()?;
    let identities = Identities::unattended(&known, &config)?;
    let wanted = secrets.encrypt_vault_id.as_deref();
    identities.for_encryption(wanted.or(config.encrypt_label.as_deref()))?;
    let command = command(&known, wanted)?;
    for (key, value) in [
        ("diff.vault.textconv", format!("{command} diff")),
        ("diff.vault.cachetextconv", "false".to_owned()),
        ("filter.vault.clean", format!("{command} clean %f")),
        ("filter.vault.smudge", format!("{command} smudge")),
        ("filter.vault.required", "true".to_owned()),
        ("merge.vault.driver", format!("{command} merge %O %A %B %P")),
        ("merge.vault.name", "merge of what vaults hold".to_owned()),
    ] {
        git(&["config", key, &value])?;
    }
    talk::note(
        "Now choose files in .gitattributes. Encrypted in the working tree, too:\n\n\
         \u{20}   *.vault.yml diff=vault merge=vault\n\n\
         or in clear there and encrypted only in the repository:\n\n\
         \u{20}   secrets/** filter=vault diff=vault merge=vault",
    );
    Ok(())
}

fn top_level() -> Result<PathBuf, Error> {
    let path = git(&["rev-parse", "--show-toplevel"])?;
    Ok(PathBuf::from(path.trim_end_matches('\n')))
}

/// Runs git and returns what it prints.
fn git(arguments: &[&str]) -> Result<String, Error> {
    let mut command = child::command("git");
    let command = command.args(arguments).stderr(Stdio::inherit());
    let output = command.output();
    let output = output
        .map_err(|error| Error::Runtime(format!("could not run git: {error}; install it")))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Error::Runtime(format!(
            "git {} failed: run this in the working tree of a repository",
            arguments.join(" ")
        ))),
    }
}

/// The beginning of each driver's command line, for a shell.
fn command(secrets: &Secrets, encrypt_vault_id: Option<&str>) -> Result<String, Error> {
    let mut words = vec![program()?, "git".to_owned()];
    for id in &secrets.vault_id {
        words.extend(["--vault-id".to_owned(), id.clone()]);
    }
    for path in &secrets.vault_password_file {
        let path = path.to_string_lossy().into_owned();
        words.extend(["--vault-password-file".to_owned(), path]);
    }
    if let Some(label) = encrypt_vault_id {
        words.extend(["--encrypt-vault-id".to_owned(), label.to_owned()]);
    }
    let quoted = shlex::try_join(words.iter().map(String::as_str));
    quoted.map_err(|error| Error::Options(format!("an option can not be quoted: {error}")))
}

/// Our name, if that is how a shell finds us, or else the path.
fn program() -> Result<String, Error> {
    const NAME: &str = "vault";
    let this = env::current_exe()?;
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&path).map(|directory| directory.join(NAME));
    let first = found.find(|path| path.is_file());
    let is_this = first.and_then(|path| path.canonicalize().ok()) == this.canonicalize().ok();
    Ok(match is_this {
        true => NAME.to_owned(),
        false => this.to_string_lossy().into_owned(),
    })
}

/// The same secrets with paths that hold everywhere.
fn absolute(secrets: &Secrets) -> Secrets {
    let id = |id: &String| match id.split_once('@') {
        Some((label, source)) => format!("{label}@{}", absolute_source(source)),
        None => absolute_source(id),
    };
    let file = |path: &PathBuf| absolute_path(path);
    Secrets {
        vault_id: secrets.vault_id.iter().map(id).collect(),
        vault_password_file: secrets.vault_password_file.iter().map(file).collect(),
        ..*secrets
    }
}

fn absolute_source(source: &str) -> String {
    let path = Path::new(source);
    match source.strip_prefix("age:") {
        _ if paths::expand(path).exists() => absolute_path(path).display().to_string(),
        Some(file) => format!("age:{}", absolute_path(Path::new(file)).display()),
        None => source.to_owned(),
    }
}

/// What starts with `~` or a variable is left to be expanded each time.
fn absolute_path(path: &Path) -> PathBuf {
    match path.to_string_lossy().starts_with(['~', '$']) {
        true => path.to_owned(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
