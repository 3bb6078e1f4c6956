//! Settings from the environment and from `ansible.cfg`.

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::ColorChoice;
use rustix::fs::{Access, access};

use super::error::Error;
use super::{ini, paths, talk};

/// The settings that concern vaults.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) ask_password: bool,
    /// Whether errors and warnings are coloured, if that is set.
    pub(super) color: Option<ColorChoice>,
    pub(super) default_label: String,
    pub(super) editor: String,
    pub(super) encrypt_label: Option<String>,
    pub(super) identities: Vec<String>,
    /// Where plaintext may lie while it is edited.
    pub(super) local_temp: Option<PathBuf>,
    pub(super) match_label: bool,
    pub(super) pager: String,
    pub(super) password_file: Option<PathBuf>,
    /// A fixed salt: for tests, as it breaks the secrecy of more than one plaintext.
    pub(super) salt: Option<Vec<u8>>,
    /// How long a password script may run.
    pub(super) script_limit: Option<Duration>,
    pub(super) warn_of_weak_passwords: bool,
}

impl Config {
    /// Reads the environment and the first `ansible.cfg` there is.
    pub(super) fn load() -> Result<Self, Error> {
        let file = CfgFile::find()?;
        let salt = env::var_os("ANSIBLE_VAULT_ENCRYPT_SALT").map(OsString::into_vec);
        let salt = salt.or_else(|| file.text("vault_encrypt_salt").map(String::into_bytes));
        let salt = salt.filter(|salt| !salt.is_empty());
        // A variable that is empty hides what the file says.
        let set = |variable: &str| env::var_os(variable).map(|_| variable_text(variable));
        let text = |variable: &str, key: &str| set(variable).unwrap_or_else(|| file.text(key));
        // Quotes are part of anything that is no text.
        let raw = |variable: &str, key: &str| set(variable).unwrap_or_else(|| file.raw(key));
        let flag = |variable: &str, key: &str| raw(variable, key).map(is_true);
        let command = |first: &str, second: &str, key: &str, default: &str| {
            let found = variable_text(first).or_else(|| text(second, key));
            found.unwrap_or_else(|| default.to_owned())
        };
        let color = |variable: &str, key: &str, choice: ColorChoice| {
            flag(variable, key)
                .filter(|&is_true| is_true)
                .map(|_| choice)
        };
        let list = raw("ANSIBLE_VAULT_IDENTITY_LIST", "vault_identity_list").unwrap_or_default();
        let default_label = text("ANSIBLE_VAULT_IDENTITY", "vault_identity");
        Ok(Self {
            ask_password: flag("ANSIBLE_ASK_VAULT_PASS", "ask_vault_pass").unwrap_or(false),
            color: color("ANSIBLE_FORCE_COLOR", "force_color", ColorChoice::Always)
                .or_else(|| color("ANSIBLE_NOCOLOR", "nocolor", ColorChoice::Never)),
            default_label: default_label.unwrap_or_else(|| "default".to_owned()),
            editor: command("EDITOR", "ANSIBLE_EDITOR", "editor", "vi"),
            encrypt_label: text("ANSIBLE_VAULT_ENCRYPT_IDENTITY", "vault_encrypt_identity"),
            identities: split_list(&list),
            local_temp: match env::var_os("ANSIBLE_LOCAL_TEMP").filter(|path| !path.is_empty()) {
                Some(path) => Some(paths::expand(Path::new(&path))),
                None => file.path("local_tmp"),
            },
            match_label: text("ANSIBLE_VAULT_ID_MATCH", "vault_id_match").is_some_and(is_true),
            pager: match env::var_os("PAGER") {
                // Chosen to be none.
                Some(pager) if pager.is_empty() => String::new(),
                _ => command("PAGER", "ANSIBLE_PAGER", "pager", "less"),
            },
            password_file: match env::var_os("ANSIBLE_VAULT_PASSWORD_FILE") {
                Some(path) if path.is_empty() => Some(PathBuf::from(".")),
                Some(path) => Some(paths::expand(Path::new(&path))),
                None => file.path("vault_password_file"),
            },
            salt,
            script_limit: text("ANSIBLE_VAULT_SCRIPT_TIMEOUT", "vault_script_timeout")
                .map(|text| seconds(&text))
                .transpose()?
                .flatten(),
            warn_of_weak_passwords: flag(
                "ANSIBLE_VAULT_WEAK_PASSWORD_WARNING",
                "vault_weak_password_warning",
            )
            .unwrap_or(true),
        })
    }
}

/// The `[defaults]` of an `ansible.cfg`.
#[derive(Default)]
struct CfgFile {
    directory: PathBuf,
    values: HashMap<String, String>,
}

impl CfgFile {
    fn find() -> Result<Self, Error> {
        for path in Self::places() {
            // As ansible-core does: the first that can be read, whatever it is.
            if access(&path, Access::READ_OK).is_ok() {
                check_extension(&path)?;
                if path.is_dir() {
                    return Err(Error::Options(format!(
                        "Error reading config file ({}): it is a directory; remove it",
                        path.display()
                    )));
                }
                let content = fs::read(&path).map_err(Error::file("Unable to read", &path))?;
                let values = ini::section(&String::from_utf8_lossy(&content), "defaults");
                let values = values.map_err(|fault| {
                    Error::Options(format!(
                        "Error reading config file ({}): {fault}",
                        path.display()
                    ))
                })?;
                let directory = path.parent().map(Path::to_owned).unwrap_or_default();
                return Ok(Self { directory, values });
            }
        }
        Ok(Self::default())
    }

    fn places() -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let Some(path) = env::var_os("ANSIBLE_CONFIG").filter(|path| !path.is_empty()) {
            let path = paths::expand(Path::new(&path));
            places.push(if path.is_dir() {
                path.join("ansible.cfg")
            } else {
                path
            });
        }
        match env::current_dir() {
            Ok(directory) if anybody_writes(&directory) => {
                if directory.join("ansible.cfg").exists() {
                    talk::warning(&format!(
                        "Ansible is being run in a world writable directory ({}), ignoring it as \
                         an ansible.cfg source",
                        directory.display()
                    ));
                }
            }
            Ok(directory) => places.push(directory.join("ansible.cfg")),
            Err(_) => {}
        }
        places.push(paths::expand(Path::new("~/.ansible.cfg")));
        places.push(PathBuf::from("/etc/ansible/ansible.cfg"));
        places
    }

    fn raw(&self, key: &str) -> Option<String> {
        let value = self.values.get(key).filter(|value| !value.is_empty());
        value.cloned()
    }

    fn text(&self, key: &str) -> Option<String> {
        let value = self.raw(key).map(|value| unquote(&value).to_owned());
        value.filter(|value| !value.is_empty())
    }

    /// A path relative to the file, not to the working directory.
    fn path(&self, key: &str) -> Option<PathBuf> {
        let current = env::current_dir().unwrap_or_default();
        let value = self
            .raw(key)?
            .replace("{{CWD}}", &current.to_string_lossy());
        Some(self.directory.join(paths::expand(Path::new(&value))))
    }
}

fn check_extension(path: &Path) -> Result<(), Error> {
    match path.extension().and_then(OsStr::to_str) {
        Some("cfg" | "ini") => Ok(()),
        _ => Err(Error::Options(format!(
            "Unsupported configuration file extension for {}: it has to be .cfg or .ini",
            path.display()
        ))),
    }
}

fn variable_text(name: &str) -> Option<String> {
    env::var_os(name)
        .map(|value| value.to_string_lossy().into_owned())
        .filter(|v| !v.is_empty())
}

fn anybody_writes(directory: &Path) -> bool {
    directory
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
}

fn is_true(text: String) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "1" | "on" | "t" | "true" | "y" | "yes"
    )
}

/// A time limit; zero is none, as everywhere.
fn seconds(text: &str) -> Result<Option<Duration>, Error> {
    let limit = text
        .parse()
        .ok()
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    let limit = limit.ok_or_else(|| {
        Error::Options(format!(
            "vault_script_timeout is a number of seconds, not '{text}'"
        ))
    })?;
    Ok(Some(limit).filter(|limit| !limit.is_zero()))
}

fn split_list(text: &str) -> Vec<String> {
    let items = text.split(',').map(|item| unquote(item.trim()).to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_trimmed_and_unquoted() {
        assert_eq!(split_list(" a@b , 'c@d e',,\"f\" "), ["a@b", "c@d e", "f"]);
        assert_eq!(unquote("\"a"), "\"a");
    }

    #[test]
    fn booleans_are_booleans() {
        for text in ["True", "yes", "ON", "1"] {
            assert!(is_true(text.to_owned()), "{text}");
        }
        for text in ["False", "no", "0", "", "2"] {
            assert!(!is_true(text.to_owned()), "{text}");
        }
    }
}
