//! Members that are killed while a command is at work.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use fixtures::etcd::Trio;
use rustix::process::{Pid, Signal, kill_process};

use crate::site::{Operator, Site};

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
    let mut trio = Trio::start();
    let site = Site::of_three(&trio);
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    let before = one.serials().len();
    let operators: Vec<_> = (0..2).map(|_| site.colleague(&one)).collect();
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
            let leader = trio.kill_leader();
            thread::sleep(Duration::from_millis(1500));
            trio.start_again(&[leader]);
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
fn lose_quorum(trio: &mut Trio, site: &Site, one: &Operator, count: usize) -> (Child, Vec<String>) {
    describe(one, count);
    let before = clients(site);
    let mut command = one.command(&["init"]);
    let mut writer = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while clients(site) == before {
        assert!(writer.try_wait().unwrap().is_none());
    }
    let mut killed = vec![trio.kill_leader()];
    let running = trio.cluster().endpoints();
    let mut members = trio.cluster().members().iter();
    let other = members.find(|member| running.contains(&member.endpoint()));
    killed.push(other.unwrap().name().to_owned());
    trio.kill(&killed[1]);
    let mut errors = BufReader::new(writer.stderr.take().unwrap());
    let mut said = String::new();
    errors.read_line(&mut said).unwrap();
    assert!(said.contains("waiting for etcd to answer"), "{said}");
    assert!(said.contains("it is safe to interrupt this"), "{said}");
    writer.stderr = Some(errors.into_inner());
    (writer, killed)
}

#[test]
fn without_a_quorum_it_waits_and_goes_on() {
    let mut trio = Trio::start();
    let site = Site::of_three(&trio);
    let one = site.operator();
    describe(&one, 1);
    one.succeeds(&["init", "--generate-secrets"]);
    let (writer, killed) = lose_quorum(&mut trio, &site, &one, MANY);
    trio.start_again(&killed);
    let output = writer.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert_eq!(clients(&site), 2 * MANY);
    one.succeeds(&["verify"]);
}

#[test]
fn without_a_quorum_it_may_be_interrupted() {
    let mut trio = Trio::start();
    let site = Site::of_three(&trio);
    let one = site.operator();
    describe(&one, 1);
    one.succeeds(&["init", "--generate-secrets"]);
    let before = one.succeeds(&["store", "check"]);
    let (mut writer, killed) = lose_quorum(&mut trio, &site, &one, MANY);
    kill_process(Pid::from_child(&writer), Signal::INT).unwrap();
    assert!(!writer.wait().unwrap().success());
    trio.start_again(&killed);
    assert!(clients(&site) > 0);
    assert_eq!(one.succeeds(&["store", "check"]), before);
    // What it left is removed, and all of it is made.
    one.succeeds(&["init"]);
    one.succeeds(&["verify"]);
    assert_eq!(clients(&site), 2 * MANY);
}
