//! Vault identities: labels, and where their secrets come from.

mod age;
mod prompt;
mod secrets;
mod source;

use std::path::{Path, PathBuf};
use std::time::Duration;

use vault_format::{Label, Secret};

use super::args::Secrets;
use super::config::Config;
use super::error::Error;
use super::paths;

pub(super) use self::prompt::Prompts;
use self::secrets::Fetched;
use self::source::Source;

/// The secrets that a command may use, in order. Each is fetched when it is needed, and once.
#[derive(Debug)]
pub(super) struct Identities {
    list: Vec<Identity>,
    default_label: String,
    match_label: bool,
    script_limit: Option<Duration>,
}

impl Identities {
    /// Everything that options and settings name; a prompt if they name nothing.
    pub(super) fn new(secrets: &Secrets, config: &Config, prompts: Prompts) -> Result<Self, Error> {
        let this = Self::named(secrets, config, prompts)?;
        this.ask()?;
        this.warn_of_missing();
        Ok(this)
    }

    /// The same for a program that will run again and again, with nobody to ask: each source has
    /// to give its secret, and may not be used up by that.
    pub(super) fn unattended(secrets: &Secrets, config: &Config) -> Result<Self, Error> {
        let this = Self::named(secrets, config, Prompts::OnTerminal)?;
        for (index, identity) in this.list.iter().enumerate() {
            if let Some(what) = identity.source.used_up() {
                return Err(Error::Options(format!(
                    "the secret of vault id '{}' is {what}, which is not there when it is needed \
                     again; name a file, a script, env:NAME or age:FILE: --vault-id LABEL@SOURCE",
                    identity.label
                )));
            }
            if this.secret(index).is_none() {
                return Err(this.nothing_fetched());
            }
        }
        Ok(this)
    }

    fn named(secrets: &Secrets, config: &Config, prompts: Prompts) -> Result<Self, Error> {
        if let Some(id) = secrets.vault_id.iter().find(|id| id.contains(';')) {
            return Err(Error::Options(format!(
                "'{id}' is not a valid vault id. The character ';' is not allowed in vault ids, write it without"
            )));
        }
        let default = &config.default_label;
        let ids = config.identities.iter().chain(&secrets.vault_id);
        let mut list: Vec<_> = ids
            .map(|id| Identity::parse(id, default, prompts))
            .collect::<Result<_, _>>()?;
        let files = secrets
            .vault_password_file
            .iter()
            .map(|path| paths::expand(path));
        for path in files.chain(config.password_file.clone()) {
            list.push(Identity::file(default, path));
        }
        if secrets.ask_vault_password || config.ask_password || list.is_empty() {
            list.push(Identity::new(default, Source::Prompt(prompts.bare())));
        }
        Ok(Self {
            list,
            default_label: default.clone(),
            match_label: config.match_label,
            script_limit: config.script_limit,
        })
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
            script_limit: config.script_limit,
        };
        this.ask()?;
        Ok(this)
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

    /// The label of a secret, as it goes into a header.
    pub(super) fn label(&self, index: usize) -> Result<Label, Error> {
        let label = &self.list[index].label;
        Label::new(label).map_err(|error| {
            let origin = match *label == self.default_label {
                true => "ANSIBLE_VAULT_IDENTITY (vault_identity)",
                false => "the vault id",
            };
            Error::Options(format!("{origin} '{label}': {error}"))
        })
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

    /// The label that what has none is looked for under.
    pub(super) fn default_label(&self) -> &str {
        &self.default_label
    }

    /// The labels, in order.
    pub(super) fn labels(&self) -> Vec<&str> {
        self.list.iter().map(|id| id.label.as_str()).collect()
    }

    fn no_match(&self, wanted: &str) -> Error {
        let known = self.labels().into_iter();
        let known: Vec<_> = known.map(|label| format!("'{label}'")).collect();
        Error::Runtime(format!(
            "Did not find a match for --encrypt-vault-id={wanted} in the known vault-ids [{}]",
            known.join(", ")
        ))
        .hinting(&format!(
            "name one of these, or add it: --vault-id {wanted}@SOURCE"
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
}

#[derive(Debug)]
struct Identity {
    label: String,
    source: Source,
    fetched: Fetched,
}

impl Identity {
    fn new(label: &str, source: Source) -> Self {
        Self {
            label: label.to_owned(),
            source,
            fetched: Fetched::default(),
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
}
