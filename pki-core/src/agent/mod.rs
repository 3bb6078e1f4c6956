//! Pull mode: machines that fetch their certificates themselves.
//!
//! Where a play brings certificates to machines, the machines wait for it. An *agent* on a machine
//! asks for them in place of that: what it is handed is what the play would have brought. It acts for
//! one owner of certificates, a node or a client.
//!
//! | what | who makes it | who reads it |
//! |---|---|---|
//! | [`Token`] | whoever holds the PKI, as an [`Invitation`] is kept in it | the agent, once |
//! | [`Enrolment`] | the agent: the age recipient that it wants to be known by | whoever holds the PKI |
//! | [`Agent`] | whoever holds the PKI: the record of whom it has admitted | the same |
//! | [`Delivery`] | whoever holds the PKI: all of [`Content`] | the agent |
//! | [`Report`] | the agent: what it has, and what is loaded | whoever holds the PKI |
//!
//! What lies between them, an etcd cluster, is trusted with nothing. A delivery is encrypted to the
//! agent's own age recipient, so that nobody else reads the keys in it, and signed with the
//! *publisher's* key, which is kept in the PKI, sealed. Its fingerprint comes to the machine with the
//! token, so nobody else can make a machine trust an authority. A number that grows keeps an old
//! delivery from being put in place of a newer one.

mod answer;
mod content;
mod delivery;
mod enrolment;
mod letters;
mod record;
mod report;
#[cfg(test)]
mod tests;

pub use answer::{Answers, Notice, answer};
pub use content::{Content, ContentError, Member, Pair};
pub use delivery::{Delivery, DeliveryError};
pub use enrolment::{Enrolment, InvalidToken, Refusal, Token};
pub use letters::{InvalidLetter, Message};
pub use record::{Agent, Invitation};
pub use report::{Loaded, Report};
