//! The documentation: every link leads somewhere, and every command line that is shown can be
//! typed, and programs in guides run.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod commands;
mod embedding;
mod links;
mod pages;
