//! Machines that fetch their certificates themselves.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use fixtures::etcd::{Release, Service, turn_authentication_on};
use fixtures::run;

use crate::site::{Operator, Site};

/// Members that nobody started: connections to them are refused at once.
const DESCRIPTION: &str = "\
domain: example
nodes:
- { name: etcd-0, addresses: [127.77.0.1] }
- { name: etcd-1, addresses: [127.77.0.2] }
- { name: etcd-2, addresses: [127.77.0.3] }
clients: [backup]
";

/// With authentication: whoever has no role may do nothing.
static SERVICES: LazyLock<[(&'static Service, Site); 2]> = LazyLock::new(|| {
    [Release::Installed, Release::Newer].map(|release| {
        let service = Service::start(release);
        let site = Site::of(service, "operator");
        turn_authentication_on(&site.control, &["root", "control"], "/none/");
        let grant = ["user", "grant-role", "operator", "root"];
        site.control.run(&grant).expect_success();
        (service, site)
    })
});

/// A PKI in a store, and machines that may fetch from it.
struct Fleet {
    service: &'static Service,
    site: Site,
    operator: Operator,
}

impl Fleet {
    fn each() -> impl Iterator<Item = Self> {
        SERVICES.iter().map(|(service, site)| {
            let site = site.fresh();
            let operator = site.operator();
            operator.write("etcdpki.yml", DESCRIPTION);
            operator.succeeds(&["init", "--generate-secrets"]);
            Self {
                service,
                site,
                operator,
            }
        })
    }

    fn new() -> Self {
        Self::each().next().unwrap()
    }

    /// A machine that may be the agent of an owner, and nothing else.
    fn machine(&self, owner: &str) -> Operator {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let user = format!("agent-{owner}-{number}");
        let access = self.operator.succeeds(&["agent", "access", owner, &user]);
        self.site.control.run_script(&access).expect_success();
        self.machine_of(&user)
    }

    /// A machine that shows the certificate of this user.
    fn machine_of(&self, user: &str) -> Operator {
        let (certificate, key) = self.service.client(user);
        let site = Site {
            certificate,
            key,
            ..self.site.clone()
        };
        site.operator()
    }

    /// A machine whose agent is admitted.
    fn admitted(&self, owner: &str) -> Operator {
        let machine = self.machine(owner);
        self.invite(owner, &machine);
        enrol(&machine, owner);
        self.operator.succeeds(&["agent", "answer"]);
        machine
    }

    fn invite(&self, owner: &str, machine: &Operator) {
        let path = machine.path("token").display().to_string();
        self.operator
            .succeeds(&["agent", "invite", owner, "--out", &path]);
    }

    fn listed(&self) -> serde_json::Value {
        let listed = self.operator.run(&["agent", "list", "--json"]);
        serde_json::from_slice(&listed.stdout).unwrap()
    }

    fn letter(&self, kind: &str, owner: &str) -> String {
        let key = format!("{}.agents/{kind}/{owner}", self.site.prefix);
        let found = self.site.control.run(&["get", "--print-value-only", &key]);
        found.expect_success().stdout.trim().to_owned()
    }

    fn put(&self, kind: &str, owner: &str, content: &str) {
        let key = format!("{}.agents/{kind}/{owner}", self.site.prefix);
        let put = self.site.control.run(&["put", "--", &key, content]);
        put.expect_success();
    }
}

fn enrol(machine: &Operator, owner: &str) -> String {
    let enrol = ["agent", "enrol", owner, "--token-file", "token"];
    machine.succeeds(&[&enrol[..], &["--state-directory", "state"]].concat())
}

fn run_agent(owner: &str) -> Vec<&str> {
    let run = ["agent", "run", owner, "--state-directory", "state"];
    let places = ["--tls-directory", "tls", "--crl", "etcd.crl"];
    [&run[..], &places[..], &["--no-restart", "--group"]].concat()
}

fn group() -> String {
    let group = run(Command::new("id").arg("-gn"));
    group.expect_success().stdout.trim().to_owned()
}

fn pulls(machine: &Operator, owner: &str) {
    let group = group();
    machine.succeeds(&[run_agent(owner), vec![&group]].concat());
}

fn fails_to_pull(code: i32, machine: &Operator, owner: &str) -> String {
    let group = group();
    machine.fails(code, &[run_agent(owner), vec![&group]].concat())
}

/// Whether key and certificate in use belong together.
fn is_a_pair(machine: &Operator, role: &str) -> bool {
    let file = |suffix: &str| machine.path(&format!("tls/current/{role}.{suffix}"));
    let of_certificate = Command::new("openssl")
        .args(["x509", "-noout", "-pubkey", "-in"])
        .arg(file("crt"))
        .output();
    let of_key = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(file("key"))
        .output();
    let (one, other) = (of_certificate.unwrap(), of_key.unwrap());
    one.status.success() && one.stdout == other.stdout
}

fn serial(certificate: &Path) -> String {
    let serial = run(Command::new("openssl")
        .args(["x509", "-noout", "-serial", "-in"])
        .arg(certificate));
    serial.expect_success().stdout
}

#[test]
fn a_machine_enrols_with_a_token_and_has_what_a_play_would_bring() {
    for fleet in Fleet::each() {
        let machine = fleet.machine("etcd-0");
        fleet.invite("etcd-0", &machine);
        let mode = fs::metadata(machine.path("token")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let recipient = enrol(&machine, "etcd-0");
        let identity = machine.path("state/etcd-0/identity.txt");
        assert_eq!(fs::metadata(&identity).unwrap().mode() & 0o777, 0o600);
        let waits = fails_to_pull(3, &machine, "etcd-0");
        assert!(waits.contains("waits to be admitted"), "{waits}");
        let listed = fleet.operator.run(&["agent", "list"]);
        assert_eq!(listed.status.code(), Some(3));
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(
            listed.contains("waits") && listed.contains(recipient.trim()),
            "{listed}"
        );
        let answered = fleet.operator.succeeds(&["agent", "answer"]);
        assert!(
            answered.contains("admitted the agent of etcd-0"),
            "{answered}"
        );
        pulls(&machine, "etcd-0");
        // As the command for files has it.
        fleet
            .operator
            .succeeds(&["export", "etcd-0", "--format", "pem", "--out", "out"]);
        for (name, exported) in [("server.key", 0o640), ("server.crt", 0o644)] {
            let path = machine.path(&format!("tls/current/{name}"));
            // Of a service of root the key is for root alone.
            let wanted = if group() == "root" && exported == 0o640 {
                0o600
            } else {
                exported
            };
            assert_eq!(
                fs::metadata(&path).unwrap().mode() & 0o777,
                wanted,
                "{name}"
            );
        }
        let exported = fleet.operator.files();
        let key = machine.read("tls/current/server.key");
        assert!(
            exported
                .iter()
                .any(|(path, content)| path.starts_with("out/") && *content == key),
            "{:?}",
            exported.iter().map(|(path, _)| path).collect::<Vec<_>>()
        );
        assert!(is_a_pair(&machine, "server") && is_a_pair(&machine, "peer"));
        assert!(!machine.read("etcd.crl").is_empty());
        assert!(
            fleet
                .operator
                .succeeds(&["agent", "answer"])
                .contains("nothing new for 1 agents")
        );
        // What was there is there, and nobody started a member.
        let before = machine.files();
        pulls(&machine, "etcd-0");
        assert_eq!(machine.files(), before);
        let listed = fleet.listed();
        assert_eq!(listed["agents"][0]["loaded"], "nothing");
        assert_eq!(listed["agents"][0]["has"], listed["agents"][0]["handed"]);
        fleet.operator.succeeds(&["verify"]);
        fleet.operator.succeeds(&["store", "check"]);
    }
}

#[test]
fn what_is_new_follows_by_itself() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-1");
    pulls(&machine, "etcd-1");
    let current = machine.path("tls/current/server.crt");
    let first = serial(&current);
    let list = machine.read("etcd.crl");
    let renew = ["issue", "etcd-1", "--role", "server", "--rekey"];
    let said = fleet.operator.run(&renew);
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("handed to the agent of etcd-1"), "{said}");
    pulls(&machine, "etcd-1");
    assert_ne!(serial(&current), first);
    assert!(is_a_pair(&machine, "server"));
    assert_eq!(
        fs::read_dir(machine.path("tls/releases")).unwrap().count(),
        1
    );
    fleet.operator.succeeds(&["revoke", "backup"]);
    pulls(&machine, "etcd-1");
    assert_ne!(machine.read("etcd.crl"), list);
    // Of another node nothing is new.
    fleet.operator.succeeds(&["issue", "etcd-2", "--rekey"]);
    assert!(
        fleet
            .operator
            .succeeds(&["agent", "answer"])
            .contains("nothing new")
    );
}

#[test]
fn each_step_of_a_rotation_arrives() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-0");
    let client = fleet.admitted("backup");
    // Nobody started a member, and two have no agent.
    let by_agents = ["rotate", "ca", "etcd", "--by-agents", "--clients-ready"];
    let error = fleet.operator.fails(1, &by_agents);
    for said in ["etcd-1: no agent has reported", "etcd-2: no agent"] {
        assert!(error.contains(said), "{said}: {error}");
    }
    let step = ["rotate", "ca", "etcd", "--unchecked", "--clients-ready"];
    let mut trusted = Vec::new();
    loop {
        pulls(&machine, "etcd-0");
        pulls(&client, "backup");
        assert!(is_a_pair(&machine, "server") && is_a_pair(&client, "client"));
        trusted.push(machine.read("tls/ca.crt"));
        let plan = fleet
            .operator
            .succeeds(&["rotate", "ca", "etcd", "--plan", "--json"]);
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        if trusted.len() > 1 && plan["underway"] == false {
            break;
        }
        fleet.operator.succeeds(&step);
        let said = fleet.operator.run(&by_agents);
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(
            said.contains("etcd-0: its agent has not got what is new")
                || said.contains("no step is left"),
            "{said}"
        );
    }
    assert_eq!(trusted.len(), 4);
    assert_eq!(trusted[0], trusted[1]);
    assert_ne!(trusted[1], trusted[2]);
    let verified = run(Command::new("openssl")
        .args(["verify", "-partial_chain", "-CAfile"])
        .arg(machine.path("tls/ca.crt"))
        .arg("-untrusted")
        .arg(client.path("tls/current/client.crt"))
        .arg(client.path("tls/current/client.crt")));
    verified.expect_success();
}

#[test]
fn a_token_is_good_once_in_time_and_for_its_owner() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-0");
    pulls(&machine, "etcd-0");
    // Somebody else with the same token, who may even write for that owner.
    let thief = fleet.machine("etcd-0");
    fs::copy(machine.path("token"), thief.path("token")).unwrap();
    enrol(&thief, "etcd-0");
    let output = fleet.operator.run(&["agent", "answer"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("refused the agent of etcd-0: its token was used at"),
        "{said}"
    );
    let report = fleet.letter("reports", "etcd-0");
    let error = fails_to_pull(1, &thief, "etcd-0");
    let why = "etcd-0 was not admitted: its token was used at";
    assert!(error.contains(why), "{error}");
    assert_eq!(fleet.letter("reports", "etcd-0"), report);
    assert!(!thief.path("tls").exists());
    pulls(&machine, "etcd-0");
    // For another owner.
    let other = fleet.machine("etcd-1");
    fs::copy(machine.path("token"), other.path("token")).unwrap();
    let enrol_other = ["agent", "enrol", "etcd-1", "--token-file", "token"];
    let error = other.fails(1, &enrol_other);
    assert!(
        error.contains("the token is for etcd-0, and not for etcd-1")
            && error.contains("`etcdpki agent invite etcd-1`"),
        "{error}"
    );
    other.write("token", "etcdpki-token-1.x");
    let error = other.fails(1, &enrol_other);
    assert!(error.contains("not the whole of one"), "{error}");
    // Nobody of this name is ever admitted.
    for command in [
        &["access", "etcd-9", "agent-etcd-9"][..],
        &["invite", "etcd-9"],
    ] {
        let error = fleet.operator.fails(1, &[&["agent"], command].concat());
        assert!(error.contains("etcd-9"), "{error}");
    }
    // Beside the description, where git would take it.
    let here = ["agent", "invite", "etcd-1", "--out", "etcd-1.token"];
    fleet.operator.succeeds(&here);
    let ignored = fs::read_to_string(fleet.operator.path(".gitignore")).unwrap();
    assert!(
        ignored.lines().any(|line| line == "/etcd-1.token"),
        "{ignored}"
    );
    // Too late.
    let path = other.path("late").display().to_string();
    let invite = ["agent", "invite", "etcd-1", "--valid", "1s", "--out", &path];
    fleet.operator.succeeds(&invite);
    thread::sleep(Duration::from_millis(1100));
    other.succeeds(&[
        "agent",
        "enrol",
        "etcd-1",
        "--token-file",
        "late",
        "--state-directory",
        "state",
    ]);
    let output = fleet.operator.run(&["agent", "answer"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("its token expired at"), "{said}");
    let error = fails_to_pull(1, &other, "etcd-1");
    assert!(
        error.contains("etcd-1 was not admitted: its token expired"),
        "{error}"
    );
    // And with a fresh one.
    fleet.invite("etcd-1", &other);
    enrol(&other, "etcd-1");
    let waits = fails_to_pull(3, &other, "etcd-1");
    assert!(waits.contains("waits"), "{waits}");
    fleet.operator.succeeds(&["agent", "answer"]);
    pulls(&other, "etcd-1");
}

#[test]
fn who_holds_the_pki_needs_the_letters_where_there_are_agents() {
    let fleet = Fleet::new();
    let (prefix, control) = (&fleet.site.prefix, &fleet.site.control);
    let role = format!("only{}", prefix.replace('/', "."));
    control.run(&["role", "add", &role]).expect_success();
    let grant = |key: &str| {
        let grant = [
            "role",
            "grant-permission",
            "--prefix=true",
            &role,
            "readwrite",
            key,
        ];
        control.run(&grant).expect_success();
    };
    grant(&format!("{prefix}/"));
    let user = ["user", "add", &role, "--no-password"];
    control.run(&user).expect_success();
    control
        .run(&["user", "grant-role", &role, &role])
        .expect_success();
    let (certificate, key) = fleet.service.client(&role);
    let site = Site {
        certificate,
        key,
        ..fleet.site.clone()
    };
    let other = site.colleague(&fleet.operator);
    other.succeeds(&["init"]);
    let needed = format!("--prefix=true readwrite {prefix}.agents/");
    let error = other.fails(1, &["agent", "invite", "etcd-0"]);
    assert!(error.contains(&needed), "{error}");
    fleet.operator.succeeds(&["agent", "invite", "etcd-0"]);
    let error = other.fails(1, &["init"]);
    assert!(error.contains(&needed), "{error}");
    grant(&format!("{prefix}.agents/"));
    other.succeeds(&["init"]);
}

#[test]
fn a_machine_in_place_of_another_is_the_agent_from_then_on() {
    let fleet = Fleet::new();
    let first = fleet.admitted("backup");
    pulls(&first, "backup");
    let second = fleet.admitted("backup");
    pulls(&second, "backup");
    let report = fleet.letter("reports", "backup");
    let error = fails_to_pull(1, &first, "backup");
    assert!(
        error.contains("another agent was admitted for backup"),
        "{error}"
    );
    assert_eq!(fleet.letter("reports", "backup"), report);
    // It is not described any more.
    let others = DESCRIPTION.replace("[backup]", "[etcdctl]");
    fleet.operator.write("etcdpki.yml", others);
    let said = fleet.operator.run(&["init"]);
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("backup is not described any more"), "{said}");
    let listed = fleet.operator.succeeds(&["agent", "list"]);
    assert!(listed.contains("gone"), "{listed}");
}

#[test]
fn what_an_agent_is_permitted_may_be_said_again_and_taken_away() {
    for fleet in Fleet::each() {
        let control = &fleet.site.control;
        let user = format!("again{}", fleet.site.prefix.replace('/', "-"));
        let access = fleet
            .operator
            .succeeds(&["agent", "access", "backup", &user]);
        for _ in 0..2 {
            control.run_script(&access).expect_success();
        }
        let machine = fleet.machine_of(&user);
        fleet.invite("backup", &machine);
        enrol(&machine, "backup");
        fleet.operator.succeeds(&["agent", "answer"]);
        pulls(&machine, "backup");
        fleet
            .operator
            .succeeds(&["agent", "invite", "backup", "--out", "late"]);
        // Whatever of it was done, it can be done again.
        for _ in 0..2 {
            let removal = fleet
                .operator
                .succeeds(&["agent", "remove", "backup", &user]);
            for kind in ["deliveries", "enrolments", "refusals", "reports"] {
                assert_eq!(fleet.letter(kind, "backup"), "", "{kind}");
            }
            if control.run(&["user", "get", &user]).status.success() {
                let waits = fails_to_pull(3, &machine, "backup");
                assert!(
                    waits.contains("where it was withdrawn by mistake"),
                    "{waits}"
                );
            }
            control.run_script(&removal).expect_success();
        }
        assert!(!control.run(&["user", "get", &user]).status.success());
        let denied = fails_to_pull(1, &machine, "backup");
        let role = format!("etcdpki{}.backup", fleet.site.prefix.replace('/', "."));
        assert!(
            denied.contains(&role)
                && denied.contains(&format!("let {user} be the agent of backup")),
            "{denied}"
        );
        assert_eq!(fleet.listed()["agents"].as_array().unwrap().len(), 0);
        // Nor is it handed anything by what comes later, nor admitted by a token of before.
        fleet.operator.succeeds(&["issue", "backup", "--rekey"]);
        assert_eq!(fleet.letter("deliveries", "backup"), "");
        let other = fleet.machine("backup");
        let token = fleet.operator.path("late").display().to_string();
        let state = other.path("state").display().to_string();
        let enrol = ["agent", "enrol", "backup", "--token-file", &token];
        other.succeeds(&[&enrol[..], &["--state-directory", &state]].concat());
        let answered = fleet.operator.run(&["agent", "answer"]);
        let answered = String::from_utf8(answered.stdout).unwrap();
        assert!(answered.contains("its token expired at"), "{answered}");
        fleet.operator.succeeds(&["verify"]);
        let error = fleet.operator.fails(1, &["agent", "remove", "etcd-1"]);
        assert!(error.contains("etcd-1 has no agent"), "{error}");
    }
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-0");
    let group = group();
    for _ in 0..3 {
        fleet.operator.succeeds(&["issue", "etcd-0", "--rekey"]);
        let run = || {
            let mut agent = machine.command(&[run_agent("etcd-0"), vec![&group]].concat());
            agent.stderr(Stdio::null()).spawn().unwrap()
        };
        let agents: Vec<_> = (0..4).map(|_| run()).collect();
        for mut agent in agents {
            assert!(agent.wait().unwrap().success());
        }
        assert!(is_a_pair(&machine, "server") && is_a_pair(&machine, "peer"));
    }
}

#[test]
fn a_person_admits_who_has_no_token() {
    let fleet = Fleet::new();
    let known = fleet.admitted("etcd-0");
    pulls(&known, "etcd-0");
    let listed = fleet.listed();
    let publisher = listed["publisher"].as_str().unwrap();
    let machine = fleet.machine("backup");
    let enrol = ["agent", "enrol", "backup", "--publisher", publisher];
    let recipient = machine.succeeds(&[&enrol[..], &["--state-directory", "state"]].concat());
    let output = fleet.operator.run(&["agent", "answer"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    let admit = format!("etcdpki agent admit backup {}", recipient.trim());
    assert!(said.contains(&admit), "{said}");
    fleet
        .operator
        .succeeds(&["agent", "admit", "backup", recipient.trim()]);
    pulls(&machine, "backup");
    assert!(is_a_pair(&machine, "client"));
    assert!(!machine.path("etcd.crl").exists());
    let listed = fleet.operator.succeeds(&["agent", "answer"]);
    assert!(listed.contains("nothing new for 2 agents"), "{listed}");
}

#[test]
fn a_machine_reads_nothing_of_another_and_nothing_of_the_store() {
    for fleet in Fleet::each() {
        let machine = fleet.admitted("etcd-0");
        fleet.admitted("etcd-1");
        let enrol = ["agent", "enrol", "etcd-1", "--publisher", &"0".repeat(64)];
        let error = machine.fails(1, &[&enrol[..], &["--state-directory", "other"]].concat());
        assert!(
            error.contains("be the agent of etcd-1 (") && error.contains("agent access"),
            "{error}"
        );
        for command in [&["store", "check"][..], &["agent", "list"]] {
            let error = machine.fails(1, command);
            assert!(error.contains("permission denied"), "{error}");
        }
        let prefix = &fleet.site.prefix;
        let key = |kind: &str, owner: &str| format!("{prefix}.agents/{kind}/{owner}");
        let own = fleet
            .service
            .etcdctl("nobody")
            .presenting(&machine_site(&machine).0, &machine_site(&machine).1);
        own.run(&["get", &key("deliveries", "etcd-0")])
            .expect_success();
        own.run(&["get", &key("reports", "etcd-0")])
            .expect_success();
        for denied in [
            &["get", &key("deliveries", "etcd-1")][..],
            &["get", &key("reports", "etcd-1")],
            &["get", &format!("{prefix}/files/keyring.yml")],
            &["get", "--prefix", prefix],
            &["put", &key("deliveries", "etcd-0"), "x"],
            &["put", &key("enrolments", "etcd-1"), "x"],
            &["del", &key("deliveries", "etcd-0")],
        ] {
            let answer = own.run(denied);
            assert!(
                answer.output().contains("permission denied"),
                "{denied:?}: {answer}"
            );
        }
    }
}

#[test]
fn who_keeps_the_store_can_neither_change_nor_turn_back_what_is_handed_out() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-0");
    let other = fleet.admitted("etcd-1");
    pulls(&machine, "etcd-0");
    let old = fleet.letter("deliveries", "etcd-0");
    fleet.operator.succeeds(&["issue", "etcd-0", "--rekey"]);
    pulls(&machine, "etcd-0");
    let before = machine.files();
    let newest = fleet.letter("deliveries", "etcd-0");
    let changed = newest.replace("\"owner\":\"etcd-0\"", "\"owner\":\"etcd-2\"");
    for (letter, said) in [
        (old.as_str(), "somebody put an old one back"),
        (changed.as_str(), "it was changed on its way"),
        (&fleet.letter("deliveries", "etcd-1"), "it is for etcd-1"),
        ("{}", "no delivery of format 1"),
        ("", "no delivery of format 1"),
    ] {
        fleet.put("deliveries", "etcd-0", letter);
        let error = fails_to_pull(1, &machine, "etcd-0");
        assert!(error.contains(said), "{said}: {error}");
        assert!(error.contains("`etcdpki agent answer`"), "{said}: {error}");
        assert_eq!(machine.files(), before, "{said}");
        let report = fleet.letter("reports", "etcd-0");
        assert!(report.contains(said), "{report}");
    }
    let listed = fleet.operator.run(&["agent", "list"]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("failed"));
    // Whoever holds the PKI puts it right, whatever is there.
    let mut forged: serde_json::Value = serde_json::from_str(&newest).unwrap();
    forged["number"] = u64::MAX.into();
    for letter in [forged.to_string(), String::new()] {
        fleet.put("deliveries", "etcd-0", &letter);
        fleet.operator.succeeds(&["agent", "answer"]);
        pulls(&machine, "etcd-0");
    }
    pulls(&other, "etcd-1");
}

#[test]
fn a_set_is_whole_whenever_the_agent_is_killed() {
    let fleet = Fleet::new();
    let machine = fleet.admitted("etcd-0");
    pulls(&machine, "etcd-0");
    let group = group();
    for kill in 0..12 {
        fleet.operator.succeeds(&["issue", "etcd-0", "--rekey"]);
        let mut agent = machine.command(&[run_agent("etcd-0"), vec![&group]].concat());
        let mut agent = agent.stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(10 * kill));
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert!(is_a_pair(&machine, "server") && is_a_pair(&machine, "peer"));
    }
    let release = machine.path("tls/current").canonicalize().unwrap();
    for directory in [machine.path("tls"), release] {
        fs::write(directory.join(".etcdpki-Ab3x9Z"), "the half of a key").unwrap();
    }
    pulls(&machine, "etcd-0");
    let files = machine.files();
    let leftover = files.iter().find(|(name, _)| name.contains(".etcdpki-"));
    assert_eq!(leftover, None);
    let names = fs::read_dir(machine.path("tls")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["ca.crt", "current", "releases"]);
}

/// The certificate that a machine shows to the store, and its key.
fn machine_site(machine: &Operator) -> (std::path::PathBuf, std::path::PathBuf) {
    (machine.site.certificate.clone(), machine.site.key.clone())
}
