//! `etcdpki` as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod adopt;
mod authorities;
mod init;
mod issue;
mod revoke;
mod slots;
mod status;
mod verify;
mod workspace;
