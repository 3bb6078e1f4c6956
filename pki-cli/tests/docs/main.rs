//! The documentation: every link leads somewhere, and every command line that is shown can be
//! typed.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod commands;
mod links;
mod pages;
