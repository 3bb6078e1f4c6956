//! Exports of keys of every algorithm, held against those that read them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod desk;
mod kubeadm;
mod kubernetes;
mod pkcs12;
mod plain;
