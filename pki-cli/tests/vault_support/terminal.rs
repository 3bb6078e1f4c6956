//! A terminal with a program on it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a program may be silent; only a test that fails waits for so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A pseudo-terminal that is the controlling one of its program.
pub(crate) struct Terminal {
    screen: File,
    output: Receiver<Vec<u8>>,
    child: Child,
    shown: String,
    read: usize,
}

impl Terminal {
    /// Starts a program with its input, output and messages on the terminal, which does not know its size.
    pub(crate) fn start(program: &Command) -> Self {
        Self::start_with_columns(program, 0)
    }

    /// The same on a terminal of so many columns.
    pub(crate) fn start_with_columns(program: &Command, columns: u16) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes()).to_owned();
        let line = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&line, size).unwrap();
        let mut command = Command::new("setsid");
        command
            .args(["--ctty", "--wait"])
            .arg(program.get_program())
            .args(program.get_args())
            .env_clear()
            .current_dir(program.get_current_dir().unwrap());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap());
        }
        let [stdin, stdout, stderr] = [0; 3].map(|_| line.try_clone().unwrap());
        let child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn();
        let screen = File::from(screen);
        Self {
            output: read(screen.try_clone().unwrap()),
            screen,
            child: child.unwrap(),
            shown: String::new(),
            read: 0,
        }
    }

    /// Waits until this is shown, after all that was waited for before.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        loop {
            if let Some(at) = self.shown[self.read..].find(text) {
                self.read += at + text.len();
                return;
            }
            match self.output.recv_timeout(PATIENCE) {
                Ok(piece) => self.shown.push_str(&String::from_utf8_lossy(&piece)),
                Err(_) => panic!("'{text}' was not shown but: {}", self.shown),
            }
        }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.type_in(&format!("{line}\n"));
    }

    /// Types without ending the line.
    pub(crate) fn type_in(&mut self, text: &str) {
        self.screen.write_all(text.as_bytes()).unwrap();
    }

    /// Presses a key with Ctrl.
    pub(crate) fn control(&mut self, key: u8) {
        self.screen.write_all(&[key & 0x1f]).unwrap();
    }

    /// Waits for the end, which must be this code, and returns all that was shown.
    #[track_caller]
    pub(crate) fn end(mut self, code: i32) -> String {
        let status = self.child.wait().unwrap();
        // What is left in the terminal is read at once: its other side is closed.
        while let Ok(piece) = self.output.recv_timeout(PATIENCE) {
            self.shown.push_str(&String::from_utf8_lossy(&piece));
        }
        assert_eq!(status.code(), Some(code), "{}", self.shown);
        self.shown
    }
}

/// What the program writes, piece by piece. A terminal whose program has ended is an error.
fn read(mut screen: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = screen.read(&mut piece) {
            if sender.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}
