//! Certificates and authorities of three members of etcd are replaced while clients write to all
//! of them.
//!
//! Every story shows what it measured, with `--nocapture`: how often each member was restarted,
//! how many writes were acknowledged, of how many the first attempt failed, and of how many
//! another one at another member did, too. First attempts fail where the member that they go to
//! is being restarted.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod doctor;
mod expiry;
mod interruption;
mod live;
mod site;
mod table;

use fixtures::etcd::Release;
use live::{Cost, Live, Rotation};
use site::{GUEST, Site};

const CROSS_SIGN: Rotation = Rotation {
    authority: "etcd",
    procedure: "cross-sign",
};

/// Each story has one release of etcd, which saves half of the time; they are exchanged by
/// `ETCDPKI_TEST_RELEASES=exchanged`.
fn release(usual: Release) -> Release {
    let exchanged = std::env::var("ETCDPKI_TEST_RELEASES").is_ok_and(|it| it == "exchanged");
    match (exchanged, usual) {
        (false, usual) => usual,
        (true, Release::Installed) => Release::Newer,
        (true, Release::Newer) => Release::Installed,
    }
}

#[test]
fn leaves_are_renewed_and_a_client_revoked_while_members_serve() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Installed), &[]);
    live.measure("leaves, same key", Cost::Nothing, |live| {
        issue(live, "--renew");
        live.deliver();
    });
    live.measure("leaves, new key", Cost::Handshakes, |live| {
        issue(live, "--rekey");
        live.deliver_decrypted();
    });
    live.measure("revocation of a client", Cost::Nothing, |live| {
        let revoke = ["revoke", GUEST, "--reason", "cessationOfOperation"];
        live.site.etcdpki(&revoke).expect_success();
        live.site.deliver_list();
        let guest = live.site.client(GUEST);
        for member in live.running() {
            let answer = live.at(&guest, &member).run(&["get", "k"]);
            assert!(!answer.status.success(), "{answer}");
        }
    });
    live.site.etcdpki(&["init"]).expect_success();
    live.assert_clean();
    table::print(live.rows());
}

#[test]
fn the_authority_that_members_trust_is_replaced_while_they_serve() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Installed), &[]);
    live.rotate("etcd", "cross-sign");
    live.rotate("etcd", "bundle");
    live.rotate("etcd", "same-key");
    table::print(live.rows());
}

#[test]
fn authorities_above_the_one_that_members_trust_are_replaced_while_they_serve() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Installed), &[]);
    live.rotate("intermediate", "reissue");
    live.rotate("root", "reissue");
    table::print(live.rows());
}

#[test]
fn the_root_that_members_trust_is_replaced_while_they_serve() {
    let site = Site::of(3, "trust_anchor: root");
    let mut live = Live::start(site, release(Release::Newer), &[]);
    live.rotate("root", "cross-sign");
    live.rotate("root", "bundle");
    live.rotate("intermediate", "reissue");
    live.rotate("etcd", "reissue");
    table::print(live.rows());
}

/// One of five, so that four are left and one of them may be restarted.
#[test]
fn a_member_that_was_off_all_the_while_catches_up() {
    let mut live = Live::start(Site::of(5, ""), release(Release::Installed), &["etcd-4"]);
    live.rotate("etcd", "cross-sign");
    live.switch_on("etcd-4");
    table::print(live.rows());
}

#[test]
fn a_step_that_is_killed_shuts_nobody_out_and_is_made_again() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Newer), &[]);
    live.rotate_by(CROSS_SIGN, interruption::halfway);
    table::print(live.rows());
}

#[test]
fn a_step_that_is_killed_before_its_vault_files_is_made_again() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Newer), &[]);
    live.rotate_by(CROSS_SIGN, interruption::before_vault_files);
    table::print(live.rows());
}

/// Members are asked what they have loaded, and one that is behind is named.
#[test]
fn no_step_is_made_before_its_time() {
    let mut live = Live::start(Site::of(3, ""), release(Release::Installed), &[]);
    let step = |live: &Live, more: &[&'static str]| {
        let places = live.places();
        let arguments = CROSS_SIGN.arguments(more);
        let places = places.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.into_iter().chain(places).collect();
        live.site.etcdpki(&arguments)
    };
    let refused = |live: &Live, more: &[&'static str], why: &str| {
        let outcome = step(live, more);
        assert_eq!(outcome.status.code(), Some(1), "{outcome}");
        for name in ["etcd-0", "etcd-1", "etcd-2"] {
            assert!(outcome.stderr.contains(name), "{outcome}");
        }
        assert!(outcome.stderr.contains(why), "{outcome}");
    };
    // Before the first step already: what was issued since and brought to nobody, and another
    // anchor that nobody has loaded.
    issue(&live, "--renew");
    refused(&live, &[], "presents the certificate");
    live.deliver();
    live.site.trust("root");
    let above = |live: &Live, more: &[&'static str]| {
        let places = live.places();
        let arguments = ["rotate", "ca", "intermediate"]
            .into_iter()
            .chain(more.iter().copied());
        let arguments: Vec<_> = arguments.chain(places.iter().map(String::as_str)).collect();
        live.site.etcdpki(&arguments)
    };
    let outcome = above(&live, &[]);
    let why = "has not loaded what members trust now, or its clock is wrong, for it refuses a certificate that holds under that: it ";
    assert!(outcome.stderr.contains(why), "{outcome}");
    live.site.trust("etcd");
    step(&live, &[]).expect_success();
    let early = step(&live, &[]);
    assert!(early.stderr.contains("--clients-ready"), "{early}");
    refused(&live, &["--clients-ready"], "presents the certificate");
    live.deliver();
    step(&live, &["--clients-ready"]).expect_success();
    refused(&live, &[], "has not loaded what members trust now");
    live.deliver();
    refused(&live, &[], "has not loaded what members trust now");
    live.restart();
    step(&live, &[]).expect_success();
    live.deliver();
    live.wait_for_writes();
    live.assert_clean();
}

fn issue(live: &Live, how: &str) {
    for owner in live.site.owners() {
        live.site.etcdpki(&["issue", &owner, how]).expect_success();
    }
}
