//! A cluster that is written to all the time, while its certificates and authorities change.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use fixtures::Etcdctl;
use fixtures::etcd::{Cluster, Options, Release, Writers};
use serde_json::Value;
use tempfile::TempDir;

use crate::site::{GUEST, Site, WRITER};
use crate::table::Row;

/// How long a member may take to catch up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The members, their PKI, and clients that write to every one of them.
#[derive(Debug)]
pub(crate) struct Live {
    // The writers end first.
    writers: Writers,
    pub(crate) cluster: Cluster,
    pub(crate) site: Site,
    release: Release,
    /// The names of hosts that are off.
    off: Vec<String>,
    rows: Vec<Row>,
}

/// What a measure may cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cost {
    /// Nothing: not even a first attempt fails.
    Nothing,
    /// First attempts that meet two files of which one was renamed.
    Handshakes,
    /// So many restarts of each member, and the attempts that meet one.
    Restarts(usize),
}

impl Cost {
    fn restarts(self) -> usize {
        match self {
            Self::Nothing | Self::Handshakes => 0,
            Self::Restarts(number) => number,
        }
    }
}

/// The rotation of an authority.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    pub(crate) authority: &'static str,
    pub(crate) procedure: &'static str,
}

impl Rotation {
    pub(crate) fn arguments(self, more: &[&'static str]) -> Vec<&'static str> {
        let own = [
            "rotate",
            "ca",
            self.authority,
            "--procedure",
            self.procedure,
        ];
        [&own, more].concat()
    }
}

impl Live {
    /// Starts a cluster and its writers; hosts that are off are started last.
    pub(crate) fn start(site: Site, release: Release, off: &[&str]) -> Self {
        let options = Options {
            allowed_cn: Some("etcd-peer".into()),
            crl: Some(site.list()),
            release,
        };
        let mut cluster = Cluster::start_with(&site.nodes, options);
        let client = site.client(WRITER);
        cluster.wait_until_healthy(&client);
        for name in off {
            cluster.stop(name);
        }
        let writers = Writers::start(&client, &cluster.endpoints());
        Self {
            writers,
            cluster,
            site,
            release,
            off: off.iter().copied().map(String::from).collect(),
            rows: Vec::new(),
        }
    }

    /// Carries a rotation out as it is planned.
    pub(crate) fn rotate(&mut self, authority: &'static str, procedure: &'static str) {
        let rotation = Rotation {
            authority,
            procedure,
        };
        self.rotate_by(rotation, |live, arguments| {
            live.site.etcdpki(arguments).expect_success();
        });
    }

    /// The same, each of its steps made by `make`.
    pub(crate) fn rotate_by(&mut self, rotation: Rotation, make: impl Fn(&mut Self, &[&str])) {
        let plan = self.plan(rotation);
        let restarts = usize::try_from(plan["restarts"].as_u64().unwrap()).unwrap();
        let cost = match restarts {
            0 => Cost::Nothing,
            number => Cost::Restarts(number),
        };
        let name = format!("{} CA, {}", rotation.authority, rotation.procedure);
        let identity = self.site.identity(GUEST);
        self.measure(&name, cost, |live| {
            for (number, step) in steps(&plan).iter().enumerate() {
                let is_asked = !step["clients_need"].as_array().unwrap().is_empty();
                let ready: &[_] = if is_asked { &["--clients-ready"] } else { &[] };
                // Authorities that are a few seconds old.
                let again: &[_] = if number == 0 { &["--again"] } else { &[] };
                let arguments = rotation.arguments(&[ready, again].concat());
                let places = live.places();
                let places = places.iter().map(String::as_str);
                make(
                    live,
                    &arguments.into_iter().chain(places).collect::<Vec<_>>(),
                );
                live.deliver();
                if step["restarts"] == "one at a time" {
                    live.restart();
                }
                // The plan of what is left is the rest of the plan.
                let left = steps(&plan).len() - number - 1;
                assert_eq!(live.left(rotation), left, "{name} after {}", step["step"]);
            }
            live.assert_decrypted();
        });
        let is_refused = plan["old_is_refused"].as_bool().unwrap();
        self.assert_old(&identity, is_refused, &name);
        self.assert_clean();
    }

    /// Takes what happened while `carried_out` as a row of the table, and holds it against what it
    /// may cost.
    pub(crate) fn measure(&mut self, name: &str, cost: Cost, carried_out: impl FnOnce(&mut Self)) {
        let (counts, restarts) = (self.writers.counts(), self.restarts());
        carried_out(self);
        self.wait_for_writes();
        let counts = self.writers.counts() - counts;
        let failures = || self.writers.failures().join("\n");
        assert_eq!(counts.failed_with_retry, 0, "{name}\n{}", failures());
        if cost == Cost::Nothing {
            assert_eq!(counts.failed_without_retry, 0, "{name}\n{}", failures());
        }
        for (before, (member, after)) in restarts.iter().zip(self.restarts()) {
            assert_eq!(after - before.1, cost.restarts(), "{name}: {member}");
        }
        self.assert_holds_what_was_acknowledged(name);
        self.rows.push(Row {
            procedure: name.to_owned(),
            release: self.release,
            restarts: cost.restarts(),
            counts,
        });
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Where members are asked what they have loaded, and which are not.
    pub(crate) fn places(&self) -> Vec<String> {
        let members = self.cluster.members().iter();
        let places = members.map(|member| {
            let (name, [client, peer]) = (member.name(), member.addresses());
            match self.off.iter().any(|off| off == name) {
                true => format!("--without={name}"),
                false => format!("--endpoint={name}={client},{peer}"),
            }
        });
        places.collect()
    }

    pub(crate) fn plan(&self, rotation: Rotation) -> Value {
        self.site.told(&rotation.arguments(&["--plan", "--again"]))
    }

    /// How many steps of a rotation are left.
    fn left(&self, rotation: Rotation) -> usize {
        let plan = self.plan(rotation);
        match plan["underway"].as_bool().unwrap() {
            true => steps(&plan).len(),
            false => 0,
        }
    }

    /// Brings what the PKI holds to the hosts that are on, and to the clients.
    pub(crate) fn deliver(&self) {
        let mut owners = self.site.owners();
        owners.retain(|owner| !self.off.contains(owner));
        self.site.deliver(&self.site.certificates(), &owners);
        self.site.deliver_list();
    }

    /// The same by ansible-core, and the keys with it.
    pub(crate) fn deliver_decrypted(&self) {
        self.site
            .deliver(&self.site.decrypted(), &self.site.owners());
        self.site.deliver_list();
    }

    pub(crate) fn restart(&mut self) {
        self.cluster.restart_one_by_one(&self.site.client(WRITER));
    }

    /// Switches a host on: it gets what the others have, and starts on the data that it has.
    pub(crate) fn switch_on(&mut self, name: &str) {
        self.off.retain(|off| off != name);
        self.deliver();
        self.cluster.start_again(name);
        let client = self.site.client(WRITER);
        self.cluster.wait_until_healthy(&client);
        self.assert_holds_what_was_acknowledged(name);
    }

    /// Waits until every writer was served again.
    pub(crate) fn wait_for_writes(&self) {
        let started = Instant::now();
        let before = self.writers.counts().acknowledged;
        while self.writers.counts().acknowledged < before + 10 {
            let waited = started.elapsed() < PATIENCE;
            assert!(waited, "nothing is written\n{:?}", self.writers.failures());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client at one member, which does not ask for long.
    pub(crate) fn at(&self, client: &Etcdctl, member: &str) -> Etcdctl {
        let mut members = self.cluster.members().iter();
        let member = members.find(|one| one.name() == member).unwrap();
        let client = client.at([member.endpoint()]);
        client.within(Duration::from_secs(2))
    }

    /// Every member that runs.
    pub(crate) fn running(&self) -> Vec<String> {
        let mut names = self.site.node_names();
        names.retain(|name| !self.off.contains(name));
        names
    }

    fn restarts(&self) -> Vec<(String, usize)> {
        let members = self.cluster.members().iter();
        members
            .filter(|member| !self.off.iter().any(|off| off == member.name()))
            .map(|member| (member.name().to_owned(), member.restarts()))
            .collect()
    }

    /// Each member by itself, when it has caught up.
    fn assert_holds_what_was_acknowledged(&self, name: &str) {
        let acknowledged = self.writers.acknowledged();
        let client = self.site.client(WRITER);
        for member in self.running() {
            let started = Instant::now();
            loop {
                let read = [
                    "get",
                    "writer-",
                    "--prefix",
                    "--keys-only",
                    "--consistency=s",
                ];
                let answer = self.at(&client, &member).run(&read);
                let held: HashSet<&str> = answer.stdout.lines().collect();
                let mut missing = acknowledged
                    .iter()
                    .filter(|key| !held.contains(key.as_str()));
                let Some(first) = missing.next() else { break };
                let waited = started.elapsed() < PATIENCE;
                assert!(
                    waited,
                    "{name}: {member} has no {first} of the acknowledged writes"
                );
                thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// The certificate that a client had before.
    fn assert_old(&self, identity: &TempDir, is_refused: bool, name: &str) {
        let old = self.site.client_presenting(GUEST, identity.path());
        let new = self.site.client(GUEST);
        for member in self.running() {
            let answer = self.at(&old, &member).run(&["get", "k"]);
            assert_eq!(answer.status.success(), !is_refused, "{name}: {answer}");
            self.at(&new, &member).run(&["get", "k"]).expect_success();
        }
    }

    /// What ansible-core finds in the vault files is what was delivered.
    fn assert_decrypted(&self) {
        let mut owners = self.site.owners();
        owners.retain(|owner| !self.off.contains(owner));
        assert!(!self.site.deliver(&self.site.decrypted(), &owners));
    }

    /// The journal and the PKI: errors fail it, remarks do not.
    pub(crate) fn assert_clean(&self) {
        self.site.etcdpki(&["verify"]).expect_success();
    }
}

pub(crate) fn steps(plan: &Value) -> &[Value] {
    plan["steps"].as_array().unwrap()
}
