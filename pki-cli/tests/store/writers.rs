//! Several who write at once, and some who do not come to their end.

use std::collections::HashSet;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::site::{Operator, Site};

/// How many certificates each of them issues.
const EACH: usize = 8;

fn issue_many(operator: &Operator, who: usize) {
    for number in 0..EACH {
        operator.succeeds(&["issue", &format!("w{who}-{number}"), "--role", "client"]);
    }
}

/// That no serial number is there twice, and that there are so many.
#[track_caller]
fn assert_distinct(serials: &[String], count: usize) {
    let distinct: HashSet<_> = serials.iter().collect();
    assert_eq!(distinct.len(), serials.len());
    assert_eq!(serials.len(), count);
}

#[test]
fn two_and_four_writers_lose_nothing_and_do_nothing_twice() {
    for (site, writers) in Site::each().zip([2, 4]) {
        let one = site.operator();
        one.succeeds(&["init", "--generate-secrets"]);
        let before = one.serials().len();
        let operators: Vec<_> = (0..writers).map(|_| site.colleague(&one)).collect();
        thread::scope(|scope| {
            for (who, operator) in operators.iter().enumerate() {
                scope.spawn(move || issue_many(operator, who));
            }
        });
        assert_distinct(&one.serials(), before + writers * EACH);
        for who in 0..writers {
            for number in 0..EACH {
                let key = format!("certificates/w{who}-{number}/client/1/tls.crt");
                assert!(site.keys().contains(&key), "{key}");
            }
        }
    }
}

#[test]
fn a_writer_that_is_killed_at_any_moment_leaves_no_half_certificate() {
    for site in Site::each() {
        let one = site.operator();
        one.succeeds(&["init", "--generate-secrets"]);
        let before = one.serials().len();
        for number in 0..10 {
            let arguments = ["issue", &format!("k{number}"), "--role", "client"];
            let mut writer = one.command(&arguments);
            let mut writer = writer
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::sleep(Duration::from_millis(17 * (number * 7 % 10)));
            writer.kill().unwrap();
            writer.wait().unwrap();
            // The lease of the killed one need not be waited for in a test.
            let lock = format!("{}/lock", site.prefix);
            site.control.run(&["del", &lock]).expect_success();
        }
        one.succeeds(&["issue", "last", "--role", "client"]);
        let keys = site.keys();
        let killed = (0..10).filter(|number| {
            let file = |name| keys.contains(&format!("certificates/k{number}/client/1/{name}"));
            assert_eq!(file("tls.crt"), file("tls.key.sealed"));
            file("tls.crt")
        });
        assert_distinct(&one.serials(), before + killed.count() + 1);
    }
}

#[test]
fn a_lock_that_a_killed_writer_left_ends_by_itself_and_is_waited_for() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    one.succeeds(&["init", "--generate-secrets"]);
    let lock = format!("{}/lock", site.prefix);
    let lease = site
        .control
        .run(&["lease", "grant", "4"])
        .expect_success()
        .stdout;
    let lease = lease.split(' ').nth(1).unwrap().to_owned();
    let lease = format!("--lease={lease}");
    site.control
        .run(&["put", &lease, &lock, "`issue` on another host"])
        .expect_success();
    let output = one.run(&["issue", "late", "--role", "client"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    let told = "waiting for another etcdpki that is at work in the store: `issue` on another host";
    assert!(errors.contains(told), "{errors}");
}
