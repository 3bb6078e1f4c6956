//! The documentation: every link leads somewhere, every command line that is shown can be typed, and
//! every variable of the environment that is read is told of.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod commands;
mod links;
mod pages;
mod variables;
