//! Rules for a whole PKI: its files against each other and against the description.

use super::{Lint, error, notice, warning};

/// A file or directory that must be there is not.
pub const MISSING: Lint = error(
    "missing",
    "everything that the description asks for is there",
    "the description",
    "run `etcdpki init` to make it",
);
/// An authority is not there.
pub const AUTHORITY_MISSING: Lint = error(
    "authority-missing",
    "every authority is there",
    "the description; what it signed needs it",
    "restore it from a copy; `etcdpki init` makes it if it never was",
);
/// A file cannot be understood.
pub const UNREADABLE: Lint = error(
    "unreadable",
    "every certificate and every sealed key can be read",
    "RFC 7468, RFC 5280, and the sealed-key format",
    "restore it from a copy",
);
/// An authority is not in its period of validity.
pub const AUTHORITY_NOT_VALID: Lint = error(
    "authority-not-valid",
    "every authority is valid at this time",
    "etcd refuses everything below an authority that has expired, a trusted one too",
    "renew it, and restart who trusts it; check the clock if it begins later",
);
/// A signature does not verify.
pub const SIGNATURE: Lint = error(
    "signature-not-of-issuer",
    "every authority is signed by the one above it",
    "RFC 5280 section 6.1.3 (a)(1)",
    "restore both from a copy",
);
/// No path leads to a trust anchor.
pub const PATH: Lint = error(
    "path-not-valid",
    "a path from every leaf to every trust anchor holds",
    "RFC 5280 section 6",
    "run `etcdpki init` to issue it anew, or restore what was changed",
);
/// A certificate can be used for what it must not.
pub const UNWANTED_USAGE: Lint = error(
    "usage-unwanted",
    "a leaf can be used for what its role needs, and for nothing else",
    "the description and etcd's roles",
    "run `etcdpki init` to issue it anew",
);
/// A name does not match.
pub const NAME: Lint = error(
    "name-not-matched",
    "a client that dials a described name takes the certificate for it",
    "RFC 6125",
    "run `etcdpki init` to issue it anew",
);
/// A leaf is not as described.
pub const NOT_AS_DESCRIBED: Lint = error(
    "not-as-described",
    "names, usages and subject of a leaf are those described",
    "the description",
    "run `etcdpki init` to issue it anew",
);
/// A trust bundle is not what it must be.
pub const TRUST_STALE: Lint = error(
    "trust-stale",
    "the CA files hold what must be trusted now, and nothing else",
    "the description and the authorities",
    "run `etcdpki init` to write it anew",
);
/// A certificate in use is on the revocation list.
pub const REVOKED: Lint = error(
    "revoked",
    "no certificate in use is on the revocation list",
    "etcd refuses it at its next connection",
    "issue it anew, and install it",
);
/// The revocation list cannot be read.
pub const CRL_UNREADABLE: Lint = error(
    "crl-unreadable",
    "the revocation list can be read",
    "etcd refuses everybody while it cannot read the list",
    "make it anew, or restore it from a copy",
);
/// A vault file is in clear.
pub const VAULT_IN_CLEAR: Lint = error(
    "vault-in-clear",
    "every vault file is encrypted",
    "it holds private keys",
    "encrypt it, and replace its keys if others could read it",
);
/// A vault file holds other certificates or keys than the PKI.
pub const VAULT_STALE: Lint = error(
    "vault-stale",
    "vault files hold the newest certificates and keys",
    "hosts are provisioned from them",
    "run `etcdpki init` to write it anew",
);
/// A vault file does not open.
pub const VAULT_UNREADABLE: Lint = error(
    "vault-unreadable",
    "every vault file opens with the vault password, and is YAML",
    "hosts are provisioned from them",
    "is it another password? Otherwise restore it from a copy, or move it away and run `etcdpki init`",
);
/// A setting that changes nothing that is there.
pub const FOR_NEXT_ISSUE: Lint = notice(
    "setting-for-next-issue",
    "keys, lifetimes and the settings of authorities are those described",
    "the description: these count for what is issued next, and nothing is issued anew for them",
    "renew or rotate it, if it should have them now",
);
/// A certificate that the description does not ask for.
pub const UNDESCRIBED: Lint = notice(
    "undescribed",
    "every certificate that is valid is described",
    "a node or client that was removed keeps its certificate until that expires",
    "revoke it, if it is not to be used any more",
);

/// The replacement of the data keys was interrupted.
pub const KEYS_RETIRING: Lint = warning(
    "data-keys-retiring",
    "no data keys are being replaced",
    "the keyring",
    "finish it with `etcdpki ca slot rotate`",
);
/// A slot was changed by somebody who cannot open it.
pub const SLOT_FORGED: Lint = error(
    "slot-forged",
    "every key slot was written by somebody who can open the keyring",
    "the keyring: anyone can encrypt to age recipients",
    "restore keyring.yml from a copy, or remove the slot",
);

/// The rules for a whole PKI.
pub(super) const LINTS: &[Lint] = &[
    MISSING,
    AUTHORITY_MISSING,
    UNREADABLE,
    AUTHORITY_NOT_VALID,
    SIGNATURE,
    PATH,
    UNWANTED_USAGE,
    NAME,
    NOT_AS_DESCRIBED,
    TRUST_STALE,
    REVOKED,
    CRL_UNREADABLE,
    VAULT_IN_CLEAR,
    VAULT_STALE,
    VAULT_UNREADABLE,
    FOR_NEXT_ISSUE,
    UNDESCRIBED,
    KEYS_RETIRING,
    SLOT_FORGED,
];
