//! Four who write for long, while leaders are killed, one writer is killed, and one is cut off.

use std::collections::{HashMap, HashSet};
use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::process::{Child, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::etcd::Trio;

use crate::link::Link;
use crate::site::{Operator, Site};
use crate::workspace::Workspace;

/// How many certificates all of them issue, unless this variable tells another number, such as 10000.
const CERTIFICATES: usize = 4_000;
const VARIABLE: &str = "ETCDPKI_TEST_CERTIFICATES";
/// How many a command issues.
const BATCH: usize = 250;
const WRITERS: usize = 4;
/// How often the one is killed.
const KILLS: usize = 10;

/// Somebody who issues batch after batch, each until its command has said that it is done.
struct Writer<'a> {
    number: usize,
    operator: Operator,
    site: &'a Site,
    batches: usize,
    /// How many batches of all writers are done.
    done: &'a AtomicUsize,
}

impl Writer<'_> {
    fn owner(&self, batch: usize, number: usize) -> String {
        format!("w{}-{batch}-{number}", self.number)
    }

    fn begin(&self, batch: usize) -> Child {
        let owners = (0..BATCH).map(|number| self.owner(batch, number));
        describe(&self.operator, owners);
        let mut command = self.operator.command(&["init"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn note_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing that befalls the others or the store makes a command fail.
    fn issue_undisturbed(&self) {
        for batch in 0..self.batches {
            while !has_had_its_turn(&self.begin(batch).wait_with_output().unwrap()) {}
            self.note_done();
        }
    }

    /// Is killed at random moments, and begins the same batch again; the last one, until it was killed
    /// often enough.
    fn issue_killed(&self) {
        let mut kills = 0;
        let mut longest = Duration::from_secs(1);
        for batch in 0..self.batches {
            loop {
                let begin = Instant::now();
                let mut command = self.begin(batch);
                let is_due = kills < KILLS && kills * self.batches <= batch * KILLS * 2;
                if is_due && self.kill_at_some_moment(&mut command, kills, longest) {
                    kills += 1;
                    continue;
                }
                if !has_had_its_turn(&command.wait_with_output().unwrap()) {
                    continue;
                }
                longest = begin.elapsed().min(Duration::from_secs(5));
                if kills == KILLS || batch + 1 < self.batches {
                    break;
                }
            }
            self.note_done();
        }
    }

    /// Whether it was, and did not end before. Most of the time a command waits for others: some of
    /// the moments are when it writes.
    fn kill_at_some_moment(&self, command: &mut Child, kills: usize, longest: Duration) -> bool {
        let moment = match kills % 3 {
            0 if self.waits_until_it_writes(command) => longest / 4,
            _ => longest,
        };
        thread::sleep(moment.mul_f64(random()));
        if command.try_wait().unwrap().is_some() {
            return false;
        }
        command.kill().unwrap();
        command.wait().unwrap();
        true
    }

    /// Is cut off while it writes, for so long that another has the lock, until that has cost it
    /// what it was about to write.
    fn issue_cut_off(&self, link: &Link) {
        let mut has_lost = false;
        for batch in 0..self.batches {
            loop {
                let mut command = self.begin(batch);
                if !has_lost && self.waits_until_it_writes(&mut command) {
                    link.cut();
                    self.wait_until_it_has_no_lock(&command);
                    // By now others write.
                    thread::sleep(Duration::from_secs(2));
                    link.mend();
                }
                let output = command.wait_with_output().unwrap();
                let errors = errors(&output);
                if !has_lost && errors.contains("that it lost its lock") {
                    // Unless it asked etcd for nothing in all that time: then it is cut off again.
                    has_lost = errors.contains("waiting for etcd to answer");
                } else if has_had_its_turn(&output) {
                    break;
                }
            }
            self.note_done();
        }
        assert!(has_lost);
    }

    /// Whether it came to that, and did not end before.
    fn waits_until_it_writes(&self, command: &mut Child) -> bool {
        while command.try_wait().unwrap().is_none() {
            if self.has_lock(command) {
                return true;
            }
        }
        false
    }

    fn wait_until_it_has_no_lock(&self, command: &Child) {
        while self.has_lock(command) {
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn has_lock(&self, command: &Child) -> bool {
        let lock = format!("{}/lock", self.site.prefix);
        let holder = self.site.control.run(&["get", "--print-value-only", &lock]);
        let process = format!("process {}", command.id());
        holder.stdout.trim_end().ends_with(&process)
    }
}

/// That a command was done, unless others were at work for all the time that it waits for them: where
/// what holds the lock is killed again and again, that may be.
#[track_caller]
fn has_had_its_turn(output: &Output) -> bool {
    let errors = errors(output);
    let has_waited = errors.contains("another etcdpki is at work here (");
    assert!(output.status.success() || has_waited, "{errors}");
    !has_waited
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// From 0 to 1.
fn random() -> f64 {
    let octets = RandomState::new().hash_one(0).to_le_bytes();
    f64::from(u16::from_le_bytes([octets[0], octets[1]])) / f64::from(u16::MAX)
}

/// A description with these clients.
fn describe(operator: &Operator, clients: impl Iterator<Item = String>) {
    let clients: Vec<_> = clients.collect();
    operator.write(
        "etcdpki.yml",
        format!(
            "domain: example\nnodes: [{{ name: etcd-0, addresses: [10.0.0.1] }}]\n\
             clients: [etcdctl, {}]\nansible: {{ common_client: etcdctl }}\n",
            clients.join(", ")
        ),
    );
}

#[test]
fn four_writers_lose_nothing_and_do_nothing_twice_whatever_befalls_them() {
    let certificates = env::var(VARIABLE).map_or(CERTIFICATES, |text| text.parse().unwrap());
    let batches = certificates.div_ceil(WRITERS * BATCH);
    let mut trio = Trio::start();
    let site = Site::of_three(&trio);
    let one = site.operator();
    describe(&one, std::iter::empty());
    one.succeeds(&["init", "--generate-secrets"]);
    let link = Link::lay(&site.members);
    let beyond = Site {
        members: link.members(),
        ..site.clone()
    };
    let done = AtomicUsize::new(0);
    let writers: Vec<_> = [&site, &site, &site, &beyond]
        .into_iter()
        .enumerate()
        .map(|(number, own)| Writer {
            number,
            operator: own.colleague(&one),
            site: &site,
            batches,
            done: &done,
        })
        .collect();
    thread::scope(|scope| {
        let [one, two, killed, cut_off] = writers.as_slice() else {
            unreachable!()
        };
        let all = [
            scope.spawn(|| one.issue_undisturbed()),
            scope.spawn(|| two.issue_undisturbed()),
            scope.spawn(|| killed.issue_killed()),
            scope.spawn(|| cut_off.issue_cut_off(&link)),
        ];
        for part in [1, 2] {
            let due = part * batches * WRITERS / 3;
            while done.load(Ordering::Relaxed) < due && !all.iter().all(|one| one.is_finished()) {
                thread::sleep(Duration::from_millis(50));
            }
            let leader = trio.kill_leader();
            thread::sleep(Duration::from_secs(2));
            trio.start_again(&[leader]);
        }
    });
    let owners = writers.iter().flat_map(|writer| {
        (0..batches)
            .flat_map(move |batch| (0..BATCH).map(move |number| writer.owner(batch, number)))
    });
    assert_whole(&one, &site, owners.collect());
}

/// That each has one certificate with its key, and one line of the journal; and that what was copied
/// to a directory and back is the same.
fn assert_whole(one: &Operator, site: &Site, owners: HashSet<String>) {
    one.succeeds(&["init"]);
    one.succeeds(&["verify"]);
    one.succeeds(&["store", "check"]);
    one.succeeds(&["store", "copy", &site.url(), "copy"]);
    let copy = files(one, "copy");
    let issued = copy.keys().filter_map(|path| {
        let (owner, rest) = path.strip_prefix("certificates/")?.split_once('/')?;
        owner.starts_with('w').then_some((owner, rest))
    });
    let mut issued: Vec<_> = issued.collect();
    issued.sort_unstable();
    let mut expected: Vec<_> = owners.iter().map(String::as_str).collect();
    expected.sort_unstable();
    let expected = expected.into_iter();
    let both = expected.flat_map(|owner| {
        ["client/1/tls.crt", "client/1/tls.key.sealed"].map(|file| (owner, file))
    });
    assert!(both.eq(issued), "something is missing, or there twice");
    assert_recorded_once(&copy);
    let other = site.fresh();
    one.succeeds(&["store", "copy", "copy", &other.url()]);
    one.succeeds(&["store", "copy", &other.url(), "again"]);
    assert!(files(one, "again") == copy, "a copy of a copy differs");
}

/// Every generation was issued once, as the journal tells it, with a serial number of its own.
fn assert_recorded_once(copy: &HashMap<String, Vec<u8>>) {
    let journal = String::from_utf8_lossy(&copy["journal.jsonl"]);
    let issued = || {
        let lines = journal.lines();
        lines.filter(|line| line.contains("\"event\":\"issued\""))
    };
    let field = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("\"{name}\":\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let mut recorded: Vec<_> = issued().map(|line| field(line, "path")).collect();
    let serials: HashSet<_> = issued().map(|line| field(line, "serial")).collect();
    assert_eq!(serials.len(), recorded.len());
    let certificates = copy.keys().filter(|path| !path.starts_with("trust/"));
    let certificates = certificates.filter(|path| path.ends_with(".crt"));
    let generations = certificates.filter_map(|path| path.rsplit_once('/'));
    let mut generations: Vec<_> = generations.map(|(above, _)| above).collect();
    generations.sort_unstable();
    recorded.sort_unstable();
    assert!(
        recorded == generations,
        "the journal tells of something else"
    );
}

/// Every file below a directory.
fn files(workspace: &Workspace, below: &str) -> HashMap<String, Vec<u8>> {
    let below = format!("{below}/");
    let files = workspace.files().into_iter();
    let files = files.filter_map(|(path, content)| {
        let name = path.strip_prefix(&below)?;
        Some((name.to_owned(), content))
    });
    files.collect()
}
