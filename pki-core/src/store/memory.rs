//! A store in memory, for tests and for programs that keep the files elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;

use super::{Batch, Entry, Store, StoreError};

/// Files in memory. It refuses what a directory would.
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

    /// The content of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
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
        let prefix = match directory {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let mut names: Vec<String> = self
            .below(&prefix)
            .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next())
            .map(str::to_owned)
            .collect();
        // Paths are sorted with their slashes, names without: `a/x` comes after `a-b`.
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn locate(&self, path: &str) -> String {
        path.to_owned()
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        for entry in batch.entries {
            match entry {
                Entry::Barrier => {}
                Entry::File { path, content } => {
                    self.refuse_directory(&path, io::ErrorKind::IsADirectory)?;
                    self.insert(path, content)?;
                }
                Entry::Directory { path, files } => {
                    self.refuse_directory(&path, io::ErrorKind::DirectoryNotEmpty)?;
                    if self.files.contains_key(&path) {
                        return Err(refused(&path, io::ErrorKind::NotADirectory));
                    }
                    for (name, content) in files {
                        self.insert(format!("{path}/{name}"), content)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Memory {
    fn insert(&mut self, path: String, content: Vec<u8>) -> Result<(), StoreError> {
        let mut above = path
            .match_indices('/')
            .map(|(index, _)| path.split_at(index).0);
        if above.any(|above| self.files.contains_key(above)) {
            return Err(refused(&path, io::ErrorKind::NotADirectory));
        }
        self.files.insert(path, content);
        Ok(())
    }

    fn refuse_directory(&self, path: &str, kind: io::ErrorKind) -> Result<(), StoreError> {
        match self.below(&format!("{path}/")).next() {
            Some(_) => Err(refused(path, kind)),
            None => Ok(()),
        }
    }

    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.files
            .range::<str, _>(from)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(prefix))
    }
}

fn refused(path: &str, kind: io::ErrorKind) -> StoreError {
    StoreError::io(path, kind.into())
}
