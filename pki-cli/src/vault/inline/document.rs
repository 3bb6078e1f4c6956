//! What a YAML file holds at which path.

use std::path::Path;

use vault_format::inline::{self, Scalar, Value};

use crate::vault::error::Error;

/// As many paths are named where another one was meant.
const NAMED: usize = 12;

/// The values of a file, encrypted and in clear.
pub(super) struct Document<'a> {
    file: &'a Path,
    values: Vec<Value>,
    scalars: Vec<Scalar>,
}

impl<'a> Document<'a> {
    pub(super) fn new(file: &'a Path, text: &str) -> Self {
        Self {
            file,
            values: inline::values(text),
            scalars: inline::scalars(text),
        }
    }

    /// The encrypted values of these keys; all if there are no keys.
    pub(super) fn encrypted(&self, keys: &[String]) -> Result<Vec<&Value>, Error> {
        if keys.is_empty() {
            return Ok(self.values.iter().collect());
        }
        keys.iter()
            .map(|key| {
                self.find(
                    key,
                    &self.values,
                    Value::path,
                    "is not encrypted: `vault inline encrypt` does that",
                )
            })
            .collect()
    }

    /// The values of these keys in clear.
    pub(super) fn in_clear(&self, keys: &[String]) -> Result<Vec<&Scalar>, Error> {
        keys.iter()
            .map(|key| {
                self.find(
                    key,
                    &self.scalars,
                    Scalar::path,
                    "is encrypted already: `vault inline edit` changes it",
                )
            })
            .collect()
    }

    fn find<'b, T>(
        &self,
        key: &str,
        among: &'b [T],
        path: impl Fn(&T) -> &str + Copy,
        otherwise: &str,
    ) -> Result<&'b T, Error> {
        let line = self.line_of(key)?;
        among.iter().find(|one| path(one) == key).ok_or_else(|| {
            Error::Runtime(match line {
                Some(line) => format!("{}:{line} ({key}) {otherwise}", self.file.display()),
                None => self.unknown(key, &among.iter().map(path).collect::<Vec<_>>()),
            })
        })
    }

    /// The line of a key, which has to stand there once.
    fn line_of(&self, key: &str) -> Result<Option<usize>, Error> {
        let exactly = |path: &str| path == key;
        let lines = self.lines(exactly);
        let [line, ..] = lines[..] else {
            return Ok(None);
        };
        let below = self.lines(|path| is_below(path, key));
        let mut all = [lines, below.into_iter().take(1).collect()].concat();
        all.sort_unstable();
        match all[..] {
            [_] => Ok(Some(line)),
            _ => Err(Error::Runtime(format!(
                "{}: '{key}' stands there more than once (lines {}): which one is meant can not be \
                 told; of equal keys Ansible takes the last one: remove the others",
                self.file.display(),
                all.iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    fn lines(&self, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        let values = self.values.iter().map(|value| (value.path(), value.line()));
        let scalars = self.scalars.iter().map(|one| (one.path(), one.line()));
        let all = values.chain(scalars);
        all.filter(|(path, _)| wanted(path))
            .map(|(_, line)| line)
            .collect()
    }

    fn unknown(&self, key: &str, others: &[&str]) -> String {
        let file = self.file.display();
        let below = others.iter().copied();
        let below: Vec<_> = below.filter(|path| is_below(path, key)).collect();
        match (&below[..], others) {
            ([], []) => format!("{file} has no such value '{key}', and no other one of that kind"),
            ([], others) => format!("{file} has no such value '{key}'; it has: {}", list(others)),
            (below, _) => format!(
                "{file}: '{key}' is a collection; name values in it: {}",
                list(below)
            ),
        }
    }
}

fn is_below(path: &str, key: &str) -> bool {
    path.strip_prefix(key)
        .is_some_and(|rest| rest.starts_with('.'))
}

fn list(paths: &[&str]) -> String {
    match paths.split_at_checked(NAMED) {
        Some((named, more)) if !more.is_empty() => {
            format!("{} and {} more", named.join(", "), more.len())
        }
        _ => paths.join(", "),
    }
}
