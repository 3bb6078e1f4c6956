//! `etcdpki` as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod hook;
mod init;
mod provision;
mod vault_files;
mod verify;
mod workspace;
