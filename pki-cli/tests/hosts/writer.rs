//! A client that writes all the time and remembers what was acknowledged.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::Lab;

/// What a writer saw.
#[derive(Debug)]
pub(crate) struct Written {
    /// The keys whose write was acknowledged.
    acknowledged: Vec<String>,
    /// Of how many writes the first attempt failed.
    failed_once: usize,
    /// Of how many another one at the other members did, too.
    failed_twice: usize,
    /// The longest time between two acknowledgements.
    pub(crate) longest_gap: Duration,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} writes acknowledged, {} failed without retry, {} with one, at most {:.1} s apart",
            self.acknowledged.len(),
            self.failed_once,
            self.failed_twice,
            self.longest_gap.as_secs_f64()
        )
    }
}

/// Writes to the members on `hosts` in turn while `work` runs, each write until it is acknowledged;
/// one that fails is tried at the others, of which the client takes one that it reaches.
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
        failed_once: 0,
        failed_twice: 0,
        longest_gap: Duration::ZERO,
    };
    let mut last = Instant::now();
    for turn in 0.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{prefix}/{}", written.acknowledged.len());
        let put = |hosts: &[usize], timeout: &str| {
            let put = [timeout, "put", key.as_str(), "v"];
            lab.etcdctl(hosts, &put).status.success()
        };
        let host = hosts[turn % hosts.len()];
        let others: Vec<_> = hosts
            .iter()
            .copied()
            .filter(|&other| other != host)
            .collect();
        let first = put(&[host], "--command-timeout=3s");
        // As long as an election may take.
        let is_acknowledged = first || put(&others, "--command-timeout=10s");
        written.failed_once += usize::from(!first);
        written.failed_twice += usize::from(!is_acknowledged);
        if is_acknowledged {
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

    /// The same, and that no write failed that was tried once more.
    #[track_caller]
    pub(crate) fn assert_nobody_noticed(&self, lab: &Lab, prefix: &str, hosts: &[usize]) {
        eprintln!("    {self}");
        assert_eq!(self.failed_twice, 0, "{self}");
        self.assert_nothing_lost(lab, prefix, hosts);
    }
}
