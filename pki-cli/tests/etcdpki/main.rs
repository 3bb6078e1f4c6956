//! `etcdpki` as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod adopt;
mod authorities;
mod damage;
mod doctor;
mod errors;
mod escrow;
mod explain;
mod export;
mod hook;
mod init;
mod inspect;
mod issue;
mod lost;
mod others;
mod prompts;
mod provision;
mod report;
mod revoke;
mod rotate;
mod shell;
mod slots;
mod status;
#[cfg(not(feature = "etcd"))]
mod store;
#[path = "../vault_support/terminal.rs"]
mod terminal;
mod vault_files;
mod verify;
mod width;
mod workspace;
