//! The part of some work that nothing that does it can do without, measured beside it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use benches::{Contestant, build_released, in_process, process};
use vault_format::Secret;

use super::work::{Floor, Work};

/// What is read or written at once.
const PIECE: usize = 128 * 1024;

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
        Floor::Replaced(length) => Some(Contestant::new("the files alone", move || {
            work.prepare(directory);
            let [name] = &work.files()[..] else {
                panic!("one file is replaced");
            };
            in_process(|| replace(&directory.join(name), length))
        })),
        Floor::Derivations(count) => {
            let derive = deriver();
            Some(Contestant::new("its keys alone", move || {
                in_process(|| on_all_processors(count, &derive))
            }))
        }
    }
}

/// Reads a file, writes another one at the same time, waits until it is on the disk, and puts it in
/// the place of the first.
fn replace(path: &Path, length: usize) {
    let fail = |error| -> ! { panic!("{}: {error}", path.display()) };
    let original = File::open(path).unwrap_or_else(|error| fail(error));
    let new = path.with_extension("new");
    let (read, written) = thread::scope(|scope| {
        let reading = scope.spawn(|| read(&original));
        let written = write(&new, length);
        (reading.join(), written)
    });
    read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        .and(written)
        .and_then(|()| fs::rename(&new, path))
        .unwrap_or_else(|error| fail(error));
    // The system frees what it was on now.
    drop(original);
}

fn read(mut file: &File) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    while file.read(&mut piece)? > 0 {}
    Ok(())
}

fn write(path: &Path, length: usize) -> io::Result<()> {
    let piece = vec![b'0'; PIECE];
    let mut file = File::create(path)?;
    let syncing = file.try_clone()?;
    let is_written = AtomicBool::new(false);
    thread::scope(|scope| {
        // The disk has something to do from the start.
        scope.spawn(|| {
            while !is_written.load(Relaxed) {
                if syncing.sync_data().is_err() {
                    // The last sync tells of it.
                    break;
                }
            }
        });
        let written = (0..length)
            .step_by(PIECE)
            .try_for_each(|start| file.write_all(&piece[..PIECE.min(length - start)]));
        is_written.store(true, Relaxed);
        written
    })?;
    file.sync_all()
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
