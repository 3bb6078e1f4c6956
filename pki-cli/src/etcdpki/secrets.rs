//! Where the passphrase and the vault password come from.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use pki_core::name::Label;
use pki_core::seal::Passphrase;
use pki_core::store::atomic::{Access, Group};
use signal_hook::consts::SIGINT;
use vault_format::Secret;
use zeroize::Zeroizing;

use super::args::{CaImport, Export, PassphraseArguments, VaultArguments};
use super::error::Error;
use super::{files, output};
use crate::password::{self, Readable, strength};

/// The file that `--generate-secrets` writes the vault password to, as in the article.
pub(super) const VAULT_PASSWORD_FILE: &str = "vault-password.txt";
/// The file that `--generate-secrets` writes the passphrase to.
pub(super) const PASSPHRASE_FILE: &str = "etcdpki-passphrase.txt";
/// The directory of the vault passwords of nodes, where each has its own.
pub(super) const HOST_PASSWORDS: &str = "vault-passwords/";
/// All files that `--generate-secrets` writes, and their directory.
pub(super) const GENERATED_FILES: [&str; 3] =
    [VAULT_PASSWORD_FILE, PASSPHRASE_FILE, HOST_PASSWORDS];
/// What is kept from git where secrets are generated: those files, and what a killed command leaves
/// of them until the next one.
pub(super) const IGNORED: [&str; 4] = [
    VAULT_PASSWORD_FILE,
    PASSPHRASE_FILE,
    HOST_PASSWORDS,
    "**/.*.etcdpki-*",
];

/// Whether git is to leave them alone: where some are made, and where a person has put one of a new PKI.
pub(super) fn are_to_be_ignored<T>(generated: &[T], is_new: bool) -> bool {
    let is_there = || GENERATED_FILES.iter().any(|file| Path::new(file).exists());
    !generated.is_empty() || (is_new && is_there())
}

/// Where the vault password of a node lies, if it has its own.
pub(super) fn host_password_file(node: &Label) -> String {
    format!("{HOST_PASSWORDS}{node}.txt")
}

/// The ways to a secret, the first that there is wins.
#[derive(Debug)]
pub(super) struct Source<'a> {
    what: &'static str,
    file: Option<&'a Path>,
    command: Option<&'a str>,
    variable: &'static str,
    /// None where a secret has no file of its own.
    default_file: Option<&'a str>,
    option: &'static str,
}

impl<'a> Source<'a> {
    /// The ways to the passphrase.
    pub(super) fn passphrase(arguments: &'a PassphraseArguments) -> Self {
        Self {
            what: "passphrase",
            file: arguments.passphrase_file.as_deref(),
            command: arguments.passphrase_command.as_deref(),
            variable: "ETCDPKI_PASSPHRASE_FILE",
            default_file: Some(PASSPHRASE_FILE),
            option: "--passphrase",
        }
    }

    /// The ways to the new passphrase of a key slot.
    pub(super) fn new_passphrase(file: Option<&'a Path>, command: Option<&'a str>) -> Self {
        Self {
            what: "passphrase",
            file,
            command,
            variable: "ETCDPKI_NEW_PASSPHRASE_FILE",
            default_file: None,
            option: "--new-passphrase",
        }
    }

    /// The ways to the vault password.
    pub(super) fn vault_password(arguments: &'a VaultArguments) -> Self {
        Self {
            file: arguments.vault_password_file.as_deref(),
            command: arguments.vault_password_command.as_deref(),
            ..Self::vault_password_by_default()
        }
    }

    /// The ways to the passphrase of a private key that is imported.
    pub(super) fn key_passphrase(arguments: &'a CaImport) -> Self {
        Self {
            what: "passphrase of the key",
            file: arguments.key_passphrase_file.as_deref(),
            command: arguments.key_passphrase_command.as_deref(),
            variable: "ETCDPKI_KEY_PASSPHRASE_FILE",
            default_file: None,
            option: "--key-passphrase",
        }
    }

    /// The way to the vault password of one node: its file, or a prompt.
    pub(super) fn host_password(file: &'a str) -> Self {
        Self {
            what: "vault password of a node",
            file: None,
            command: None,
            variable: NO_VARIABLE,
            default_file: Some(file),
            option: NO_OPTION,
        }
    }

    /// The ways to the password of PKCS#12 files.
    pub(super) fn pkcs12_password(arguments: &'a Export) -> Self {
        Self {
            what: "PKCS#12 password",
            file: arguments.pkcs12_password_file.as_deref(),
            command: arguments.pkcs12_password_command.as_deref(),
            variable: "ETCDPKI_PKCS12_PASSWORD_FILE",
            default_file: None,
            option: "--pkcs12-password",
        }
    }

    /// The vault password where no option names it.
    pub(super) fn vault_password_by_default() -> Self {
        Self {
            what: "vault password",
            file: None,
            command: None,
            variable: "ANSIBLE_VAULT_PASSWORD_FILE",
            default_file: Some(VAULT_PASSWORD_FILE),
            option: "--vault-password",
        }
    }

    /// Where `--generate-secrets` puts a new one, unless there is one already.
    pub(super) fn place_for_new(&self) -> Option<PathBuf> {
        match self.way() {
            Way::Prompt => self.default_file.map(PathBuf::from),
            _ => None,
        }
    }

    /// Reads the secret, or asks for it: twice if it is a `new` one.
    pub(super) fn read(&self, new: bool) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self.without_prompt()? {
            Some(secret) => Ok(secret),
            None if std::io::stdin().is_terminal() => self.prompt(new),
            None => Err(Error::NoSecret {
                what: self.what,
                hint: self.ways(new),
            }),
        }
    }

    /// Reads a secret that is there already, and opens what it is for. Who types a wrong one may try again.
    pub(super) fn open<T>(
        &self,
        open: impl Fn(&Zeroizing<Vec<u8>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.retried(
            self.tries(),
            || open(&self.read(false)?),
            |opened| opened.as_ref().is_err_and(Error::is_wrong_secret),
        )
    }

    /// Reads a secret that is there already. What is typed is asked for again where it is not right; what
    /// was typed last is returned as it is.
    pub(super) fn read_right(
        &self,
        is_right: impl Fn(&Zeroizing<Vec<u8>>) -> bool,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.retried(
            self.tries(),
            || self.read(false),
            |typed| typed.as_ref().is_ok_and(|secret| !is_right(secret)),
        )
    }

    /// Reads the secret, or asks for it on a terminal as above, where an empty line says that there is none.
    pub(super) fn read_or_skip(
        &self,
        is_right: impl Fn(&Zeroizing<Vec<u8>>) -> bool,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        if let Some(secret) = self.without_prompt()? {
            return Ok(Some(secret));
        }
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        self.retried(
            TRIES,
            || self.prompt_or_skip(),
            |typed| matches!(typed, Ok(Some(secret)) if !is_right(secret)),
        )
    }

    fn prompt_or_skip(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let what = self.what;
        match password::prompt(&format!(
            "Enter {what} (nothing leaves vault files closed): "
        )) {
            Err(password::Error::NothingEntered) => Ok(None),
            answer => answer.map(Some).map_err(|source| self.failed(source)),
        }
    }

    /// Reads the secret if it can be had without asking.
    pub(super) fn without_prompt(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let secret = match self.way() {
            Way::Command(command) => password::from_command(command),
            Way::Default(file) | Way::Option(file) => password::from_file(file, Readable::Refuse),
            Way::Variable(file) => password::from_file(&file, Readable::Refuse),
            Way::Prompt => return Ok(None),
        };
        secret.map(Some).map_err(|source| self.failed(source))
    }

    /// How often it may be wrong: what a file or a command has stays wrong.
    fn tries(&self) -> usize {
        match self.way() {
            Way::Prompt => TRIES,
            _ => 1,
        }
    }

    /// So many tries, of which the last one counts whatever it is.
    fn retried<T>(
        &self,
        tries: usize,
        attempt: impl Fn() -> Result<T, Error>,
        is_wrong: impl Fn(&Result<T, Error>) -> bool,
    ) -> Result<T, Error> {
        for _ in 1..tries {
            let result = attempt();
            if !is_wrong(&result) {
                return result;
            }
            output::note(&format!("this {} does not open it: try again", self.what));
        }
        attempt()
    }

    fn prompt(&self, new: bool) -> Result<Zeroizing<Vec<u8>>, Error> {
        let what = self.what;
        let answer = match new {
            true => password::prompt_new(&format!("New {what}: ")),
            false => password::prompt(&format!("Enter {what}: ")),
        };
        answer.map_err(|source| self.failed(source))
    }

    /// Where a secret that was read came from, for who gave a wrong one; nobody needs to be told
    /// what was typed.
    pub(super) fn origin(&self) -> Option<String> {
        let Self {
            option, variable, ..
        } = self;
        Some(match self.way() {
            Way::Command(_) => format!("{option}-command"),
            Way::Default(file) => file.display().to_string(),
            Way::Option(file) => format!("{option}-file {}", file.display()),
            Way::Prompt => return None,
            Way::Variable(file) => format!("{}, which {variable} names", file.display()),
        })
    }

    fn way(&self) -> Way<'a> {
        if let Some(command) = self.command {
            return Way::Command(command);
        }
        if let Some(file) = self.file {
            return Way::Option(file);
        }
        let variable = std::env::var_os(self.variable);
        if let Some(file) = variable.filter(|name| !name.is_empty()) {
            return Way::Variable(file.into());
        }
        let default = self.default_file.map(Path::new);
        match default.filter(|file| file.exists()) {
            Some(file) => Way::Default(file),
            None => Way::Prompt,
        }
    }

    fn failed(&self, source: password::Error) -> Error {
        if let password::Error::Interrupted = source {
            return Error::Interrupted { signal: SIGINT };
        }
        let mut reason = match &source {
            password::Error::EmptyFile { path } => {
                format!("the {} file {} is empty", self.what, path.display())
            }
            // The module that reads secrets was made for one of the two.
            other => other.to_string().replace("vault password", self.what),
        };
        if let Way::Variable(_) = self.way() {
            reason = format!("{reason} ({} names it)", self.variable);
        }
        let is_lacking = matches!(
            source,
            password::Error::Directory { .. }
                | password::Error::EmptyFile { .. }
                | password::Error::Missing { .. }
                | password::Error::NothingEntered
        );
        Error::Password {
            what: self.what,
            reason,
            hint: match is_lacking {
                true => Some(self.ways(false)),
                false => source.advice(),
            },
        }
    }

    fn ways(&self, new: bool) -> String {
        let Self {
            variable,
            default_file,
            option,
            ..
        } = self;
        let given = match option.is_empty() {
            true => String::new(),
            false => {
                format!("give {option}-file FILE or {option}-command COMMAND, set {variable}, ")
            }
        };
        match default_file {
            Some(file) => {
                let made = match new {
                    true => "; `etcdpki init --generate-secrets` makes one",
                    false => "",
                };
                format!("{given}put it into {file}, or run this in a terminal{made}")
            }
            None => format!("{given}or run this in a terminal"),
        }
    }
}

/// The way to a secret that is taken.
enum Way<'a> {
    Command(&'a str),
    Default(&'a Path),
    Option(&'a Path),
    Prompt,
    Variable(PathBuf),
}

/// A secret that was made and is not yet written.
pub(super) struct Generated {
    pub(super) path: PathBuf,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl Generated {
    /// Makes a secret of 256 random bits, in 52 letters and digits that can be typed.
    pub(super) fn new(path: PathBuf) -> Result<Self, Error> {
        let mut random = Zeroizing::new([0_u8; 52]);
        getrandom::fill(&mut *random).map_err(Error::Random)?;
        let letters = random.iter().map(|byte| ALPHABET[usize::from(byte & 0x1f)]);
        // 52 letters of 5 bits each: the capacity is exact, so no copy is left behind.
        let mut secret = Zeroizing::new(Vec::with_capacity(random.len()));
        secret.extend(letters);
        Ok(Self { path, secret })
    }

    /// Writes it for its owner alone.
    fn stage(&self, group: &mut Group) -> Result<(), Error> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.secret.len() + 1));
        line.extend_from_slice(&self.secret);
        line.push(b'\n');
        Ok(group.stage_file(&self.path, &line, Access::Owner)?)
    }
}

/// Writes secrets that were made. Ignored by git first, so that there is no moment in which they
/// could be added.
pub(super) fn stage_generated(
    generated: &[Generated],
    is_new: bool,
    group: &mut Group,
) -> Result<(), Error> {
    if are_to_be_ignored(generated, is_new) {
        files::stage_ignored(&IGNORED, group)?;
    }
    generated.iter().try_for_each(|one| one.stage(group))
}

/// The octets as a passphrase, with a warning if it can be guessed.
pub(super) fn new_passphrase(secret: &Zeroizing<Vec<u8>>) -> Result<Passphrase, Error> {
    warn_if_weak("passphrase", secret, strength::PASSPHRASE);
    passphrase(secret)
}

/// Warns of a new vault password that can be guessed.
pub(super) fn warn_of_vault_password(what: &str, secret: &Zeroizing<Vec<u8>>) {
    warn_if_weak(what, secret, strength::VAULT);
}

fn warn_if_weak(what: &str, secret: &Zeroizing<Vec<u8>>, enough: f64) {
    if let Some(doubt) = strength::doubt(what, secret, enough) {
        output::note(&format!("warning: {doubt}"));
    }
}

/// The octets as a passphrase.
pub(super) fn passphrase(secret: &Zeroizing<Vec<u8>>) -> Result<Passphrase, Error> {
    Ok(Passphrase::new(secret.as_slice())?)
}

/// The octets as a vault secret.
pub(super) fn vault_secret(secret: &Zeroizing<Vec<u8>>) -> Result<Secret, Error> {
    Secret::new(secret.as_slice()).map_err(|source| Error::Vault {
        path: PathBuf::from(VAULT_PASSWORD_FILE),
        source,
    })
}

/// How often a secret may be typed, as with sudo and ssh.
const TRIES: usize = 3;
/// No option or variable of its own: one for each node would be too many.
const NO_OPTION: &str = "";
const NO_VARIABLE: &str = "";

/// Crockford's base 32, without letters that look alike.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
