//! What is said of etcd's flags and settings, held against etcd itself, 3.4 and 3.5.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod flags;
mod stage;
mod trials;
