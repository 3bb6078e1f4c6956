//! A directory that is new with all that is in it.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::atomic::Access;
use crate::progress::Watched;

/// A file of it: its name from the top, its content, and who may read it.
pub(super) type NewFile<'a> = (&'a str, &'a [u8], Access);

/// Writes one after another, and returns all that is to be synced.
pub(super) fn write(
    top: &Path,
    files: &[NewFile<'_>],
    watched: &Watched<'_>,
) -> io::Result<Vec<(PathBuf, File)>> {
    let mut made = HashSet::new();
    let mut written = Vec::new();
    for (name, content, access) in files {
        make_above(top, name, &mut made)?;
        let path = top.join(name);
        let file = write_new(&path, content, *access)?;
        written.push((path, file));
        watched.advance();
    }
    for name in made {
        let path = top.join(name);
        let directory = File::open(&path)?;
        written.push((path, directory));
    }
    Ok(written)
}

/// Writes many on every core. Nothing is kept open: their file system is to be synced.
pub(super) fn write_many(
    top: &Path,
    files: &[NewFile<'_>],
    watched: &Watched<'_>,
) -> io::Result<()> {
    let share = files.len().div_ceil(rayon::current_num_threads()).max(1);
    files.par_chunks(share).try_for_each(|share| {
        let mut made = HashSet::new();
        share.iter().try_for_each(|(name, content, access)| {
            make_above(top, name, &mut made)?;
            write_new(&top.join(name), content, *access)?;
            watched.advance();
            Ok(())
        })
    })
}

/// Writes a file that is not there, with its final mode from the start.
pub(super) fn write_new(path: &Path, content: &[u8], access: Access) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(access.mode())
        .open(path)?;
    file.write_all(content)?;
    Ok(file)
}

/// Makes the directories that the name of a file asks for, each once. Another thread may have made
/// one already.
fn make_above<'a>(top: &Path, name: &'a str, made: &mut HashSet<&'a str>) -> io::Result<()> {
    for (end, _) in name.match_indices('/') {
        let directory = &name[..end];
        if made.insert(directory) {
            match make_directory(&top.join(directory)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_write_the_same() {
        let names: Vec<_> = (0..300).map(|n| format!("{}/x/{n}", n % 7)).collect();
        let files: Vec<NewFile<'_>> = names
            .iter()
            .map(|name| (name.as_str(), name.as_bytes(), Access::Owner))
            .collect();
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        // Every file, and every directory but the top.
        let synced = write(one.path(), &files, &Watched::none()).unwrap().len();
        assert_eq!(synced, 300 + 7 + 7);
        write_many(other.path(), &files, &Watched::none()).unwrap();
        for name in &names {
            for top in [&one, &other] {
                let content = std::fs::read(top.path().join(name)).unwrap();
                assert_eq!(content, name.as_bytes());
            }
        }
        // No file is written over another.
        assert!(write_many(other.path(), &files, &Watched::none()).is_err());
        assert!(write(one.path(), &files, &Watched::none()).is_err());
    }
}
