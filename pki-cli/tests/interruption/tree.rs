//! What a directory holds, and whether it is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fixtures::clear_keys;
use vault_format::{Secret, decrypt};

/// The files of a directory, by their path in it.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(root, root, &mut files);
        Self {
            root: root.into(),
            files,
        }
    }

    /// Asserts that no key lies in the clear and that each file that a clean run leaves too
    /// is as it was `before`, or was written to its end. Others are what was being written to be
    /// renamed. Nothing that was there is gone.
    #[track_caller]
    pub(crate) fn assert_whole(&self, before: &Self, clean: &Self, context: &str) {
        for path in before.files.keys() {
            let kept = self.files.contains_key(path);
            assert!(kept, "{} is gone\n{context}", path.display());
        }
        if !self.files.is_empty() {
            assert_eq!(clear_keys(&self.root), [], "keys in the clear\n{context}");
        }
        for (path, contents) in &self.files {
            if before.files.get(path) == Some(contents) {
                continue;
            }
            if let Some(expected) = clean.files.get(path) {
                let whole = self.is_whole(path, contents, expected);
                assert!(whole, "{} is not whole\n{context}", path.display());
            }
        }
    }

    /// Asserts that there is no file that a clean run does not leave.
    #[track_caller]
    pub(crate) fn assert_no_more_than(&self, clean: &Self, context: &str) {
        let strays: Vec<_> = self
            .files
            .keys()
            .filter(|path| !clean.files.contains_key(*path))
            .collect();
        assert!(strays.is_empty(), "left behind: {strays:#?}\n{context}");
    }

    /// Asserts that the files have the names of those that a clean run leaves.
    #[track_caller]
    pub(crate) fn assert_same_files(&self, clean: &Self, context: &str) {
        self.assert_whole(clean, clean, context);
        self.assert_no_more_than(clean, context);
        let missing: Vec<_> = clean
            .files
            .keys()
            .filter(|path| !self.files.contains_key(*path))
            .collect();
        assert!(missing.is_empty(), "missing: {missing:#?}\n{context}");
    }

    fn is_whole(&self, path: &Path, contents: &[u8], expected: &[u8]) -> bool {
        let name = path.file_name().unwrap().to_string_lossy();
        if name.ends_with(".vault.yml") {
            self.opens(contents)
        } else if name.ends_with(".crt") || name.ends_with(".pem") {
            // Certificates differ in length by a few bytes, so by a line at times.
            blocks(contents) == blocks(expected)
        } else {
            lines(contents) == lines(expected)
        }
    }

    fn opens(&self, vault: &[u8]) -> bool {
        let Some(password) = self.files.get(Path::new("vault-password.txt")) else {
            return false;
        };
        let secret = Secret::new(password.trim_ascii()).unwrap();
        decrypt(vault, &secret).is_ok()
    }
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(
                path.strip_prefix(root).unwrap().into(),
                fs::read(&path).unwrap(),
            );
        }
    }
}

/// The number of PEM blocks that begin, and whether the file ends with the end of one.
fn blocks(pem: &[u8]) -> (usize, bool) {
    let pem = String::from_utf8_lossy(pem);
    (
        pem.matches("-----BEGIN ").count(),
        pem.ends_with("-----END CERTIFICATE-----\n"),
    )
}

/// The number of lines, and whether the last of them has its end.
fn lines(text: &[u8]) -> (usize, bool) {
    let text = String::from_utf8_lossy(text);
    (text.lines().count(), text.ends_with('\n'))
}
