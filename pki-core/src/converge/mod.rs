//! From what is there to what the description asks for.
//!
//! [`plan`] looks at certificates alone and needs no key. [`Plan::apply`] makes what is missing.
//! It never removes or overwrites a certificate: a leaf that no longer fits the description gets
//! a new generation. When it is interrupted, the next plan goes on from what is there.

mod answer;
mod apply;
mod chain;
mod error;
mod order;
mod outlook;
mod plan;
mod renewal;
mod revoke;
mod state;

pub use answer::AuthorityAnswer;
pub use apply::Issued;
pub(crate) use chain::join;
pub use error::ConvergeError;
pub use order::{Order, OrderKey, Ordered};
pub use plan::{Action, LeafKey, Plan, Reason, Terms, check_cluster, plan, plan_step};
pub use renewal::{Renewal, ending_before, next_renewal, renewals};
pub use revoke::{Signed, revoke};
pub use state::State;

#[cfg(test)]
mod tests;
