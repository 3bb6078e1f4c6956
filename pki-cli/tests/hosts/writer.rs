//! A client that writes all the time and remembers what was acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::Lab;

/// What a writer saw.
#[derive(Debug)]
pub(crate) struct Written {
    /// The keys whose write was acknowledged.
    acknowledged: Vec<String>,
    /// The longest time between two acknowledgements.
    pub(crate) longest_gap: Duration,
}

/// Writes to the members on `hosts` while `work` runs, each write until it is acknowledged.
pub(crate) fn while_writing(
    lab: &Lab,
    prefix: &str,
    hosts: &[usize],
    work: impl FnOnce(),
) -> Written {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write(lab, prefix, hosts, &done));
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        let written = writer.join().unwrap();
        match worked {
            Ok(()) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn write(lab: &Lab, prefix: &str, hosts: &[usize], done: &AtomicBool) -> Written {
    let mut written = Written {
        acknowledged: Vec::new(),
        longest_gap: Duration::ZERO,
    };
    let mut last = Instant::now();
    while !done.load(Ordering::Relaxed) {
        let key = format!("{prefix}/{}", written.acknowledged.len());
        // etcdctl asks the endpoints in turn; a write that was lost with its leader is sent again.
        if lab.etcdctl(hosts, &["put", &key, "v"]).status.success() {
            written.longest_gap = written.longest_gap.max(last.elapsed());
            last = Instant::now();
            written.acknowledged.push(key);
        }
        thread::sleep(Duration::from_millis(100));
    }
    written
}

impl Written {
    /// Panics if a write that was acknowledged is not there.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(&self, lab: &Lab, prefix: &str, hosts: &[usize]) {
        let prefix = format!("{prefix}/");
        let there = lab
            .etcdctl(hosts, &["get", "--prefix", "--keys-only", &prefix])
            .expect_success();
        let there: Vec<_> = there.stdout.lines().collect();
        let lost: Vec<_> = self
            .acknowledged
            .iter()
            .filter(|key| !there.contains(&key.as_str()))
            .collect();
        assert!(!self.acknowledged.is_empty(), "nothing was written");
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}
