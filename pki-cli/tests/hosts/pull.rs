//! Agents on the hosts fetch the certificates from a store on etcd, through a whole rotation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::{OpensslCa, Outcome, run};
use serde_json::Value;

use crate::lab::{Lab, hosts, inside};
use crate::restarts::Restarts;
use crate::writer::while_writing;
use crate::{assert_changed, step};

const THREE: [usize; 3] = [0, 1, 2];

#[test]
fn hosts_fetch_their_certificates() {
    // The newer one, so that it runs a program that was built on a newer system than Debian 12.
    let lab = Lab::new("trixie", 3);
    let store = Store::start(&lab);
    let site = Site { lab, store };
    step("agents bring what is needed, and a cluster stands", || {
        create(&site);
    });
    step(
        "a play that brings the certificates changes nothing",
        || {
            pushed_is_the_same(&site);
        },
    );
    step("what is renewed arrives without a restart", || {
        renewal(&site);
    });
    step("the etcd CA is replaced, and nobody plays", || {
        rotation(&site);
    });
    step("a machine that was off catches up", || catches_up(&site));
}

fn create(site: &Site) {
    site.lab.write("etcdpki.yml", DESCRIPTION);
    site.etcdpki(&["init", "--generate-secrets"]);
    site.etcdpki(&["provision", "ansible"]);
    fs::create_dir(site.lab.path("agents")).unwrap();
    for host in THREE {
        let (owner, user) = (format!("etcd-{host}"), format!("agent-{host}"));
        let access = site.etcdpki(&["agent", "access", &owner, &user]);
        site.store.run_script(&site.lab, &access).expect_success();
        let (certificate, key) = site.store.authority.issue(&user, "clientAuth", "");
        let place = |suffix: &str| site.lab.path(&format!("agents/{owner}.{suffix}"));
        fs::copy(certificate, place("crt")).unwrap();
        fs::copy(key, place("key")).unwrap();
    }
    site.play(&PULL).expect_success();
    site.lab.install_clients(&["etcdctl"]);
    site.lab.wait_until_healthy(&THREE);
    assert_changed(&site.play(&PULL).expect_success(), 0);
    let shown = inside(
        0,
        "systemctl cat etcdpki-agent.service; cat /etc/systemd/system/*agent*",
    );
    assert!(!shown.stdout.contains("etcdpki-token"), "{shown}");
}

fn pushed_is_the_same(site: &Site) {
    let begin = Restarts::of(&THREE);
    assert_changed(&site.play(&[]).expect_success(), 0);
    begin.assert_none();
}

fn renewal(site: &Site) {
    let begin = Restarts::of(&THREE);
    let written = while_writing(&site.lab, "renewal", &THREE, || {
        for host in THREE {
            site.etcdpki(&["issue", &format!("etcd-{host}"), "--rekey"]);
        }
        site.wait_until_done(&THREE);
    });
    written.assert_nobody_noticed(&site.lab, "renewal", &THREE);
    begin.assert_none();
}

fn rotation(site: &Site) {
    let begin = Restarts::of(&THREE);
    let written = while_writing(&site.lab, "rotation", &THREE, || {
        let next = [
            "rotate",
            "ca",
            "etcd",
            "--clients-ready",
            "--wait=5m",
            "--by-agents",
        ];
        for step in ["introduce", "trust", "strip"] {
            let plan = site.etcdpki(&["rotate", "ca", "etcd", "--plan", "--json"]);
            let plan: Value = serde_json::from_str(&plan).unwrap();
            assert_eq!(plan["steps"][0]["step"], step, "{plan}");
            // It waits until all have loaded the step before.
            site.etcdpki(&next);
            site.lab.install_clients(&["etcdctl"]);
        }
        site.wait_until_done(&THREE);
    });
    written.assert_nobody_noticed(&site.lab, "rotation", &THREE);
    begin.assert_one_each_in_any_order(&site.lab);
    site.etcdpki(&["doctor"]);
}

fn catches_up(site: &Site) {
    let [rest @ .., off] = &THREE;
    hosts(&["kill", &off.to_string()]).expect_success();
    site.lab.wait_until_healthy(rest);
    site.etcdpki(&["issue", &format!("etcd-{off}"), "--rekey"]);
    site.wait_until_done(rest);
    hosts(&["start", &off.to_string()]).expect_success();
    site.wait_until_done(&THREE);
    site.lab.wait_until_healthy(&THREE);
}

/// A cluster to be, and the store of its PKI.
struct Site {
    lab: Lab,
    store: Store,
}

impl Site {
    /// Runs etcdpki near the hosts, with the store in its environment.
    #[track_caller]
    fn etcdpki(&self, arguments: &[&str]) -> String {
        let mut command = self
            .lab
            .from("control", &[&["etcdpki"], arguments].concat());
        let outcome = run(self.store.named(&mut command));
        outcome.expect_success().stdout
    }

    fn play(&self, arguments: &[&str]) -> Outcome {
        let all = [arguments, &OPERATORS].concat();
        let mut play = self.lab.playing("etcd.yml", &THREE, &all);
        run(self.store.named(&mut play))
    }

    /// Waits until the agents of these hosts have told that all is in place and loaded.
    fn wait_until_done(&self, hosts: &[usize]) {
        let begin = Instant::now();
        loop {
            let list = ["etcdpki", "agent", "list", "--json"];
            let mut list = self.lab.from("control", &list);
            let listed = run(self.store.named(&mut list));
            let agents: Value = serde_json::from_str(&listed.stdout).unwrap();
            let is_done = |host: &usize| {
                let mut agents = agents["agents"].as_array().unwrap().iter();
                let owner = format!("etcd-{host}");
                let agent = agents.find(|agent| agent["owner"] == *owner);
                agent.is_some_and(|agent| agent["state"] == "done")
            };
            if hosts.iter().all(is_done) {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(180), "{listed}");
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Three members in the network of the control machine, with authentication, and the authority of
/// their clients.
struct Store {
    authority: OpensslCa,
    operator: (PathBuf, PathBuf),
    members: Vec<Child>,
}

impl Store {
    fn start(lab: &Lab) -> Self {
        let authority = OpensslCa::create(lab.path("store-ca"));
        let server = authority.issue("store", "serverAuth,clientAuth", "IP:10.77.0.1");
        let root = authority.issue("root", "clientAuth", "");
        let members = (0..3).map(|member| member_of(lab, &authority, &server, member));
        let store = Self {
            members: members.collect(),
            operator: root,
            authority,
        };
        let begin = Instant::now();
        while !store.etcdctl(lab, &["endpoint", "health"]).status.success() {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "the store does not start"
            );
            thread::sleep(Duration::from_millis(200));
        }
        for arguments in [
            &["role", "add", "root"][..],
            &["user", "add", "root", "--no-password"],
            &["user", "grant-role", "root", "root"],
            &["auth", "enable"],
        ] {
            store.etcdctl(lab, arguments).expect_success();
        }
        store
    }

    fn etcdctl(&self, lab: &Lab, arguments: &[&str]) -> Outcome {
        self.run(lab, &[&["etcdctl"], arguments].concat())
    }

    /// Lets a shell run commands of etcdctl.
    fn run_script(&self, lab: &Lab, script: &str) -> Outcome {
        self.run(lab, &["sh", "-c", script])
    }

    fn run(&self, lab: &Lab, words: &[&str]) -> Outcome {
        let (certificate, key) = &self.operator;
        let endpoints: Vec<_> = (0..3).map(client_url).collect();
        let mut command = lab.from("control", words);
        command
            .env("ETCDCTL_ENDPOINTS", endpoints.join(","))
            .env("ETCDCTL_CACERT", self.authority.certificate())
            .env("ETCDCTL_CERT", certificate)
            .env("ETCDCTL_KEY", key);
        run(&mut command)
    }

    fn url(&self) -> String {
        let members: Vec<_> = (0..3).map(client_url).collect();
        let members = members.join(",").replace("https://", "");
        format!("etcd://{members}/pki/lab")
    }

    fn named<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("ETCDPKI_STORE", self.url())
            .env("ETCDPKI_STORE_CA", self.authority.certificate())
            .env("ETCDPKI_STORE_CERT", &self.operator.0)
            .env("ETCDPKI_STORE_KEY", &self.operator.1)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.kill();
            let _ = member.wait();
        }
    }
}

fn client_url(member: usize) -> String {
    format!("https://10.77.0.1:{}", 12379 + 10 * member)
}

fn peer_url(member: usize) -> String {
    format!("https://10.77.0.1:{}", 12380 + 10 * member)
}

fn member_of(
    lab: &Lab,
    authority: &OpensslCa,
    (certificate, key): &(PathBuf, PathBuf),
    member: usize,
) -> Child {
    let cluster: Vec<_> = (0..3)
        .map(|one| format!("store-{one}={}", peer_url(one)))
        .collect();
    let file = |path: &Path| path.display().to_string();
    let data = lab.path(&format!("store-{member}"));
    let mut command = lab.from("control", &["etcd"]);
    for (flag, value) in [
        ("name", format!("store-{member}")),
        ("data-dir", file(&data)),
        ("listen-client-urls", client_url(member)),
        ("advertise-client-urls", client_url(member)),
        ("listen-peer-urls", peer_url(member)),
        ("initial-advertise-peer-urls", peer_url(member)),
        ("initial-cluster", cluster.join(",")),
        ("cert-file", file(certificate)),
        ("key-file", file(key)),
        ("trusted-ca-file", file(&authority.certificate())),
        ("peer-cert-file", file(certificate)),
        ("peer-key-file", file(key)),
        ("peer-trusted-ca-file", file(&authority.certificate())),
    ] {
        command.arg(format!("--{flag}={value}"));
    }
    command.args(["--client-cert-auth", "--peer-client-cert-auth"]);
    let log = fs::File::create(lab.path(&format!("store-{member}.log"))).unwrap();
    let errors = log.try_clone().unwrap();
    command
        .stdout(Stdio::from(log))
        .stderr(errors)
        .spawn()
        .unwrap()
}

const DESCRIPTION: &str = "\
domain: lab.internal
nodes:
- { name: etcd-0, addresses: [10.77.0.10] }
- { name: etcd-1, addresses: [10.77.0.11] }
- { name: etcd-2, addresses: [10.77.0.12] }
clients: [etcdctl]
";
const PULL: [&str; 4] = [
    "--extra-vars",
    "etcd_server_certificates=pull",
    "--extra-vars",
    "etcd_agent_interval=4",
];
const OPERATORS: [&str; 2] = ["--extra-vars", "{firewall_operators: [10.77.0.1]}"];
