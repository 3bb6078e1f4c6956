//! How an agent becomes known: by a token that is good once, or by a person who admits it.

use std::fmt::Write as _;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::letters::{self, Message};
use super::record::Invitation;
use crate::base64;
use crate::key::{Fingerprint, KeyAlgorithm, KeyError, PrivateKey, PublicKey};
use crate::seal::AgeRecipient;
use crate::secret_text::SecretText;
use crate::signer::{SignError, SignatureAlgorithm, Signer as _};
use crate::text::instant;
use crate::verify;

/// What lets an agent be admitted once. It is a key; the PKI keeps its public half alone.
#[derive(Debug)]
pub struct Token {
    /// The invitation that it belongs to.
    pub invitation: String,
    /// The node or client whose agent it is for.
    pub owner: String,
    /// Whose signature the agent is to trust.
    pub publisher: Fingerprint,
    key: PrivateKey,
}

impl Token {
    /// Makes a token, and the invitation to be kept of it.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give.
    pub fn new(
        owner: &str,
        publisher: Fingerprint,
        valid: Duration,
        now: OffsetDateTime,
    ) -> Result<(Self, Invitation), KeyError> {
        let key = PrivateKey::generate(KeyAlgorithm::Ed25519)?;
        // The name of a fresh key is as random as the key.
        let id = key.public_key().fingerprint().to_string()[..ID].to_owned();
        let invitation = Invitation {
            id: id.clone(),
            owner: owner.to_owned(),
            expires: (now + valid).replace_nanosecond(0).unwrap_or(now),
            used: None,
            key: key.public_key().spki_der().to_vec(),
        };
        let token = Self {
            invitation: id,
            owner: owner.to_owned(),
            publisher,
            key,
        };
        Ok((token, invitation))
    }

    /// The text that is brought to the machine: a secret.
    pub fn to_text(&self) -> SecretText {
        let key = Zeroizing::new(Base64UrlUnpadded::encode_string(self.key.pkcs8_der()));
        let mut text = SecretText::with_capacity(PREFIX.len() + 200 + key.len());
        let publisher = Base64UrlUnpadded::encode_string(self.publisher.as_bytes());
        // A text takes whatever is written to it.
        let _ = write!(text, "{PREFIX}{}.{publisher}.{}", self.owner, *key);
        text
    }

    /// Reads that text.
    ///
    /// # Errors
    ///
    /// When it is not whole.
    pub fn from_text(text: &str) -> Result<Self, InvalidToken> {
        let rest = text.trim().strip_prefix(PREFIX).ok_or(InvalidToken)?;
        // The names of owners may have dots in them.
        let (rest, key) = rest.rsplit_once('.').ok_or(InvalidToken)?;
        let (owner, publisher) = rest.rsplit_once('.').ok_or(InvalidToken)?;
        let mut fingerprint = [0; 32];
        let decoded = Base64UrlUnpadded::decode(publisher, &mut fingerprint);
        if decoded.map_err(|_| InvalidToken)?.len() != fingerprint.len() {
            return Err(InvalidToken);
        }
        let key = Base64UrlUnpadded::decode_vec(key).map_err(|_| InvalidToken)?;
        let key = PrivateKey::from_der(&Zeroizing::new(key)).map_err(|_| InvalidToken)?;
        Ok(Self {
            invitation: key.public_key().fingerprint().to_string()[..ID].to_owned(),
            owner: owner.to_owned(),
            publisher: Fingerprint::from_bytes(fingerprint),
            key,
        })
    }
}

/// A text that is no token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "this is no token, or not the whole of one: `etcdpki agent invite` prints them, beginning with {PREFIX}"
)]
pub struct InvalidToken;

/// How an agent asks to be admitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The node or client that it acts for.
    pub owner: String,
    /// To whom its deliveries are to be encrypted.
    pub recipient: AgeRecipient,
    /// What the machine calls itself, for who admits it.
    pub host: String,
    /// When it asked.
    #[serde(with = "time::serde::rfc3339")]
    pub asked: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// That an agent has a token.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    invitation: String,
    #[serde(with = "base64")]
    signature: Vec<u8>,
}

impl Message for Enrolment {
    const WHAT: &'static str = "enrolment";
}

impl Enrolment {
    /// Asks with a token, or to be admitted by a person.
    ///
    /// # Errors
    ///
    /// When the token does not sign.
    pub fn new(
        owner: &str,
        recipient: AgeRecipient,
        host: &str,
        token: Option<&Token>,
        now: OffsetDateTime,
    ) -> Result<Self, SignError> {
        let mut enrolment = Self {
            owner: owner.to_owned(),
            recipient,
            host: host.to_owned(),
            asked: now,
            proof: None,
        };
        enrolment.proof = token.map(|token| enrolment.proved(token)).transpose()?;
        Ok(enrolment)
    }

    /// The invitation that it claims to have.
    pub fn invitation(&self) -> Option<&str> {
        self.proof.as_ref().map(|proof| proof.invitation.as_str())
    }

    /// Whether it was made with the token of an invitation that is good now.
    ///
    /// # Errors
    ///
    /// When it was not.
    pub fn check(&self, invitation: &Invitation, now: OffsetDateTime) -> Result<(), Refusal> {
        let proof = self.proof.as_ref().ok_or(Refusal::NoToken)?;
        let key = PublicKey::from_spki_der(&invitation.key).map_err(|_| Refusal::Forged)?;
        let signed = self.signed(&proof.invitation);
        let algorithm = SignatureAlgorithm::Ed25519;
        if !verify::is_signature(&key, algorithm, &signed, &proof.signature) {
            return Err(Refusal::Forged);
        }
        if invitation.owner != self.owner {
            return Err(Refusal::OtherOwner {
                asked: self.owner.clone(),
                invited: invitation.owner.clone(),
            });
        }
        if let Some(used) = invitation.used {
            return Err(Refusal::Used(instant(used)));
        }
        match now < invitation.expires {
            true => Ok(()),
            false => Err(Refusal::Expired(instant(invitation.expires))),
        }
    }

    fn proved(&self, token: &Token) -> Result<Proof, SignError> {
        let signed = self.signed(&token.invitation);
        Ok(Proof {
            invitation: token.invitation.clone(),
            signature: token.key.sign(SignatureAlgorithm::Ed25519, &signed)?,
        })
    }

    fn signed(&self, invitation: &str) -> Vec<u8> {
        letters::to_be_signed(
            "etcdpki enrolment",
            &[
                invitation.as_bytes(),
                self.owner.as_bytes(),
                self.recipient.as_str().as_bytes(),
                self.host.as_bytes(),
                self.asked.unix_timestamp_nanos().to_be_bytes().as_slice(),
            ],
        )
    }
}

/// Why an agent is not admitted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The token's time is over.
    #[error("its token expired at {0}: make another with `etcdpki agent invite`")]
    Expired(String),
    /// Its signature is not the token's.
    #[error(
        "it does not have the token that it claims to have: make another with `etcdpki agent invite`, and enrol the machine again"
    )]
    Forged,
    /// It came without a token.
    #[error(
        "it came without a token: if it is the right machine, admit it with `etcdpki agent admit`"
    )]
    NoToken,
    /// The token is for somebody else.
    #[error(
        "it asks for the name {asked}, and its token is for {invited}: enrol it as {invited}, or make another with `etcdpki agent invite {asked}`"
    )]
    OtherOwner {
        /// The name that it asks for.
        asked: String,
        /// That of the invitation.
        invited: String,
    },
    /// No such token was made here.
    #[error("no such token was made here: make one with `etcdpki agent invite`")]
    Unknown,
    /// Somebody came with that token before.
    #[error(
        "its token was used at {0}: a token is good once; make another with `etcdpki agent invite`"
    )]
    Used(String),
}

const PREFIX: &str = "etcdpki-token-1.";
/// How long the names of invitations are, in hexadecimal digits.
const ID: usize = 32;
