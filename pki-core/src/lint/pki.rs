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
    "restore it from a copy; of a leaf, or of an older generation, remove the directory of the generation and run `etcdpki init`",
);
/// The sealed key of a described leaf is not there.
pub const KEY_MISSING: Lint = error(
    "key-missing",
    "the sealed key of every described certificate is there",
    "vault files and exports are made from it",
    "restore it from a copy, or make a new key and certificate: etcdpki issue OWNER --rekey",
);
/// A certificate is another one than was put there.
pub const CHANGED: Lint = error(
    "certificate-changed",
    "every certificate is the one that the journal tells of",
    "a generation is never overwritten; the journal holds the SHA-256 of its certificate",
    "restore it from a copy; of a leaf, or of an older generation, remove the directory of the generation and run `etcdpki init`",
);
/// The keyring cannot be read, or is another one.
pub const KEYRING: Lint = error(
    "keyring-unusable",
    "the keyring can be read, and holds the data keys that the keys are sealed with",
    "the keyring: without it no key opens",
    "restore keyring.yml from a copy",
);
/// An authority is not in its period of validity.
pub const AUTHORITY_NOT_VALID: Lint = error(
    "authority-not-valid",
    "every authority is valid at this time",
    "etcd refuses everything below an authority that has expired, a trusted one too",
    "check the clock; give it a newer certificate of the same key: `etcdpki rotate ca NAME --procedure same-key`",
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
    "restore what was changed, or issue it anew: `etcdpki init` does, or `etcdpki issue OWNER --renew` for one that it leaves as it is because it was taken over",
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
/// A certificate or a revocation list is to be made anew.
pub const RENEWAL_DUE: Lint = warning(
    "renewal-due",
    "certificates and revocation lists are made anew well before they end",
    "renew_before, the lifetime of leaves, and crl in the description",
    "run `etcdpki rotate` for certificates, `etcdpki rotate ca NAME` for an authority, `etcdpki init` for a list; then bring the files to the hosts",
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
/// What tells which of several generations is in use is not known.
pub const TRUST_LOST: Lint = error(
    "trust-lost",
    "where an authority has several generations, the CA files and the chain tell which are in use",
    "the CA files are state: in the midst of a rotation they are not those of the newest authorities",
    "restore it from a copy, such as that of git: nothing else tells how far a rotation has come",
);
/// A leaf is not as described, and cannot be before a rotation has gone on.
pub const WAITS_FOR_ROTATION: Lint = notice(
    "waits-for-rotation",
    "a leaf is as described when the rotation is done that lets it be so",
    "the description; the authority that signs at this time may not sign what it asks for",
    "go on with the rotation: `etcdpki rotate ca NAME --plan` shows its next step",
);
/// A certificate in use is on the revocation list.
pub const REVOKED: Lint = error(
    "revoked",
    "no certificate in use is revoked",
    "etcd refuses it at its next connection",
    "issue it anew, and install it",
);
/// The key of a certificate in use was compromised under another certificate.
pub const KEY_COMPROMISED: Lint = error(
    "key-compromised",
    "no certificate in use is of a key that was revoked for keyCompromise",
    "RFC 5280 section 5.3.1; a renewal with the same key is another certificate of it, and lists name certificates",
    "issue it anew with another key, install that, and revoke this one: etcdpki issue OWNER --rekey, etcdpki revoke OWNER/ROLE/GENERATION --reason keyCompromise",
);
/// A certificate in use is sent along with an authority that is on the revocation list.
pub const REVOKED_AUTHORITY: Lint = error(
    "authority-revoked",
    "no authority that certificates in use are sent along with is revoked",
    "etcd compares the serial number of every certificate that a client sends with its list",
    "while members have this list they refuse whoever sends it along, each other too, and nothing that is issued under it helps: go back to the list before, or on to another authority (docs/revocation.md)",
);
/// The revocation list cannot be read.
pub const CRL_UNREADABLE: Lint = error(
    "crl-unreadable",
    "the revocation list can be read",
    "etcd refuses everybody while it cannot read the list",
    "make it anew, or restore it from a copy",
);
/// There is no revocation list.
pub const CRL_MISSING: Lint = error(
    "crl-missing",
    "every revocation list is there, an empty one where nothing is revoked",
    "etcd refuses everybody where the file that it is given is missing",
    "run `etcdpki init` to sign it",
);
/// A revocation list does not tell what the records tell.
pub const CRL_STALE: Lint = error(
    "crl-stale",
    "every revocation list tells what the records in revocations/ tell, signed by who signs now",
    "RFC 5280 section 5; etcd refuses nobody who is not on it",
    "run `etcdpki init` to sign it anew",
);
/// A record that was written is gone.
pub const REVOCATION_LOST: Lint = error(
    "revocation-lost",
    "every revocation that the journal tells of has its record",
    "what is not recorded is not on the next list",
    "restore it from a copy, or revoke it again: etcdpki revoke --serial",
);
/// The journal was changed.
pub const JOURNAL_BROKEN: Lint = error(
    "journal-broken",
    "the lines of the journal are those that were written, in their order",
    "each line holds the SHA-256 of the one before it",
    "compare it with a copy",
);
/// The journal lacks the newest lines.
pub const JOURNAL_INCOMPLETE: Lint = notice(
    "journal-incomplete",
    "the journal tells of everything that is here",
    "a command that was killed could not write its last line",
    "run `etcdpki init` to add it",
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
/// A vault file was damaged, as can be seen without the password.
pub const VAULT_DAMAGED: Lint = error(
    "vault-damaged",
    "every vault file is a whole vault",
    "the format of ansible-vault; neither this nor ansible-vault opens a part of one",
    "restore it from a copy, such as that of git (`git checkout -- FILE`), or move it away and run `etcdpki init`",
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
    "issue a leaf anew if it should have them now: `etcdpki issue OWNER --renew`, or with `--rekey` for another kind of key; an authority keeps its own until it is replaced (`etcdpki rotate ca NAME`)",
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
    KEY_MISSING,
    CHANGED,
    KEYRING,
    AUTHORITY_NOT_VALID,
    SIGNATURE,
    PATH,
    UNWANTED_USAGE,
    NAME,
    RENEWAL_DUE,
    NOT_AS_DESCRIBED,
    TRUST_STALE,
    TRUST_LOST,
    WAITS_FOR_ROTATION,
    REVOKED,
    REVOKED_AUTHORITY,
    KEY_COMPROMISED,
    CRL_UNREADABLE,
    CRL_MISSING,
    CRL_STALE,
    REVOCATION_LOST,
    JOURNAL_BROKEN,
    JOURNAL_INCOMPLETE,
    VAULT_IN_CLEAR,
    VAULT_DAMAGED,
    VAULT_STALE,
    VAULT_UNREADABLE,
    FOR_NEXT_ISSUE,
    UNDESCRIBED,
    KEYS_RETIRING,
    SLOT_FORGED,
];
