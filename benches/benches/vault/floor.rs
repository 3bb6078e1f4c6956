//! The part of some work that nothing that does it can do without, measured beside it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::thread;

use benches::{Contestant, build_released, in_process, process};
use vault_format::Secret;

use super::work::{Floor, Work};

/// The contestant that does that part alone, if it is measured.
pub(crate) fn contestant<'a>(work: &'a Work, directory: &'a Path) -> Option<Contestant<'a>> {
    match work.floor {
        Floor::None => None,
        Floor::Bare => {
            let arguments = ["--package", "vault-format", "--example", "view"];
            let program = build_released(&arguments).join("examples/view");
            Some(Contestant::new("a bare program", move || {
                work.prepare(directory);
                let mut command = Command::new(&program);
                command.current_dir(directory).arg("old");
                process(command.args(work.files()))
            }))
        }
        Floor::Written(length) => Some(Contestant::new("writing it alone", move || {
            let path = directory.join("written");
            let sample = in_process(|| write(&path, length));
            fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            sample
        })),
        Floor::Derivations(count) => {
            let derive = deriver();
            Some(Contestant::new("its keys alone", move || {
                in_process(|| on_all_processors(count, &derive))
            }))
        }
    }
}

/// Writes a new file, and waits until it is on the disk.
fn write(path: &Path, length: usize) {
    let piece = vec![b'0'; 1 << 20];
    let written = || -> io::Result<()> {
        let mut file = File::create(path)?;
        let mut left = length;
        while left > 0 {
            file.write_all(&piece[..left.min(piece.len())])?;
            left -= left.min(piece.len());
        }
        file.sync_all()
    };
    written().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Opens a vault that has next to nothing in it, which takes the keys' derivation.
fn deriver() -> impl Fn() + Sync {
    let fail = |error| -> ! { panic!("vault-format: {error}") };
    let secret = Secret::new(*b"correct horse").unwrap_or_else(|error| fail(error));
    let vault = vault_format::encrypt(b"x", &secret, None).unwrap_or_else(|error| fail(error));
    move || {
        let opened = vault_format::decrypt(&vault, &secret);
        std::hint::black_box(opened.unwrap_or_else(|error| fail(error)));
    }
}

fn on_all_processors(count: usize, work: &(impl Fn() + Sync)) {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for first in 0..processors {
            scope.spawn(move || (first..count).step_by(processors).for_each(|_| work()));
        }
    });
}
