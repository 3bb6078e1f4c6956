//! Fetching secrets: each when it is needed, and once.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::ptr;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use vault_format::{Form, Secret, decrypt, is_encrypted};
use zeroize::Zeroizing;

use crate::password;
use crate::vault::error::{Error, capitalized};
use crate::vault::talk;

use super::source::Source;
use super::{Identities, Identity};

/// What has become of fetching a secret.
#[derive(Default)]
pub(super) struct Fetched {
    /// What the source gave, or why it gave nothing.
    password: OnceLock<Result<Zeroizing<Vec<u8>>, String>>,
    secret: OnceLock<Result<Secret, String>>,
}

/// Without the secret.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetched(****)")
    }
}

impl Identities {
    /// Fetches secrets; those that can not be had are left out, with a warning.
    pub(in crate::vault) fn fetch(&self, indices: &[usize]) -> Vec<(usize, &Secret)> {
        self.run_scripts(indices);
        let have = indices.iter().map(|&index| (index, self.secret(index)));
        have.filter_map(|(index, secret)| Some((index, secret?)))
            .collect()
    }

    /// Asks at once for what has to be asked for; a prompt that fails ends the command.
    pub(super) fn ask(&self) -> Result<(), Error> {
        for identity in &self.list {
            if let Source::Prompt(prompt) = &identity.source {
                // Nobody else has set it yet.
                let _ = identity.fetched.password.set(Ok(prompt.ask()?));
            }
        }
        Ok(())
    }

    /// A file that is not there is told of even if its secret turns out not to be needed.
    pub(super) fn warn_of_missing(&self) {
        let missing = |&index: &usize| self.list[index].source.is_missing();
        for index in (0..self.list.len()).filter(missing) {
            // None, and asking for it warns.
            let _ = self.secret(index);
        }
    }

    pub(super) fn secret(&self, index: usize) -> Option<&Secret> {
        let identity = &self.list[index];
        let secret = identity.fetched.secret.get_or_init(|| {
            let password = identity.password(self.script_limit);
            let secret = password.and_then(|password| self.unwrap(index, password));
            secret.inspect_err(|problem| identity.warn(problem))
        });
        secret.as_ref().ok()
    }

    /// Whether this secret was fetched from this file.
    pub(in crate::vault) fn is_source(&self, file: &Metadata, secret: &Secret) -> bool {
        let gave = |identity: &&Identity| match identity.fetched.secret.get() {
            Some(Ok(one)) => ptr::eq(one, secret),
            _ => false,
        };
        let mut paths = (self.list.iter().filter(gave)).filter_map(|one| one.source.path());
        paths.any(|path| {
            let source = path.metadata();
            source.is_ok_and(|source| (source.dev(), source.ino()) == (file.dev(), file.ino()))
        })
    }

    /// What to say when no secret at all could be had: why the last one could not. If none was
    /// allowed, that none opens it.
    pub(in crate::vault) fn nothing_fetched(&self) -> Error {
        let failures = self.list.iter().rev().filter_map(Identity::failure);
        match failures.map(capitalized).next() {
            Some(failure) => Error::Runtime(failure),
            None => Error::vault("vault ids")(vault_format::Error::DecryptFailed),
        }
    }

    /// Several scripts are run side by side.
    fn run_scripts(&self, indices: &[usize]) {
        let identities = indices.iter().map(|&index| &self.list[index]);
        let missing = identities.filter(|id| id.fetched.password.get().is_none());
        let scripts: Vec<_> = missing.filter(|id| id.source.is_script()).collect();
        if scripts.len() > 1 {
            thread::scope(|scope| {
                for identity in scripts {
                    scope.spawn(|| identity.password(self.script_limit).is_ok());
                }
            });
        }
    }

    /// A password file may be a vault itself, under a secret that comes before it.
    fn unwrap(&self, index: usize, password: &[u8]) -> Result<Secret, String> {
        if let Form::Damaged { hint } = Form::of(password) {
            return Err(format!(
                "it is a damaged vault: {hint}; restore it from a copy"
            ));
        }
        let password = if is_encrypted(password) {
            let before: Vec<_> = (0..index).collect();
            let mut opened = self
                .fetch(&before)
                .into_iter()
                .filter_map(|(_, key)| decrypt(password, key).ok());
            match opened.next() {
                Some(plaintext) => password::trim_line_breaks(plaintext.as_ref()).to_vec(),
                None => return Err("it is encrypted under none of the secrets before it: name the one that opens it first, --vault-id LABEL@SOURCE".into()),
            }
        } else {
            password.to_vec()
        };
        Secret::new(password).map_err(|error| error.to_string())
    }
}

impl Identity {
    /// What the source gives; it is asked once, whoever comes first.
    fn password(&self, limit: Option<Duration>) -> Result<&[u8], String> {
        let fetch = || self.source.fetch(limit);
        match self.fetched.password.get_or_init(fetch) {
            Ok(password) => Ok(password),
            Err(problem) => Err(problem.clone()),
        }
    }

    fn failure(&self) -> Option<&str> {
        self.fetched
            .secret
            .get()?
            .as_ref()
            .err()
            .map(String::as_str)
    }

    fn warn(&self, problem: &str) {
        talk::warning(&format!(
            "Error in vault password file loading ({}): {}",
            self.label,
            capitalized(problem)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_not_printed() {
        let fetched = Fetched::default();
        fetched.password.set(Ok(Zeroizing::new(vec![1]))).unwrap();
        assert_eq!(format!("{fetched:?}"), "Fetched(****)");
    }
}
