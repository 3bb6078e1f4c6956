//! `etcdpki` killed in the middle of a step.

use std::os::unix::process::ExitStatusExt;

use fixtures::strace::{self, Call, Fault};

use crate::live::Live;

/// Kills the step halfway, brings what it left to the hosts, and makes it again.
pub(crate) fn halfway(live: &mut Live, arguments: &[&str]) {
    kill(live, arguments, |calls| &calls[calls.len() / 2]);
    make_again(live, arguments);
}

/// The same when the PKI has the step, and the vault files do not.
pub(crate) fn before_vault_files(live: &mut Live, arguments: &[&str]) {
    kill(live, arguments, |calls| {
        let mut renames = calls.iter().filter(|call| call.name.starts_with("rename"));
        let to_a_vault = |call: &&Call| call.line.contains("certificates.vault.yml");
        renames.find(to_a_vault).unwrap()
    });
    make_again(live, arguments);
}

fn make_again(live: &mut Live, arguments: &[&str]) {
    live.deliver_decrypted();
    live.wait_for_writes();
    live.site.etcdpki(arguments).expect_success();
}

/// Where a run changes what is written is told by one on a copy.
fn kill(live: &Live, arguments: &[&str], choose: impl FnOnce(&[Call]) -> &Call) {
    let (copy, command) = live.site.command_in_copy(arguments);
    let (calls, outcome) = strace::changes(&command, copy.path());
    outcome.expect_success();
    let call = choose(&calls);
    let killed = strace::run_with(&live.site.command(arguments), call, Fault::Kill);
    assert_eq!(killed.status.signal(), Some(9), "{}\n{killed}", call.line);
}
