//! The documentation: every link leads somewhere, every command line that is shown can be typed,
//! every variable of the environment that is read is told of, and programs in guides run.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod commands;
mod embedding;
mod links;
mod pages;
mod variables;
