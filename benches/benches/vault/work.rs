//! What the programs are made to do.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use vault_format::Secret;

use super::tool::Tool;

/// The row that only our own program is in.
pub(crate) const THREE_SECRETS: &str = "view of 5 kB, trying three secrets";

const OLD: &str = "correct horse";
const LARGE: usize = 64 << 20;
const SMALL: usize = 5000;

/// The part of the work that cannot be done away with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Floor {
    /// Nothing that is measured.
    None,
    /// A process that has no options: the example of the library, static.
    Bare,
    /// A file that is read, and replaced by one of so many bytes on the disk.
    Replaced(usize),
    /// So many keys derived, on all processors.
    Derivations(usize),
}

/// Some work on files, and how much faster than others it has to be.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) title: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) rounds: usize,
    /// Goals, as ratios of theirs to ours.
    pub(crate) times_ansible: f64,
    pub(crate) times_next: Option<f64>,
    pub(crate) memory: Option<f64>,
    /// What nothing that does the work can be faster than.
    pub(crate) floor: Floor,
    files: usize,
    size: usize,
    /// What the files hold, made once.
    content: OnceLock<Vec<u8>>,
}

/// The rows of the table.
pub(crate) fn all() -> [Work; 5] {
    [
        view(),
        Work {
            title: "decrypt of 5 kB in place, of which ours alone waits for the disk",
            verb: "decrypt",
            floor: Floor::None,
            ..view()
        },
        Work {
            title: "encrypt of 64 MiB",
            verb: "encrypt",
            floor: Floor::Replaced(LARGE * 4 + LARGE / 20),
            rounds: 3,
            times_ansible: 20.0,
            times_next: Some(8.0),
            memory: Some(100.0),
            size: LARGE,
            ..view()
        },
        Work {
            title: "decrypt of 64 MiB",
            verb: "decrypt",
            floor: Floor::Replaced(LARGE),
            rounds: 3,
            times_ansible: 20.0,
            times_next: Some(8.0),
            memory: Some(100.0),
            size: LARGE,
            ..view()
        },
        Work {
            title: "rekey of 100 files of 5 kB",
            verb: "rekey",
            floor: Floor::Derivations(200),
            rounds: 5,
            times_ansible: 20.0,
            times_next: None,
            files: 100,
            ..view()
        },
    ]
}

/// The row that the others are made from.
pub(crate) fn view() -> Work {
    Work {
        title: "view of 5 kB",
        verb: "view",
        rounds: 21,
        times_ansible: 100.0,
        times_next: Some(3.0),
        memory: None,
        floor: Floor::Bare,
        files: 1,
        size: SMALL,
        content: OnceLock::new(),
    }
}

impl Work {
    pub(crate) fn files(&self) -> Vec<String> {
        (0..self.files)
            .map(|number| format!("file{number}"))
            .collect()
    }

    /// Writes all files anew, and waits until they are on the disk, so that nobody waits for them
    /// later.
    pub(crate) fn prepare(&self, directory: &Path) {
        let fail = |error| -> ! { panic!("cannot write to {}: {error}", directory.display()) };
        for (name, password) in [("old", OLD), ("new", "battery"), ("other", "staple")] {
            write(&directory.join(name), password.as_bytes()).unwrap_or_else(|error| fail(error));
        }
        for name in self.files() {
            write(&directory.join(name), self.content()).unwrap_or_else(|error| fail(error));
        }
    }

    pub(crate) fn command(&self, tool: &Tool, directory: &Path) -> Command {
        let mut command = tool.command(self.verb, directory);
        command.args(tool.password());
        if self.verb == "rekey" {
            command.args(["--new-vault-password-file", "new"]);
        }
        command.args(self.files());
        command
    }

    /// The most memory that the program ever has in one run.
    pub(crate) fn peak(&self, tool: &Tool, directory: &Path) -> Peak {
        self.prepare(directory);
        let mut command = self.command(tool, directory);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let status = format!("/proc/{}/status", child.id());
        let mut peak = Peak { kibibytes: 0.0 };
        while let Ok(None) = child.try_wait() {
            if let Some(now) = fs::read_to_string(&status)
                .ok()
                .and_then(|s| high_water(&s))
            {
                peak.kibibytes = now;
            }
            thread::sleep(Duration::from_micros(200));
        }
        peak
    }

    fn content(&self) -> &[u8] {
        self.content.get_or_init(|| {
            let digits = b"0123456789abcdef".iter().copied().cycle();
            // Text: ansible-core takes minutes to view bytes that are none.
            let plaintext: Vec<u8> = digits.take(self.size).collect();
            match self.verb {
                "encrypt" => plaintext,
                _ => Secret::new(OLD)
                    .and_then(|secret| vault_format::encrypt(&plaintext, &secret, None))
                    .unwrap_or_else(|error| panic!("cannot encrypt: {error}")),
            }
        })
    }
}

/// The most memory that a process ever had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak {
    kibibytes: f64,
}

impl Peak {
    pub(crate) fn ratio_to(self, other: Self) -> f64 {
        self.kibibytes / other.kibibytes
    }
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB", self.kibibytes / 1024.0)
    }
}

fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}
