//! A PKI that moves from one store into another.
//!
//! Every file is copied as it is, under its path. What is in the target already must be of the
//! same content, so a copy that was interrupted is taken up where it stopped, and two PKIs are never
//! mixed.

use std::sync::Arc;

use super::{Batch, Store, StoreError, layout};
use crate::progress::{Watched, Watcher, Work};

/// What was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Copied {
    /// How many files were written.
    pub written: usize,
    /// How many were there already.
    pub present: usize,
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The target holds something else.
    #[error(
        "{path}: the target holds another PKI than the source, or an older state of it: copy into an empty place"
    )]
    Differs {
        /// A file in which they differ.
        path: String,
    },
    /// There is no PKI to copy.
    #[error("{path}: there is no PKI to copy: the keyring is missing")]
    NoPki {
        /// The keyring.
        path: String,
    },
    /// One of the stores cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies every file of a PKI, and tells the watcher how far that is. The target is to be [`compare`]d when
/// it is opened anew.
///
/// # Errors
///
/// When a store cannot be read or written, the source holds no PKI, or the target another one.
pub fn copy(
    from: &impl Store,
    to: &mut impl Store,
    watcher: Option<Arc<dyn Watcher>>,
) -> Result<Copied, CopyError> {
    if from.read(layout::KEYRING)?.is_none() {
        return Err(CopyError::NoPki {
            path: from.locate(layout::KEYRING),
        });
    }
    let mut paths = files(from, watcher.as_deref())?;
    refuse_others(&paths, to, watcher.as_deref())?;
    // The keyring is the first file that appears; the journal tells of what is there; and no
    // certificate is there without its key.
    paths.sort_by_key(|path| (path != layout::KEYRING, path == layout::JOURNAL));
    let keys_first = |path: &String| !path.ends_with(SEALED);
    paths[1..].sort_by_key(|path| {
        (
            path == layout::JOURNAL,
            directory(path).to_owned(),
            keys_first(path),
        )
    });
    let mut copied = Copied {
        written: 0,
        present: 0,
    };
    let mut batch = Batch::default();
    let watched = Watched::begin(watcher.as_deref(), Work::Compare, paths.len());
    for path in &paths {
        let content = required(from, path)?;
        match to.read(path)? {
            Some(present) if present == content => copied.present += 1,
            Some(_) => return Err(differs(to, path)),
            None => {
                if path == layout::JOURNAL {
                    batch.barrier();
                }
                batch.put(path, content);
                copied.written += 1;
            }
        }
        if path == layout::KEYRING {
            batch.barrier();
        }
        watched.advance();
    }
    drop(watched);
    to.commit(batch.watched_by(watcher))?;
    Ok(copied)
}

/// Whether two stores hold the same files with the same content, and how many; tells the watcher how far
/// that is.
///
/// # Errors
///
/// When they do not, or one cannot be read.
pub fn compare(
    from: &impl Store,
    to: &impl Store,
    watcher: Option<&dyn Watcher>,
) -> Result<usize, CopyError> {
    let paths = files(from, watcher)?;
    refuse_others(&paths, to, watcher)?;
    let watched = Watched::begin(watcher, Work::Compare, paths.len());
    for path in &paths {
        if to.read(path)?.as_ref() != Some(&required(from, path)?) {
            return Err(differs(to, path));
        }
        watched.advance();
    }
    Ok(paths.len())
}

/// The path of every file of a store, sorted; tells the watcher how many it has found.
///
/// # Errors
///
/// When it cannot be read.
pub fn files(store: &impl Store, watcher: Option<&dyn Watcher>) -> Result<Vec<String>, StoreError> {
    let watched = Watched::begin_uncounted(watcher, Work::List);
    let mut found = Vec::new();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        for name in store.list(&directory)? {
            let path = match directory.as_str() {
                "" => name,
                directory => format!("{directory}/{name}"),
            };
            match store.list(&path)?.is_empty() {
                // An empty directory holds nothing to copy.
                true if is_file(store, &path)? => {
                    found.push(path);
                    watched.advance();
                }
                true => {}
                false => directories.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_file(store: &impl Store, path: &str) -> Result<bool, StoreError> {
    match store.read(path) {
        Ok(content) => Ok(content.is_some()),
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::IsADirectory => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn refuse_others(
    paths: &[String],
    to: &impl Store,
    watcher: Option<&dyn Watcher>,
) -> Result<(), CopyError> {
    let present = files(to, watcher)?;
    let other = present
        .iter()
        .find(|path| paths.binary_search(path).is_err());
    other.map_or(Ok(()), |path| Err(differs(to, path)))
}

fn required(store: &impl Store, path: &str) -> Result<Vec<u8>, StoreError> {
    store.read(path)?.ok_or_else(|| StoreError::Missing {
        path: store.locate(path),
    })
}

fn differs(store: &impl Store, path: &str) -> CopyError {
    CopyError::Differs {
        path: store.locate(path),
    }
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

const SEALED: &str = ".key.sealed";

#[cfg(test)]
mod tests {
    use super::super::{Directory, Failing, Memory};
    use super::*;
    use crate::progress::Seen;

    fn pki() -> Memory {
        let mut memory = Memory::default();
        for (path, content) in [
            ("keyring.yml", "k"),
            ("journal.jsonl", "j"),
            (".gitattributes", "g"),
            ("authorities/etcd/1/ca.crt", "c"),
            ("authorities/etcd/1/ca.key.sealed", "s"),
            ("certificates/n/peer/1/tls.crt", "c"),
            ("certificates/n/peer/1/tls.key.sealed", "s"),
        ] {
            memory.set(path, Some(content.into()));
        }
        memory
    }

    #[test]
    fn a_copy_is_the_same_and_is_taken_up_wherever_it_stopped() {
        let from = pki();
        let count = from.files().count();
        for left in 0..=count {
            let mut to = Failing::after(Memory::default(), left);
            let result = copy(&from, &mut to, None);
            assert_eq!(result.is_ok(), left == count);
            let mut to = to.inner().clone();
            let names: Vec<_> = files(&to, None).unwrap();
            assert!(left == 0 || names.contains(&"keyring.yml".to_owned()));
            for certificate in names.iter().filter_map(|name| name.strip_suffix(".crt")) {
                assert!(names.contains(&format!("{certificate}.key.sealed")));
            }
            let present = left;
            let copied = copy(&from, &mut to, None).unwrap();
            assert_eq!(
                copied,
                Copied {
                    written: count - present,
                    present
                }
            );
            assert_eq!(to, from);
            assert_eq!(compare(&from, &to, None).unwrap(), count);
        }
    }

    #[test]
    fn a_copy_in_a_directory_and_back_is_the_same() {
        let temporary = tempfile::tempdir().unwrap();
        let mut directory = Directory::open(temporary.path()).unwrap();
        copy(&pki(), &mut directory, None).unwrap();
        std::fs::create_dir(temporary.path().join("empty")).unwrap();
        let mut back = Memory::default();
        copy(&directory, &mut back, None).unwrap();
        assert_eq!(back, pki());
    }

    #[test]
    fn two_pkis_are_not_mixed() {
        for (path, content) in [
            ("keyring.yml", "other"),
            ("trust/x", "one that is not copied"),
        ] {
            let mut to = Memory::default();
            to.set(path, Some(content.into()));
            let before = to.clone();
            let error = copy(&pki(), &mut to, None).unwrap_err();
            assert!(matches!(&error, CopyError::Differs { path: at } if at == path));
            assert_eq!(to, before);
            assert!(compare(&pki(), &to, None).is_err());
        }
        let error = copy(&Memory::default(), &mut Memory::default(), None).unwrap_err();
        assert!(matches!(error, CopyError::NoPki { .. }));
    }

    #[test]
    fn every_file_that_is_found_compared_or_written_is_told() {
        for files in [0, 500] {
            let (seen, mut from) = (Arc::new(Seen::default()), pki());
            for number in 0..files {
                from.set(&format!("more/{number}"), Some(vec![0]));
            }
            let count = from.files().count();
            let temporary = tempfile::tempdir().unwrap();
            let mut to = Directory::open(temporary.path()).unwrap();
            copy(&from, &mut to, Some(seen.clone())).unwrap();
            compare(&from, &to, Some(&*seen)).unwrap();
            let of = |work| (work, Some(count), count);
            let found = |files| (Work::List, None, files);
            let told = [
                found(count),
                found(0),
                of(Work::Compare),
                of(Work::Write),
                found(count),
                found(count),
                of(Work::Compare),
            ];
            assert_eq!(*seen.all(), told);
        }
    }
}
