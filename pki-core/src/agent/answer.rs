//! Who is admitted.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::enrolment::{Enrolment, Refusal};
use super::letters::Message;
use super::record::{Agent, Invitation};

/// What becomes of those who ask to be admitted.
#[derive(Debug, Default)]
pub struct Answers {
    /// Who is admitted, and was not before.
    pub admitted: Vec<Agent>,
    /// The invitations that are used up with that.
    pub used: Vec<Invitation>,
    /// Who is refused.
    pub refused: Vec<(String, Notice)>,
    /// Who waits for a person.
    pub waiting: Vec<Enrolment>,
    /// Whose letter is done with.
    pub answered: Vec<String>,
}

/// What is told to an agent that is not admitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Why.
    pub reason: String,
    /// When it asked, if that could be read: it is told nothing of what it asked for before.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub asked: Option<OffsetDateTime>,
}

impl Message for Notice {
    const WHAT: &'static str = "notice";
}

/// Decides about those who ask to be admitted. Each letter stands under the name that etcd let its
/// writer write to, and asks for that name or is refused.
pub fn answer<'a>(
    enrolments: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    agents: &[Agent],
    invitations: &[Invitation],
    now: OffsetDateTime,
) -> Answers {
    let mut answers = Answers::default();
    for (place, text) in enrolments {
        let enrolment = match Enrolment::from_json(text) {
            Ok(enrolment) => enrolment,
            Err(error) => {
                answers.refuse(place, error.to_string(), None);
                continue;
            }
        };
        // It was admitted by a command that did not come to its end.
        let is_known = agents.iter().any(|agent| {
            agent.owner == enrolment.owner
                && agent.recipient == enrolment.recipient
                && agent.invitation.as_deref() == enrolment.invitation()
        });
        if enrolment.owner == place && is_known {
            answers.answered.push(place.to_owned());
            continue;
        }
        match answers.judge(place, &enrolment, invitations, now) {
            Ok(Some(invitation)) => answers.admit(&enrolment, invitation, now),
            Ok(None) => answers.waiting.push(enrolment),
            Err(refusal) => answers.refuse(place, refusal.to_string(), Some(enrolment.asked)),
        }
    }
    answers
}

impl Answers {
    /// The invitation that it is admitted by; none if it waits for a person.
    fn judge<'a>(
        &self,
        place: &str,
        enrolment: &Enrolment,
        invitations: &'a [Invitation],
        now: OffsetDateTime,
    ) -> Result<Option<&'a Invitation>, Refusal> {
        if enrolment.owner != place {
            return Err(Refusal::OtherOwner {
                asked: enrolment.owner.clone(),
                invited: place.to_owned(),
            });
        }
        let Some(id) = enrolment.invitation() else {
            return Ok(None);
        };
        let invitation = invitations.iter().find(|invitation| invitation.id == id);
        let invitation = invitation.ok_or(Refusal::Unknown)?;
        enrolment.check(invitation, now)?;
        match self.used.iter().find(|used| used.id == id) {
            Some(used) => enrolment.check(used, now).map(|()| None),
            None => Ok(Some(invitation)),
        }
    }

    fn admit(&mut self, enrolment: &Enrolment, invitation: &Invitation, now: OffsetDateTime) {
        let admitted = now.replace_nanosecond(0).unwrap_or(now);
        self.admitted.push(Agent {
            owner: enrolment.owner.clone(),
            recipient: enrolment.recipient.clone(),
            admitted,
            invitation: Some(invitation.id.clone()),
            withdrawn: None,
        });
        self.used.push(Invitation {
            used: Some(admitted),
            ..invitation.clone()
        });
        self.answered.push(enrolment.owner.clone());
    }

    fn refuse(&mut self, place: &str, reason: String, asked: Option<OffsetDateTime>) {
        self.refused
            .push((place.to_owned(), Notice { reason, asked }));
        self.answered.push(place.to_owned());
    }
}
