//! Content on its way: encrypted to one agent, and signed.

use serde::{Deserialize, Serialize};

use super::content::{Content, ContentError};
use super::letters::{self, Message};
use crate::base64;
use crate::key::{Fingerprint, PrivateKey, PublicKey};
use crate::seal::{self, AgeIdentities, AgeRecipient, SealError};
use crate::signer::{SignError, SignatureAlgorithm, Signer as _};
use crate::verify;

/// What an agent is handed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// For whom it is.
    pub owner: String,
    /// The number of this delivery: each has a higher one than that before.
    pub number: u64,
    /// To whom it is encrypted.
    pub recipient: AgeRecipient,
    /// [`Content::fingerprint`], in hexadecimal, to tell without the keys whether it is new.
    pub content: String,
    #[serde(with = "base64")]
    encrypted: Vec<u8>,
    /// The publisher's key: SubjectPublicKeyInfo.
    #[serde(with = "base64")]
    publisher: Vec<u8>,
    #[serde(with = "base64")]
    signature: Vec<u8>,
}

impl Message for Delivery {
    const WHAT: &'static str = "delivery";
}

impl Delivery {
    /// Encrypts and signs it.
    ///
    /// # Errors
    ///
    /// When the operating system has no random numbers to give, or the key does not sign.
    pub fn new(
        owner: &str,
        number: u64,
        content: &Content,
        recipient: &AgeRecipient,
        publisher: &PrivateKey,
    ) -> Result<Self, DeliveryError> {
        let text = content.to_text();
        let encrypted = seal::encrypt_to(std::slice::from_ref(recipient), &text)?;
        let mut delivery = Self {
            owner: owner.to_owned(),
            number,
            recipient: recipient.clone(),
            content: content.fingerprint().to_string(),
            encrypted,
            publisher: publisher.public_key().spki_der().to_vec(),
            signature: Vec::new(),
        };
        let algorithm = algorithm(publisher.public_key())?;
        delivery.signature = publisher.sign(algorithm, &delivery.signed())?;
        Ok(delivery)
    }

    /// Whether this publisher signed it as it is.
    pub fn is_from(&self, publisher: &PublicKey) -> bool {
        let holds =
            |algorithm| verify::is_signature(publisher, algorithm, &self.signed(), &self.signature);
        self.publisher == publisher.spki_der() && algorithm(publisher).is_ok_and(holds)
    }

    /// Whether an agent that has this from its publisher needs nothing newer.
    pub fn is_of(&self, content: &Content, recipient: &AgeRecipient) -> bool {
        self.recipient == *recipient && self.content == content.fingerprint().to_string()
    }

    /// Opens it, if it is from this publisher, for this owner and these identities.
    ///
    /// # Errors
    ///
    /// When it is not, or was changed on its way.
    pub fn open(
        &self,
        owner: &str,
        identities: &AgeIdentities,
        publisher: Fingerprint,
    ) -> Result<Content, DeliveryError> {
        let key = PublicKey::from_spki_der(&self.publisher).map_err(|_| DeliveryError::Changed)?;
        if key.fingerprint() != publisher {
            return Err(DeliveryError::OtherPublisher {
                found: key.fingerprint(),
                known: publisher,
            });
        }
        let algorithm = algorithm(&key)?;
        if !verify::is_signature(&key, algorithm, &self.signed(), &self.signature) {
            return Err(DeliveryError::Changed);
        }
        if self.owner != owner {
            return Err(DeliveryError::OtherOwner(self.owner.clone()));
        }
        let text = identities.decrypt(&self.encrypted);
        let text = text.ok_or_else(|| DeliveryError::OtherRecipient(self.recipient.clone()))?;
        Ok(Content::from_text(&text)?)
    }

    fn signed(&self) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        letters::to_be_signed(
            "etcdpki delivery",
            &[
                self.owner.as_bytes(),
                &number,
                self.recipient.as_str().as_bytes(),
                self.content.as_bytes(),
                &self.encrypted,
            ],
        )
    }
}

fn algorithm(key: &PublicKey) -> Result<SignatureAlgorithm, SignError> {
    Ok(SignatureAlgorithm::of(key.kind()?))
}

/// Why a delivery was not made, or is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// Its signature does not hold.
    #[error("it was changed on its way: its signature does not hold")]
    Changed,
    /// What is in it cannot be used.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// It is for somebody else.
    #[error("it is for {0}")]
    OtherOwner(String),
    /// Somebody else signed it.
    #[error("it is signed by {found}, and the publisher of this PKI is {known}")]
    OtherPublisher {
        /// The fingerprint of the key that it names.
        found: Fingerprint,
        /// That of the publisher.
        known: Fingerprint,
    },
    /// It is encrypted to somebody else.
    #[error("it is encrypted to {0}, which is not the identity here")]
    OtherRecipient(AgeRecipient),
    /// It could not be encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}
