//! `etcdpki` as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod init;
mod revoke;
mod verify;
mod workspace;
