//! Many PKIs in one store, looked at together.

use std::process::Output;

use fixtures::etcd::{Release, Service, turn_authentication_on};
use serde_json::Value;

use crate::site::{Operator, Site};
use crate::workspace::Workspace;

/// PKIs below one prefix, each with an operator.
struct Fleet {
    site: Site,
    operators: Vec<Operator>,
}

impl Fleet {
    fn new(site: &Site, names: &[&str]) -> Self {
        let operators = names.iter().map(|name| {
            let site = Site {
                prefix: format!("{}/{name}", site.prefix),
                ..site.clone()
            };
            let operator = site.operator();
            operator.write(
                "etcdpki.yml",
                format!(
                    "cluster: {}\ndomain: example\nnodes: [{{ name: etcd-0, addresses: [10.0.0.1] }}]\nclients: [a, b]\n",
                    name.replace('/', "-")
                ),
            );
            operator.succeeds(&["init", "--generate-secrets"]);
            operator
        });
        Self {
            operators: operators.collect(),
            site: site.clone(),
        }
    }

    /// Whoever looks has nothing but access: no description, no passphrase.
    fn look(&self, arguments: &[&str]) -> Output {
        let looker = self.site.operator();
        let output = looker.run(&[&["status", "--fleet"], arguments].concat());
        assert!(looker.files().is_empty());
        output
    }

    fn json(&self, code: i32) -> Value {
        let output = self.look(&["--json"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn every_pki_is_listed_and_what_is_wrong_with_one_stops_no_other() {
    for site in Site::each() {
        let fleet = Fleet::new(&site, &["east", "teams/west", "old"]);
        let whole = fleet.json(0);
        assert_eq!(whole["pkis"].as_array().unwrap().len(), 3);
        let east = &whole["pkis"][0];
        assert_eq!(east["store"], format!("{}/east", site.url()));
        assert_eq!(east["cluster"], "east");
        assert_eq!((&east["nodes"], &east["clients"]), (&1.into(), &2.into()));
        assert_eq!(east["first_end"]["days_left"], 365);
        // What one alone tells.
        let alone = fleet.operators[0].succeeds(&["status", "--json"]);
        let alone: Value = serde_json::from_str(&alone).unwrap();
        let ends = &alone["certificates"][0]["effective_not_after"];
        assert_eq!(&east["first_end"]["effective_not_after"], ends);
        let text = String::from_utf8(fleet.look(&[]).stdout).unwrap();
        assert!(
            text.contains("teams/west") && text.contains("Nothing is due in 3 PKIs"),
            "{text}"
        );

        // One is described otherwise, one rotates, one is of another version, one is rubbish, and one
        // is damaged; beside them are keys of others.
        fleet.operators[1].succeeds(&["rotate", "ca", "etcd", "--unchecked"]);
        let put = |key: &str, value: &str| {
            let key = format!("{}/{key}", site.prefix);
            site.control.run(&["put", &key, value]).expect_success();
        };
        put("future/format", "etcdpki 7");
        put("else/format", "NTFS");
        put("lost/files/keyring.yml", "x");
        put("registry/pods/format", "etcdpki 1");
        put("registry/pods/head", "x");
        put("registry/pods/a", "x");
        put("old/description", "nodez: []\n");
        let certificate = format!(
            "{}/east/files/certificates/etcd-0/peer/1/tls.crt",
            site.prefix
        );
        site.control
            .run(&["put", &certificate, "rubbish"])
            .expect_success();
        let broken = fleet.json(3);
        let pki = |name: &str| {
            let store = format!("{}/{name}", site.url());
            let mut all = broken["pkis"].as_array().unwrap().iter();
            all.find(|pki| pki["store"] == store.as_str()).unwrap()
        };
        let fault = |name: &str| pki(name)["fault"].as_str().unwrap().to_owned();
        assert_eq!(pki("east")["due_things"][0]["state"], "unreadable");
        assert_eq!(pki("teams/west")["rotation"]["authority"], "etcd");
        assert!(fault("future").contains("format 7"), "{}", fault("future"));
        assert!(fault("else").contains("did not make"), "{}", fault("else"));
        assert!(
            fault("lost").contains("format is missing"),
            "{}",
            fault("lost")
        );
        assert!(
            fault("old").contains("unknown key `nodez`"),
            "{}",
            fault("old")
        );
        assert!(
            fault("registry/pods").contains("no description is kept there yet"),
            "{}",
            fault("registry/pods")
        );
        assert_eq!((&broken["due"], &broken["unread"]), (&1.into(), &5.into()));
        // Whoever acts on it next brings its description along again.
        fleet.operators[2].succeeds(&["init"]);
        assert_eq!(fleet.json(3)["unread"], 4);
        let metrics = String::from_utf8(fleet.look(&["--prometheus"]).stdout).unwrap();
        let east = format!("store=\"{}/east\"", site.url());
        for line in [
            format!("etcdpki_pki_read{{{east}}} 1"),
            format!("etcdpki_pki_due{{{east},cluster=\"east\"}} 1"),
            format!("etcdpki_pki_read{{store=\"{}/future\"}} 0", site.url()),
        ] {
            assert!(metrics.contains(&line), "{line}: {metrics}");
        }
    }
}

#[test]
fn it_reads_no_more_than_it_must() {
    let site = Site::each().next().unwrap();
    let fleet = Fleet::new(&site, &["a", "b"]);
    let cost = |pkis: &Value| {
        let cost = &pkis["cost"];
        (
            cost["requests"].as_u64().unwrap(),
            cost["octets"].as_u64().unwrap(),
        )
    };
    let (requests, octets) = cost(&fleet.json(0));
    // The names of all, and then of each what counts.
    assert_eq!(requests, 1 + 2);
    // Older certificates, keys and the journal stay where they are: their names alone are read.
    for _ in 0..3 {
        fleet.operators[0].succeeds(&["issue", "etcd-0", "--role", "peer", "--renew"]);
    }
    let (again, later) = cost(&fleet.json(0));
    assert_eq!(again, requests);
    assert!(later < octets + 3 * 2 * 150, "{octets} {later}");
}

#[test]
fn a_user_sees_what_it_may_read() {
    let site = Site::of(Service::start(Release::Installed), "operator");
    let fleet = Fleet::new(&site, &["a", "b"]);
    turn_authentication_on(
        &site.control,
        &["root", "control"],
        &format!("{}/b/", site.prefix),
    );
    let error = String::from_utf8(fleet.look(&[]).stderr).unwrap();
    assert!(error.contains("permission denied"), "{error}");
    site.control
        .run(&["user", "grant-role", "operator", "readers"])
        .expect_success();
    let seen = fleet.json(0);
    assert_eq!(seen["partial"], true);
    assert_eq!(seen["pkis"].as_array().unwrap().len(), 1);
    assert_eq!(seen["pkis"][0]["cluster"], "b");
    let text = String::from_utf8(fleet.look(&[]).stdout).unwrap();
    assert!(text.contains("may read below"), "{text}");
}

#[test]
fn where_there_is_nothing_it_is_said() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    let error = one.fails(1, &["status", "--fleet"]);
    assert!(error.contains("no PKI here"), "{error}");
    let error = Workspace::new().fails(2, &["status", "--fleet"]);
    assert!(error.contains("--store etcd://HOST:PORT/PREFIX"), "{error}");
}
