//! A directory with a file to work on, and a private place for temporary plaintext.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::run;
use tempfile::TempDir;
use vault_format::{Secret, decrypt};

pub(crate) const PLAINTEXT: &str = "some: plaintext-of-the-file\n";
pub(crate) const EDITED: &str = "some: plaintext-of-the-editor\n";

const P: &str = "rPc8kQ2Z-correct-horse";
const Q: &str = "kQ2ZtC6i-battery-staple";

/// `work` holds the file `f` and what is made beside it, `tmp` what an editor works on.
pub(crate) struct Stage {
    root: TempDir,
    /// The file as it was at first.
    old: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(encrypted: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["work", "tmp"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let mut this = Self {
            root,
            old: Vec::new(),
        };
        for (name, content) in [("p", P), ("q", Q), ("work/f", PLAINTEXT)] {
            this.write(name, content, 0o600);
        }
        let script = format!(
            "#!/bin/sh\ntouch '{}'\nprintf '{EDITED}' > \"$1\"\n",
            this.at("ran").display()
        );
        this.write("editor", &script, 0o700);
        if encrypted {
            run(&mut this.vault(&["encrypt", "--vault-id", "p", "f"], "true")).expect_success();
        }
        this.old = fs::read(this.file("f")).unwrap();
        this
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where an editor works.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.at("tmp")
    }

    /// A file in the working directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.at("work").join(name)
    }

    pub(crate) fn vault(&self, arguments: &[&str], editor: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault"));
        let passwords = |argument: &&str| match *argument {
            "p" | "q" => self.at(argument).into_os_string(),
            other => other.into(),
        };
        command
            .args(arguments.iter().map(passwords))
            .current_dir(self.at("work"))
            .env("EDITOR", editor)
            .env("ANSIBLE_LOCAL_TEMP", self.at("tmp"))
            .env("HOME", self.at("tmp"));
        command
    }

    /// The editor that saves something else, and leaves a mark.
    pub(crate) fn editor(&self) -> String {
        self.at("editor").display().to_string()
    }

    pub(crate) fn editor_ran(&self) -> bool {
        self.at("ran").exists()
    }

    pub(crate) fn is_old(&self) -> bool {
        fs::read(self.file("f")).unwrap() == self.old
    }

    /// What a file holds, whether in clear or encrypted with one of the passwords.
    pub(crate) fn open(&self, name: &str) -> Option<Content> {
        let content = fs::read(self.file(name)).ok()?;
        let secrets = [P, Q].map(|password| Secret::new(password).unwrap());
        for (secret, by) in secrets.iter().zip(["p", "q"]) {
            if let Ok(plaintext) = decrypt(&content, secret) {
                let text = String::from_utf8_lossy(plaintext.as_ref()).into_owned();
                return Some(Content { text, by: Some(by) });
            }
        }
        Some(Content {
            text: String::from_utf8_lossy(&content).into_owned(),
            by: None,
        })
    }

    /// The names in the working directory.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.at("work"))
    }

    /// Asserts that nothing is there but these files, rescued edits, and no plaintext but in `clear`.
    #[track_caller]
    pub(crate) fn assert_clean(&self, expected: &[&str], clear: &[&str], context: &str) {
        assert_eq!(
            names(&self.at("tmp")),
            [""; 0],
            "temporary plaintext\n{context}"
        );
        for name in self.names() {
            let known = expected.contains(&&*name) || name.contains(".rescue");
            assert!(known, "{name} was left behind\n{context}");
            let content = fs::read_to_string(self.file(&name)).unwrap();
            let is_clear = content.contains("plaintext-of");
            assert!(
                !is_clear || clear.contains(&&*name),
                "{name} is in clear\n{context}"
            );
        }
    }

    /// Whether what the editor saved is in one of the files.
    pub(crate) fn has_edit(&self) -> bool {
        let names = self.names();
        let mut contents = names.iter().filter_map(|name| self.open(name));
        contents.any(|content| content.text == EDITED)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
}

/// What a file holds.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Content {
    pub(crate) text: String,
    /// The password that it is encrypted with.
    pub(crate) by: Option<&'static str>,
}

impl Content {
    pub(crate) fn new(text: &str, by: Option<&'static str>) -> Option<Self> {
        Some(Self {
            text: text.into(),
            by,
        })
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}
