//! Names that hosts register in etcd, and a resolver that answers from them.

use std::fs::File;
use std::process::Child;

use fixtures::Outcome;

use crate::assert_changed;
use crate::lab::{self, DOMAIN, Lab, inside};
use crate::writer::while_writing;

/// Hosts find each other by what they registered, in the article's old keys and in CoreDNS's.
pub(crate) fn resolve(lab: &Lab, members: &[usize]) {
    // The old API is asked for by a flag, which is given in the other form of the unit: members
    // restart one by one, now and when it is taken back.
    let old = [
        "common_dns_registration=v2",
        "etcd_server_enable_v2=true",
        "etcd_server_settings=environment",
    ];
    for (api, settings) in [("v2", &old[..]), ("v3", &[])] {
        let resolver = Resolver::start(lab, api);
        let written = while_writing(lab, api, members, || {
            play(lab, "etcd.yml", members, settings).expect_success();
        });
        written.assert_nobody_noticed(lab, api, members);
        resolver.assert_answers(lab);
        lab.write("register.yml", REGISTER);
        let again = play(lab, "register.yml", members, settings).expect_success();
        assert_changed(&again, 0);
    }
}

fn play(lab: &Lab, playbook: &str, members: &[usize], settings: &[&str]) -> Outcome {
    let url = "common_dns_url=https://10.77.0.10:2379";
    let mut arguments = vec!["--extra-vars", url];
    for setting in settings {
        arguments.extend(["--extra-vars", *setting]);
    }
    lab.play_with_resolver(playbook, ADDRESS, members, &arguments)
}

/// A DNS server that has its names from etcd, on the computer that hosts are provisioned from.
struct Resolver {
    process: Child,
}

impl Resolver {
    fn start(lab: &Lab, api: &str) -> Self {
        let script = lab::workspace().join("fixtures/hosts/resolver.py");
        let python = lab::tools().join("python3");
        let (script, python) = (script.display().to_string(), python.display().to_string());
        let files = [
            "etcdctl/ca.crt",
            "etcdctl/current/client.crt",
            "etcdctl/current/client.key",
        ];
        let files = files.map(|file| lab.path(file).display().to_string());
        let mut all = vec![
            python.as_str(),
            &script,
            api,
            ADDRESS,
            DOMAIN,
            "https://10.77.0.10:2379",
        ];
        all.extend(files.iter().map(String::as_str));
        let log = File::create(lab.path(LOG)).unwrap();
        Self {
            process: lab.from("control", &all).stdout(log).spawn().unwrap(),
        }
    }

    fn assert_answers(&self, lab: &Lab) {
        // A resolver gives up after some seconds, which a busy machine may need.
        let ask =
            format!("for i in $(seq 10); do getent -s dns ahostsv4 etcd-2.{DOMAIN} && break; done");
        let answer = inside(1, &ask);
        let log = lab.read(LOG);
        assert!(answer.stdout.starts_with("10.77.0.12 "), "{answer}\n{log}");
        let nobody = inside(1, &format!("getent -s dns ahostsv4 etcd-9.{DOMAIN}"));
        assert!(!nobody.status.success(), "{nobody}");
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where it answers.
const ADDRESS: &str = "10.77.0.1";
const LOG: &str = "resolver.log";

/// The last part of etcd.yml.
const REGISTER: &str = "\
- hosts: all
  gather_subset: [min, network]
  tasks:
    - ansible.builtin.import_role: { name: common, tasks_from: register }
";
