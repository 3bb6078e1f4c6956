//! `etcdpki` as a user meets it.

mod init;
mod verify;
mod workspace;
