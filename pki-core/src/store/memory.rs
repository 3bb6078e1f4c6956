//! A store in memory, for tests and for programs that keep the files elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::{Batch, Entry, Store, StoreError};

/// Files in memory.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// Every file with its path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// Changes one file, whatever it holds; `None` removes it.
    pub fn set(&mut self, path: &str, content: Option<Vec<u8>>) {
        match content {
            Some(content) => self.files.insert(path.to_owned(), content),
            None => self.files.remove(path),
        };
    }
}

impl Store for Memory {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files.get(path).cloned())
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        let prefix = format!("{directory}/");
        let names: BTreeSet<&str> = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next())
            .collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn locate(&self, path: &str) -> String {
        path.to_owned()
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        for entry in batch.entries {
            match entry {
                Entry::Barrier => {}
                Entry::File { path, content } => {
                    self.files.insert(path, content);
                }
                Entry::Directory { path, files } => {
                    for (name, content) in files {
                        self.files.insert(format!("{path}/{name}"), content);
                    }
                }
            }
        }
        Ok(())
    }
}
