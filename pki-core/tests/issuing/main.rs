//! What is issued, held against the real openssl, certtool and cfssl.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod import;
#[path = "../support/keys.rs"]
mod keys;
mod order;
mod others;
mod request;
mod rotate;
mod signer;
mod workbench;
