//! Sending a large file to the disk while it is still being written, so that there is little left
//! to wait for when it has to be durable.

use std::fs::File;
use std::io;
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

/// How many bytes are written before the disk is told of them.
const STRIDE: usize = 8 << 20;

/// Syncs a file now and then, on a thread of its own.
#[derive(Debug, Default)]
pub(super) struct Flusher {
    unsynced: usize,
    worker: Option<Worker>,
}

#[derive(Debug)]
struct Worker {
    wake: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Flusher {
    /// Takes note of bytes that were written to `file`.
    pub(super) fn wrote(&mut self, file: &File, length: usize) -> io::Result<()> {
        self.unsynced += length;
        if self.unsynced < STRIDE {
            return Ok(());
        }
        self.unsynced = 0;
        let worker = match &self.worker {
            Some(worker) => worker,
            None => self.worker.insert(Worker::start(file.try_clone()?)?),
        };
        // If it is at work it has been told already, and an error of it waits for the end.
        let _ = worker.wake.try_send(());
        Ok(())
    }

    /// Returns what went wrong: the operating system reports a failed write only once.
    pub(super) fn finish(self) -> io::Result<()> {
        let Some(Worker { wake, thread }) = self.worker else {
            return Ok(());
        };
        drop(wake);
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Worker {
    fn start(file: File) -> io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        let sync = move || woken.iter().try_for_each(|()| file.sync_data());
        let thread = thread::Builder::new().spawn(sync)?;
        Ok(Self { wake, thread })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_large_file_arrives_whole() {
        let mut file = tempfile::tempfile().unwrap();
        let mut flusher = Flusher::default();
        let piece = vec![1; 1 << 20];
        for _ in 0..40 {
            file.write_all(&piece).unwrap();
            flusher.wrote(&file, piece.len()).unwrap();
        }
        assert!(flusher.worker.is_some());
        flusher.finish().unwrap();
        assert_eq!(file.metadata().unwrap().len(), 40 << 20);
    }

    #[test]
    fn a_failed_sync_is_not_forgotten() {
        // A pipe can not be synced.
        let (_reader, writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(writer));
        let mut flusher = Flusher::default();
        flusher.wrote(&file, STRIDE).unwrap();
        assert!(flusher.finish().is_err());
    }
}
