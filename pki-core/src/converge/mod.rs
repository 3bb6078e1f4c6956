//! From what is there to what the description asks for.
//!
//! [`plan`] looks at certificates alone and needs no key. [`Plan::apply`] makes what is missing.
//! It never removes or overwrites a certificate: a leaf that no longer fits the description gets
//! a new generation. When it is interrupted, the next plan goes on from what is there.

mod apply;
mod error;
mod plan;
mod state;

pub use apply::Issued;
pub use error::ConvergeError;
pub use plan::{Action, Plan, Reason, plan};
pub use state::State;

#[cfg(test)]
mod tests;
