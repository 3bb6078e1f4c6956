//! Three members, of which some are killed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use fixtures::etcd::{Cluster, Node};
use fixtures::{Etcdctl, OpensslCa, loopback_addresses};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::site::{Operator, Site};

/// A store of three members.
struct Lab {
    cluster: Cluster,
    client: Etcdctl,
    site: Site,
    _directory: TempDir,
}

impl Lab {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = OpensslCa::create(directory.path().join("ca"));
        let nodes: Vec<Node> = (0..3)
            .zip(loopback_addresses(3))
            .map(|(number, address)| {
                let name = format!("store-{number}");
                let hostname = format!("{name}.example");
                let names = format!("DNS:{hostname},IP:{address}");
                let certificates = directory.path().join(&name);
                fs::create_dir(&certificates).unwrap();
                let (certificate, key) =
                    authority.issue(&hostname, "serverAuth,clientAuth", &names);
                place(&authority.certificate(), &certificates.join("ca.crt"));
                for role in ["server", "peer"] {
                    place(&certificate, &certificates.join(format!("{role}.crt")));
                    place(&key, &certificates.join(format!("{role}.key")));
                }
                Node {
                    name,
                    hostname,
                    address,
                    certificates,
                }
            })
            .collect();
        let mut cluster = Cluster::start(&nodes, None);
        let (certificate, key) = authority.issue("operator", "clientAuth", "");
        let client = Etcdctl::new(cluster.endpoints())
            .trusting(authority.certificate())
            .presenting(&certificate, &key);
        cluster.wait_until_healthy(&client);
        let members: Vec<_> = cluster
            .endpoints()
            .iter()
            .map(|url| url.replace("https://", ""))
            .collect();
        let site = Site {
            members: members.join(","),
            prefix: "/pki".to_owned(),
            authority: authority.certificate(),
            certificate,
            key,
            control: client.clone(),
        };
        Self {
            cluster,
            client,
            site,
            _directory: directory,
        }
    }

    fn kill_leader(&mut self) -> String {
        let client = self.client.at(self.cluster.endpoints());
        let leader = self.cluster.leader(&client);
        self.cluster.kill(&leader);
        leader
    }

    /// Starts a member again, and waits for all of them.
    fn start_again(&mut self, names: &[String]) {
        for name in names {
            self.cluster.start_again(name);
        }
        let client = self.client.clone();
        self.cluster.wait_until_healthy(&client);
    }
}

fn place(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

/// A description with so many clients.
fn describe(operator: &Operator, clients: usize) {
    let clients: Vec<_> = (0..clients)
        .map(|number| format!("client-{number}"))
        .collect();
    operator.write(
        "etcdpki.yml",
        format!(
            "domain: example\nnodes: [{{ name: etcd-0, addresses: [10.0.0.1] }}]\nclients: [{}]\nansible: {{ common_client: client-0 }}\n",
            clients.join(", ")
        ),
    );
}

#[test]
fn a_leader_that_is_killed_costs_nothing() {
    let mut lab = Lab::start();
    let one = lab.site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    let before = one.serials().len();
    let operators: Vec<_> = (0..2).map(|_| lab.site.colleague(&one)).collect();
    thread::scope(|scope| {
        let writers: Vec<_> = operators
            .iter()
            .enumerate()
            .map(|(who, operator)| {
                scope.spawn(move || {
                    for number in 0..15 {
                        operator.succeeds(&[
                            "issue",
                            &format!("m{who}-{number}"),
                            "--role",
                            "client",
                        ]);
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            thread::sleep(Duration::from_millis(700));
            let leader = lab.kill_leader();
            thread::sleep(Duration::from_millis(1500));
            lab.start_again(&[leader]);
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
    let serials = one.serials();
    let distinct: std::collections::HashSet<_> = serials.iter().collect();
    assert_eq!(distinct.len(), serials.len());
    assert_eq!(serials.len(), before + 30);
}

/// So many that their issuance takes a while.
const MANY: usize = 1500;

/// How many of the keys are of clients.
fn clients(site: &Site) -> usize {
    site.keys().matches("/client-").count()
}

/// Begins to issue for so many clients, and kills two members once something of it is there, which
/// nobody sees yet. Returns who are killed when the command has told that it waits.
fn lose_quorum(lab: &mut Lab, one: &Operator, count: usize) -> (Child, Vec<String>) {
    describe(one, count);
    let before = clients(&lab.site);
    let mut command = one.command(&["init"]);
    let mut writer = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while clients(&lab.site) == before {
        assert!(writer.try_wait().unwrap().is_none());
    }
    let mut killed = vec![lab.kill_leader()];
    let running = lab.cluster.endpoints();
    let mut members = lab.cluster.members().iter();
    let other = members.find(|member| running.contains(&member.endpoint()));
    killed.push(other.unwrap().name().to_owned());
    lab.cluster.kill(&killed[1]);
    let mut errors = BufReader::new(writer.stderr.take().unwrap());
    let mut said = String::new();
    errors.read_line(&mut said).unwrap();
    assert!(said.contains("waiting for etcd to answer"), "{said}");
    writer.stderr = Some(errors.into_inner());
    (writer, killed)
}

#[test]
fn without_a_quorum_it_waits_and_goes_on() {
    let mut lab = Lab::start();
    let one = lab.site.operator();
    describe(&one, 1);
    one.succeeds(&["init", "--generate-secrets"]);
    let (writer, killed) = lose_quorum(&mut lab, &one, MANY);
    lab.start_again(&killed);
    let output = writer.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert_eq!(clients(&lab.site), 2 * MANY);
    one.succeeds(&["verify"]);
}

#[test]
fn without_a_quorum_it_may_be_interrupted() {
    let mut lab = Lab::start();
    let one = lab.site.operator();
    describe(&one, 1);
    one.succeeds(&["init", "--generate-secrets"]);
    let before = one.succeeds(&["store", "check"]);
    let (mut writer, killed) = lose_quorum(&mut lab, &one, MANY);
    kill_process(Pid::from_child(&writer), Signal::TERM).unwrap();
    assert!(!writer.wait().unwrap().success());
    lab.start_again(&killed);
    assert!(clients(&lab.site) > 0);
    assert_eq!(one.succeeds(&["store", "check"]), before);
    // What it left is removed, and all of it is made.
    one.succeeds(&["init"]);
    one.succeeds(&["verify"]);
    assert_eq!(clients(&lab.site), 2 * MANY);
}
