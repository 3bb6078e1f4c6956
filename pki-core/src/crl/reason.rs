//! Why a certificate is revoked.

use std::fmt;
use std::str::FromStr;

/// A reason code (RFC 5280 section 5.3.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reason {
    /// An attribute authority was compromised: in lists of others only.
    AaCompromise,
    /// The subject's name or another datum has changed.
    AffiliationChanged,
    /// The key of an authority was compromised.
    CaCompromise,
    /// Revoked for the time being: the one reason that can be taken back.
    CertificateHold,
    /// The certificate is needed no more.
    CessationOfOperation,
    /// The private key was compromised.
    KeyCompromise,
    /// The subject may not do any more what the certificate says.
    PrivilegeWithdrawn,
    /// Taken back, in delta lists: in lists of others only.
    RemoveFromCrl,
    /// Another certificate took its place.
    Superseded,
    /// None given: written as no reason at all.
    Unspecified,
}

impl Reason {
    /// Those for which a certificate can be revoked here.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The name in RFC 5280: `keyCompromise`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AaCompromise => "aACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::CaCompromise => "cACompromise",
            Self::CertificateHold => "certificateHold",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::KeyCompromise => "keyCompromise",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::Superseded => "superseded",
            Self::Unspecified => "unspecified",
        }
    }

    /// Whether it can be taken back.
    pub fn is_hold(self) -> bool {
        self == Self::CertificateHold
    }

    /// Whether somebody else may have the key.
    pub(crate) fn is_compromise(self) -> bool {
        matches!(
            self,
            Self::AaCompromise | Self::CaCompromise | Self::KeyCompromise
        )
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }
}

impl From<Reason> for rcgen::RevocationReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::AaCompromise => Self::AaCompromise,
            Reason::AffiliationChanged => Self::AffiliationChanged,
            Reason::CaCompromise => Self::CaCompromise,
            Reason::CertificateHold => Self::CertificateHold,
            Reason::CessationOfOperation => Self::CessationOfOperation,
            Reason::KeyCompromise => Self::KeyCompromise,
            Reason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
            Reason::RemoveFromCrl => Self::RemoveFromCrl,
            Reason::Superseded => Self::Superseded,
            Reason::Unspecified => Self::Unspecified,
        }
    }
}

/// In whatever case, and with hyphens or without: `keyCompromise` and `key-compromise`.
impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.replace('-', "");
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str().eq_ignore_ascii_case(&plain))
            .ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`Reason`].
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no reason for a revocation: choose unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or privilegeWithdrawn"
)]
pub struct UnknownReason(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse::<Reason>().unwrap(), reason);
        }
        for code in 0..=10 {
            let Some(reason) = Reason::from_code(code) else {
                assert_eq!(code, 7);
                continue;
            };
            let written: rcgen::RevocationReason = reason.into();
            let expected = format!("{written:?}");
            assert_eq!(format!("{reason:?}"), expected);
        }
        assert_eq!(
            "ca-compromise".parse::<Reason>().unwrap(),
            Reason::CaCompromise
        );
        for text in ["", "removeFromCRL", "aACompromise", "lost"] {
            assert!(text.parse::<Reason>().is_err(), "{text}");
        }
    }
}
