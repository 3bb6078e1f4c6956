//! Vault identities: labels, and where their secrets come from.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use vault_format::{Label, Secret, decrypt, is_encrypted};
use zeroize::Zeroizing;

use crate::password::{self, Readable};

use super::args::Common;
use super::config::Config;
use super::error::Error;
use super::{paths, talk};

type Password = Zeroizing<Vec<u8>>;

/// The secrets that a command may use, in order. Each is fetched when it is needed, and once.
#[derive(Debug)]
pub(super) struct Identities {
    list: Vec<Identity>,
    default_label: String,
    match_label: bool,
}

impl Identities {
    /// Everything that options and settings name; a prompt if they name nothing.
    pub(super) fn new(common: &Common, config: &Config, prompts: Prompts) -> Result<Self, Error> {
        if let Some(id) = common.vault_id.iter().find(|id| id.contains(';')) {
            return Err(Error::Options(format!(
                "'{id}' is not a valid vault id. The character ';' is not allowed in vault ids"
            )));
        }
        let default = &config.default_label;
        let ids = config.identities.iter().chain(&common.vault_id);
        let mut list: Vec<_> = ids
            .map(|id| Identity::parse(id, default, prompts))
            .collect::<Result<_, _>>()?;
        let files = common
            .vault_password_file
            .iter()
            .map(|path| paths::expand(path));
        for path in files.chain(config.password_file.clone()) {
            list.push(Identity::file(default, path));
        }
        if common.ask_vault_password || config.ask_password || list.is_empty() {
            list.push(Identity::new(default, Source::Prompt(prompts.bare())));
        }
        let this = Self {
            list,
            default_label: default.clone(),
            match_label: config.match_label,
        };
        this.ask()?;
        Ok(this)
    }

    /// One new secret, for rekeying.
    pub(super) fn of_new_id(id: &str, config: &Config) -> Result<Self, Error> {
        let identity = Identity::parse(id, &config.default_label, Prompts::New)?;
        Self::single(identity, config)
    }

    /// One new secret from a file, for rekeying.
    pub(super) fn of_new_file(path: &Path, config: &Config) -> Result<Self, Error> {
        Self::single(
            Identity::file(&config.default_label, paths::expand(path)),
            config,
        )
    }

    /// One new secret from a prompt, for rekeying.
    pub(super) fn of_new_prompt(config: &Config) -> Result<Self, Error> {
        let source = Source::Prompt(Prompts::New.bare());
        Self::single(Identity::new(&config.default_label, source), config)
    }

    fn single(identity: Identity, config: &Config) -> Result<Self, Error> {
        let list = vec![identity];
        let this = Self {
            list,
            default_label: config.default_label.clone(),
            match_label: false,
        };
        this.ask()?;
        Ok(this)
    }

    /// Asks at once for what has to be asked for; a prompt that fails ends the command.
    fn ask(&self) -> Result<(), Error> {
        for identity in &self.list {
            if let Source::Prompt(prompt) = &identity.source {
                let secret = prompt.ask()?;
                let secret = Secret::new(secret.to_vec()).map_err(Error::vault("prompt"))?;
                // Nobody else has set it yet.
                let _ = identity.secret.set(Some(secret));
            }
        }
        Ok(())
    }

    /// The secrets to try for a vault of this label: those of the label, then the others.
    pub(super) fn candidates(&self, label: Option<&Label>) -> Vec<Vec<usize>> {
        let label = label.map_or(self.default_label.as_str(), Label::as_str);
        let fits = |&index: &usize| self.list[index].label == label;
        let (first, others) = (0..self.list.len()).partition(fits);
        if self.match_label {
            vec![first]
        } else {
            vec![first, others]
        }
    }

    /// Fetches secrets; those that can not be had are left out, with a warning.
    pub(super) fn fetch(&self, indices: &[usize]) -> Vec<(usize, &Secret)> {
        self.run_scripts(indices);
        let have = indices.iter().map(|&index| (index, self.secret(index)));
        have.filter_map(|(index, secret)| Some((index, secret?)))
            .collect()
    }

    /// The label of a secret, as it goes into a header.
    pub(super) fn label(&self, index: usize) -> Result<Label, Error> {
        let label = &self.list[index].label;
        Label::new(label).map_err(Error::vault(format!("vault id '{label}'")))
    }

    /// The secret to encrypt with.
    pub(super) fn for_encryption(
        &self,
        wanted: Option<&str>,
    ) -> Result<(Option<Label>, &Secret), Error> {
        let all: Vec<_> = (0..self.list.len()).collect();
        let index = match wanted {
            Some(wanted) => {
                let named: Vec<_> = all
                    .iter()
                    .copied()
                    .filter(|&i| self.list[i].label == wanted)
                    .collect();
                match named.iter().find(|&&index| self.secret(index).is_some()) {
                    Some(&index) => index,
                    None => return Err(self.no_match(wanted)),
                }
            }
            None => match self.fetch(&all)[..] {
                [] => return Err(self.nothing_fetched()),
                [(index, _)] => index,
                ref several => return Err(self.ambiguous(several)),
            },
        };
        let secret = self.secret(index).ok_or_else(|| self.nothing_fetched())?;
        let label = self.label(index)?;
        Ok((Some(label), secret))
    }

    /// What to say when no secret at all could be had: why the last one could not.
    pub(super) fn nothing_fetched(&self) -> Error {
        let failure = self
            .list
            .iter()
            .rev()
            .find_map(|identity| identity.failure.get());
        let failure = failure.map_or("no vault secret is named for this vault", String::as_str);
        Error::Runtime(failure.to_owned())
    }

    fn no_match(&self, wanted: &str) -> Error {
        let known: Vec<_> = self
            .list
            .iter()
            .map(|id| format!("'{}'", id.label))
            .collect();
        Error::Runtime(format!(
            "Did not find a match for --encrypt-vault-id={wanted} in the known vault-ids [{}]",
            known.join(", ")
        ))
    }

    fn ambiguous(&self, several: &[(usize, &Secret)]) -> Error {
        let labels: Vec<_> = several
            .iter()
            .map(|&(i, _)| self.list[i].label.as_str())
            .collect();
        Error::Options(format!(
            "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with \
             --encrypt-vault-id",
            labels.join(",")
        ))
    }

    fn secret(&self, index: usize) -> Option<&Secret> {
        let identity = &self.list[index];
        let fetched = identity
            .secret
            .get_or_init(|| match identity.source.fetch() {
                Ok(password) => self.unwrap_password(index, password),
                Err(error) => identity.warn(&error),
            });
        fetched.as_ref()
    }

    /// Several scripts are run side by side.
    fn run_scripts(&self, indices: &[usize]) {
        let missing = indices.iter().map(|&index| (index, &self.list[index]));
        let scripts: Vec<_> = missing
            .filter(|(_, id)| id.secret.get().is_none() && id.source.is_script())
            .map(|(index, id)| (index, &id.source))
            .collect();
        if scripts.len() < 2 {
            return;
        }
        let outputs: Vec<_> = thread::scope(|scope| {
            let run = |&(index, source)| (index, scope.spawn(move || Source::fetch(source)));
            let running: Vec<_> = scripts.iter().map(run).collect();
            running
                .into_iter()
                .map(|(index, thread)| (index, thread.join()))
                .collect()
        });
        for (index, output) in outputs {
            let identity = &self.list[index];
            let secret = match output {
                Ok(Ok(password)) => self.unwrap_password(index, password),
                Ok(Err(error)) => identity.warn(&error),
                Err(_) => continue,
            };
            // It was found missing above.
            let _ = identity.secret.set(secret);
        }
    }

    /// A password file may be a vault itself, under a secret that comes before it.
    fn unwrap_password(&self, index: usize, password: Password) -> Option<Secret> {
        let identity = &self.list[index];
        let password = if is_encrypted(&password) {
            let before: Vec<_> = (0..index).collect();
            let mut opened = self
                .fetch(&before)
                .into_iter()
                .filter_map(|(_, key)| decrypt(&password, key).ok());
            match opened.next() {
                Some(plaintext) => password::trim_line_breaks(plaintext.as_ref()).to_vec(),
                None => {
                    return identity.warn("it is encrypted under none of the secrets before it");
                }
            }
        } else {
            password.to_vec()
        };
        match Secret::new(password) {
            Ok(secret) => Some(secret),
            Err(error) => identity.warn(&error.to_string()),
        }
    }
}

/// Whether prompts ask for a secret that exists or, twice, for a new one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Prompts {
    Existing,
    New,
}

impl Prompts {
    /// The prompt when no label was given.
    fn bare(self) -> Prompt {
        match self {
            Self::Existing => Prompt::once("Vault password: "),
            Self::New => Prompt::twice("New Vault password: ", "Confirm New Vault password: "),
        }
    }

    fn labelled(self, label: &str) -> Prompt {
        match self {
            Self::Existing => Prompt::once(&format!("Vault password ({label}): ")),
            Self::New => Prompt::twice(
                &format!("New vault password ({label}): "),
                &format!("Confirm new vault password ({label}): "),
            ),
        }
    }
}

#[derive(Debug)]
struct Prompt {
    text: String,
    confirm: Option<String>,
}

impl Prompt {
    fn once(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            confirm: None,
        }
    }

    fn twice(text: &str, confirm: &str) -> Self {
        Self {
            text: text.to_owned(),
            confirm: Some(confirm.to_owned()),
        }
    }

    fn ask(&self) -> Result<Password, password::Error> {
        match &self.confirm {
            Some(confirm) => password::prompt_twice(&self.text, confirm),
            None => password::prompt(&self.text),
        }
    }
}

#[derive(Debug)]
struct Identity {
    label: String,
    source: Source,
    secret: OnceLock<Option<Secret>>,
    /// Why there is no secret.
    failure: OnceLock<String>,
}

impl Identity {
    fn new(label: &str, source: Source) -> Self {
        Self {
            label: label.to_owned(),
            source,
            secret: OnceLock::new(),
            failure: OnceLock::new(),
        }
    }

    /// `LABEL@SOURCE` or `SOURCE`.
    fn parse(id: &str, default: &str, prompts: Prompts) -> Result<Self, Error> {
        let (label, source) = match id.split_once('@') {
            Some((label, source)) => (Some(label).filter(|label| !label.is_empty()), source),
            None => (None, id),
        };
        let name = label.unwrap_or(default);
        if label.is_some() {
            Label::new(name)
                .map_err(|error| Error::Options(format!("--vault-id {id}: {error}")))?;
        }
        let source = match source {
            "prompt" => Source::Prompt(prompts.labelled(name)),
            "prompt_ask_vault_pass" => Source::Prompt(prompts.bare()),
            source => Source::parse(source, label)?,
        };
        Ok(Self::new(name, source))
    }

    fn file(default: &str, path: PathBuf) -> Self {
        Self::new(default, Source::of_file(path, Some(default)))
    }

    fn warn(&self, problem: &str) -> Option<Secret> {
        let mut rest = problem.chars();
        let first = rest.next().map(|first| first.to_ascii_uppercase());
        let problem: String = first.into_iter().chain(rest).collect();
        talk::warning(&format!(
            "Error in vault password file loading ({}): {problem}",
            self.label
        ));
        // A secret is fetched once, so this is the only failure.
        let _ = self.failure.set(problem);
        None
    }
}

#[derive(Debug)]
enum Source {
    Client {
        path: PathBuf,
        label: Option<String>,
    },
    Descriptor(u32),
    File(PathBuf),
    Prompt(Prompt),
    Variable(String),
}

impl Source {
    fn parse(source: &str, label: Option<&str>) -> Result<Self, Error> {
        let path = paths::expand(Path::new(source));
        // A file of that name is what ansible would take.
        if !path.exists() {
            if let Some(name) = source.strip_prefix("env:") {
                return Ok(Self::Variable(name.to_owned()));
            }
            if let Some(number) = source.strip_prefix("fd:") {
                let bad =
                    || Error::Options(format!("'{number}' is no number of a file descriptor"));
                return Ok(Self::Descriptor(number.parse().map_err(|_| bad())?));
            }
        }
        Ok(Self::of_file(path, label))
    }

    fn of_file(path: PathBuf, label: Option<&str>) -> Self {
        let is_client = path
            .file_stem()
            .is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
        if is_client && matches!(password::Source::of(&path), Ok(password::Source::Script)) {
            Self::Client {
                path,
                label: label.map(str::to_owned),
            }
        } else {
            Self::File(path)
        }
    }

    fn is_script(&self) -> bool {
        match self {
            Self::Client { .. } => true,
            Self::File(path) => matches!(password::Source::of(path), Ok(password::Source::Script)),
            _ => false,
        }
    }

    fn fetch(&self) -> Result<Password, String> {
        match self {
            Self::Client { path, label } => run_client(path, label.as_deref()),
            Self::Descriptor(number) => {
                let file = File::open(format!("/dev/fd/{number}")).and_then(password::read_all);
                let password =
                    file.map_err(|error| format!("file descriptor {number}: {error}"))?;
                Ok(Zeroizing::new(
                    password::trim_white_space(&password).to_vec(),
                ))
            }
            Self::File(path) => {
                if let Ok(password::Source::File { by_others: true }) = password::Source::of(path) {
                    talk::warning(&format!(
                        "password file {} is readable by other users; run: chmod 600 {}",
                        path.display(),
                        path.display()
                    ));
                }
                password::from_file(path, Readable::Allow).map_err(|error| error.to_string())
            }
            Self::Prompt(prompt) => prompt.ask().map_err(|error| error.to_string()),
            Self::Variable(name) => match env::var_os(name) {
                Some(value) => Ok(Zeroizing::new(OsString::into_vec(value))),
                None => Err(format!("the environment variable {name} is not set")),
            },
        }
    }
}

/// Runs a script that gets the label as an argument and says by exit code 2 that it knows no
/// secret for it.
fn run_client(path: &Path, label: Option<&str>) -> Result<Password, String> {
    let name = path.display();
    let failed = |error| format!("Problem running vault password client script {name}: {error}");
    let program = std::path::absolute(path).map_err(failed)?;
    let mut command = Command::new(program);
    if let Some(label) = label {
        command.args(["--vault-id", label]);
    }
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    let password = Zeroizing::new(output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let label = label.unwrap_or("None");
    match output.status.code() {
        Some(0) => Ok(Zeroizing::new(
            password::trim_line_breaks(&password).to_vec(),
        )),
        Some(2) => Err(format!(
            "Vault password client script {name} did not find a secret for vault-id={label}: {said}"
        )),
        _ => Err(format!(
            "Vault password client script {name} returned non-zero ({}) when getting secret for \
             vault-id={label}: {said}",
            output.status
        )),
    }
}
