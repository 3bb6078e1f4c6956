//! Where both programs work, and what they leave.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output, Stdio};

use vault_format::{Decryptor, Label, Secret, decrypt, encrypt, is_encrypted};

use crate::Case;
use crate::vault_support::Sandbox;

const SECRETS: [&str; 2] = ["p", "q"];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    Ansible,
    Vault,
}

/// A directory with files of every kind.
pub(crate) struct World {
    sandbox: Sandbox,
}

impl World {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let secret = |name: &str| Secret::new(sandbox.read(name).trim_ascii()).unwrap();
        let vault = |text: &str, name: &str, label: Option<&str>| {
            let label = label.map(|label| Label::new(label).unwrap());
            encrypt(text.as_bytes(), &secret(name), label.as_ref()).unwrap()
        };
        sandbox.write("plain", "a: 1\n");
        sandbox.write("plain2", "b: 2\n");
        sandbox.write("open", "no newline");
        sandbox.write("empty", "");
        sandbox.write("vp", vault("secret: 1\n", "p", None));
        sandbox.write("vq", vault("secret: 2\n", "q", None));
        sandbox.write("vx", vault("secret: 3\n", "p", Some("x")));
        sandbox.write("vnone", vault("", "p", None));
        sandbox.write("vpass", vault("kQ2ZtC6i-battery-staple\n", "p", None));
        sandbox.write("blank", " \n\t\n");
        sandbox.write("odd", "$ANSIBLE_VAULT;1.1;AES256\n616\n");
        sandbox.write("digit", "$ANSIBLE_VAULT;1.1;AES256\nxx\n");
        sandbox.write("short", "$ANSIBLE_VAULT;1.1;AES256\n6161\n");
        sandbox.write("bare", "$ANSIBLE_VAULT\n");
        sandbox.write("v2", "$ANSIBLE_VAULT;1.1;V2\nabcd\n");
        sandbox.script("s", "cat p");
        sandbox.script("sq", "cat q");
        sandbox.script("spaces", "echo ' spaced '");
        sandbox.script("fails", "echo no >&2; exit 3");
        sandbox.script("silent", "exit 0");
        sandbox.script(
            "x-client",
            "test \"$1 $2\" = '--vault-id x' || exit 2; cat p",
        );
        sandbox.script("args-client.sh", "echo \"$@\" > args; cat p");
        sandbox.script("editor", "echo edited: 1 > \"$1\"");
        sandbox.script("eof", "cat > eaten; cat p");
        sandbox.write("noscript", "rPc8kQ2Z-correct-horse\n");
        sandbox.mode("noscript", 0o700);
        sandbox.write("crlf", "rPc8kQ2Z-correct-horse\r\n");
        sandbox.write("group", "for: the group\n");
        sandbox.mode("group", 0o640);
        fs::create_dir(sandbox.path("d")).unwrap();
        symlink("plain", sandbox.path("link")).unwrap();
        symlink("x-client", sandbox.path("other")).unwrap();
        symlink("nowhere", sandbox.path("dangling")).unwrap();
        let made = Command::new("mkfifo").arg(sandbox.path("pipe")).status();
        assert!(made.unwrap().success());
        Self { sandbox }
    }

    pub(crate) fn run(&self, case: &Case, program: Program) -> End {
        let words: Vec<_> = case.arguments.split_whitespace().collect();
        let words: Vec<_> = words.iter().map(|word| word.trim_matches('\'')).collect();
        let words: Vec<_> = words.iter().map(|word| word.replace("%20", " ")).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let mut command = match program {
            Program::Ansible => self.sandbox.ansible(&words),
            Program::Vault => self.sandbox.vault(&words),
        };
        command.env("EDITOR", self.sandbox.path("editor"));
        for variable in case.environment {
            match variable.split_once('=').unwrap() {
                ("CFG", text) => self.sandbox.write("ansible.cfg", text),
                (name, value) => _ = command.env(name, value),
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that fails early does not read it.
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), case.stdin.as_bytes());
        self.end(program, &child.wait_with_output().unwrap())
    }

    fn end(&self, program: Program, output: &Output) -> End {
        let names = self.sandbox.names();
        let here = names.iter().filter(|name| !name.starts_with('.'));
        let files = here
            .map(|name| (name.clone(), self.describe(name)))
            .collect();
        // ansible-core breaks long lines.
        let said = String::from_utf8_lossy(&output.stderr);
        End {
            program,
            code: output.status.code().unwrap(),
            output: self.describe_content(&output.stdout),
            said: said.split_whitespace().collect::<Vec<_>>().join(" "),
            files,
        }
    }

    fn describe(&self, name: &str) -> String {
        let path = self.sandbox.path(name);
        if path.is_symlink() {
            return format!("link to {}", fs::read_link(&path).unwrap().display());
        }
        if path.exists() && !path.is_file() && !path.is_dir() {
            return "pipe".to_owned();
        }
        if path.is_dir() {
            return format!("directory of {}", fs::read_dir(&path).unwrap().count());
        }
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        format!(
            "{mode:o} {}",
            self.describe_content(&self.sandbox.read(name))
        )
    }

    /// A vault by its header, its plaintext and the secret that opens it, since salts differ.
    fn describe_content(&self, content: &[u8]) -> String {
        let text = String::from_utf8_lossy(content);
        let values = text.replace("          ", "");
        match text.find("!vault |\n") {
            Some(at) if at < 40 => {
                let one = values.split("!vault |\n").nth(1).unwrap_or_default();
                let one = one.lines().take_while(|line| !line.contains(':'));
                let one: String = one.map(|line| format!("{line}\n")).collect();
                format!("{}: {}", &text[..at], self.describe_content(one.as_bytes()))
            }
            _ if is_encrypted(content) => self.describe_vault(content),
            _ => text.into_owned(),
        }
    }

    fn describe_vault(&self, content: &[u8]) -> String {
        let header = content.split(|&byte| byte == b'\n').next().unwrap();
        let header = String::from_utf8_lossy(header);
        if Decryptor::new(std::io::Cursor::new(content)).is_err() {
            return String::from_utf8_lossy(content).into_owned();
        }
        for name in SECRETS {
            let secret = Secret::new(self.sandbox.read(name).trim_ascii()).unwrap();
            if let Ok(plaintext) = decrypt(content, &secret) {
                let text = String::from_utf8_lossy(plaintext.as_ref()).into_owned();
                return format!("{header} of {text:?} by {name}");
            }
        }
        format!("{header} by another secret")
    }
}

/// How a program ended, and what is there then.
pub(crate) struct End {
    program: Program,
    pub(crate) code: i32,
    output: String,
    pub(crate) said: String,
    files: BTreeMap<String, String>,
}

impl End {
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.code != other.code {
            differences.push(format!("exit code {} and {}", self.code, other.code));
        }
        // The help of argparse is another text, and so is the version of another program.
        let is_other = ["usage: ", "ansible-vault [core "];
        let is_other = is_other.iter().any(|start| self.output.starts_with(start))
            && !self.output.contains("secret");
        if self.output != other.output && !is_other {
            differences.push(format!("output {:?} and {:?}", self.output, other.output));
        }
        let names: std::collections::BTreeSet<_> =
            self.files.keys().chain(other.files.keys()).collect();
        for name in names {
            let (one, two) = (self.files.get(name), other.files.get(name));
            if one != two {
                differences.push(format!("{name}: {one:?} and {two:?}"));
            }
        }
        differences
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:?}: {}: {}", self.program, self.code, self.said)
    }
}
