//! When members were stopped and started, as systemd has it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::lab::{Lab, inside};

/// What systemd says of the units that it stops, and of those that it has started.
const STOPPING: &str = "de5b426a63be47a7b6ac3eaac82e2f6f";
const STARTED: &str = "39f53479d3a045ac8e11786248231fbf";

/// A moment in the life of members, from which on their restarts are looked at.
#[derive(Debug)]
pub(crate) struct Restarts {
    hosts: Vec<usize>,
    since: f64,
    processes: Vec<String>,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Stopping(usize),
    Started(usize),
}

impl Restarts {
    /// From now on.
    pub(crate) fn of(hosts: &[usize]) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            hosts: hosts.to_vec(),
            since: now.as_secs_f64(),
            processes: processes(hosts),
        }
    }

    /// What happened since then, in this order.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events: Vec<(f64, Event)> = Vec::new();
        for &host in &self.hosts {
            // With the time of what the hosts share, the kernel.
            let ask = format!(
                "journalctl --no-pager --output=short-unix --since=@{:.3} _PID=1 UNIT=etcd.service MESSAGE_ID={STOPPING} + _PID=1 UNIT=etcd.service MESSAGE_ID={STARTED}",
                self.since
            );
            let told = inside(host, &ask).expect_success().stdout;
            for line in told.lines().filter(|line| !line.starts_with("-- ")) {
                let time = line.split(' ').next().unwrap().parse().unwrap();
                let event = match line.contains(": Stopping ") {
                    true => Event::Stopping(host),
                    false => Event::Started(host),
                };
                events.push((time, event));
            }
        }
        events.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// Whose members were started since then.
    pub(crate) fn starts(&self) -> Vec<usize> {
        self.events().iter().filter_map(Event::start).collect()
    }

    /// Panics unless each member was restarted once and alone, this one last.
    #[track_caller]
    pub(crate) fn assert_one_each(&self, lab: &Lab, last: usize) {
        self.assert_one_each_in_any_order(lab);
        assert_eq!(self.starts().last(), Some(&last), "the leader");
    }

    /// Panics unless each member was restarted once and alone.
    #[track_caller]
    pub(crate) fn assert_one_each_in_any_order(&self, lab: &Lab) {
        let events = self.events();
        let pairs: Vec<_> = events.chunks(2).collect();
        let in_turn = pairs.iter().all(
            |pair| matches!(pair, [Event::Stopping(one), Event::Started(other)] if one == other),
        );
        let mut order: Vec<_> = events.iter().filter_map(Event::start).collect();
        assert!(in_turn, "not one at a time: {events:?}");
        order.sort_unstable();
        assert_eq!(order, self.hosts, "{events:?}");
        let changed = processes(&self.hosts);
        let all_new = changed
            .iter()
            .zip(&self.processes)
            .all(|(new, old)| new != old);
        assert!(all_new, "{:?}, then {changed:?}", self.processes);
        lab.wait_until_healthy(&self.hosts);
    }

    /// Panics if any member was restarted.
    #[track_caller]
    pub(crate) fn assert_none(&self) {
        assert_eq!(self.events(), []);
        assert_eq!(processes(&self.hosts), self.processes);
    }
}

impl Event {
    /// The host whose member was started.
    fn start(&self) -> Option<usize> {
        match self {
            Self::Started(host) => Some(*host),
            Self::Stopping(_) => None,
        }
    }
}

/// The process of each member, and since when it is there.
fn processes(hosts: &[usize]) -> Vec<String> {
    let ask = "systemctl show etcd -p MainPID -p ActiveEnterTimestamp";
    let told = hosts
        .iter()
        .map(|host| inside(*host, ask).expect_success().stdout);
    told.collect()
}
