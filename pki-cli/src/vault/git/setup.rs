//! Telling git about the drivers.

use std::env;
use std::fs;
use std::io;
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
    // Behind `--` no name is an option.
    for (key, value) in [
        ("diff.vault.textconv", format!("{command} diff --")),
        ("diff.vault.cachetextconv", "false".to_owned()),
        ("filter.vault.clean", format!("{command} clean -- %f")),
        ("filter.vault.smudge", format!("{command} smudge")),
        ("filter.vault.required", "true".to_owned()),
        (
            "merge.vault.driver",
            format!("{command} merge -- %O %A %B %P"),
        ),
        ("merge.vault.name", "merge of what vaults hold".to_owned()),
    ] {
        git(&["config", key, &value])?;
    }
    talk::note(&match chosen()?.as_slice() {
        [] => "Now choose files in .gitattributes. Encrypted in the working tree, too:\n\n\
               \u{20}   *vault.yml diff=vault merge=vault\n\n\
               or in clear there and encrypted only in the repository:\n\n\
               \u{20}   secrets/** filter=vault diff=vault merge=vault"
            .to_owned(),
        lines => format!(
            "git calls them for what .gitattributes chooses:\n\n    {}",
            lines.join("\n    ")
        ),
    });
    Ok(())
}

/// The lines of the attributes at the top of the working tree that choose one of the drivers.
fn chosen() -> Result<Vec<String>, Error> {
    let path = Path::new(".gitattributes");
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(Error::file("Unable to read", path))?,
    };
    let text = String::from_utf8_lossy(&text);
    let is_ours = |word: &str| matches!(word, "diff=vault" | "filter=vault" | "merge=vault");
    let lines = text.lines().map(str::trim);
    let chosen = lines.filter(|line| {
        !line.starts_with('#') && line.split_ascii_whitespace().skip(1).any(is_ours)
    });
    Ok(chosen.map(str::to_owned).collect())
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

/// The whole path: HashiCorp's program has the same name, and may come first in the `PATH` that git
/// has. The one in our `PATH`, if there is one, often is a link that stays when we are replaced by
/// another version.
fn program() -> Result<String, Error> {
    let this = env::current_exe()?;
    let real = this.canonicalize()?;
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).filter(|directory| directory.is_absolute());
    let mut places = directories
        .flat_map(|directory| ["vault", "ansible-vault"].map(|name| directory.join(name)));
    let found = places.find(|place| place.canonicalize().is_ok_and(|place| place == real));
    Ok(found.unwrap_or(this).to_string_lossy().into_owned())
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
