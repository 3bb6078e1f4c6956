//! Keys at rest.
//!
//! Every private key in the PKI directory is sealed with XChaCha20-Poly1305 under the data key
//! of its [`Tier`]. The two data keys are random and are kept in the [`Keyring`], wrapped by each
//! of its slots, as in LUKS: to change a passphrase rewrites one file. What a key belongs to, its
//! [`Identity`], is authenticated with it, so a sealed key that was moved elsewhere, cut or
//! changed does not open.
//!
//! # Sealed keys
//!
//! A sealed key is a PEM block `ETCDPKI SEALED KEY`. Its octets:
//!
//! | octets | content |
//! |---|---|
//! | 1 | version, 1 |
//! | 1 | tier: 0 root, 1 issuing |
//! | 24 | nonce, random |
//! | rest | the PKCS#8 DER, encrypted, and the 16 octets of its authentication tag |
//!
//! Associated data: `etcdpki sealed key v1`, the keyring's id, the tier as above, the *path*, and
//! the SHA-256 of the public key. Here and below a name in *italics* is a text preceded by its
//! length as 4 octets, the most significant first.
//!
//! # The keyring
//!
//! `keyring.yml`, version 1. Octets are written in base64 (RFC 4648 section 4).
//!
//! | field | content |
//! |---|---|
//! | `version` | 1 |
//! | `id` | 16 random octets, for as long as the keyring lives |
//! | `cluster` | the cluster whose keys it guards |
//! | `slots` | 1 to 64 |
//! | `slots[].name` | whose it is; no two are the same |
//! | `slots[].passphrase` or `.age` | how it opens: one of the two |
//! | `retiring` | only while data keys are being replaced: the old ones |
//!
//! `passphrase` holds `argon2id` (`memory_kib`, at most 2 GiB, `passes` and `lanes`, at most 64),
//! `salt` (16 random octets) and `keys`. `keys.root` and `keys.issuing`, at least one of them,
//! each hold a `nonce` of 24 octets and a `key`: the data key of 32 octets encrypted with
//! XChaCha20-Poly1305 under what argon2id (RFC 9106) makes of the passphrase, and its tag.
//! Associated data: `etcdpki key slot v1`, the id, the *cluster*, the *name* and the *tier*
//! (`root`, `issuing`).
//!
//! `age` holds `recipients`, 1 to 16 of X25519, and `keys`. Each of those holds `file`, an
//! age-encryption.org/v1 file whose plaintext is the associated data of above, followed by the
//! data key; and `nonce` and `tag`, an XChaCha20-Poly1305 encryption of nothing under the data
//! key with the associated data `etcdpki age slot v1`, the id, the *cluster*, the *name*, the
//! *tier*, each *recipient*, and the *file*.
//!
//! `retiring.root` and `retiring.issuing` each hold `nonce` and `key`: the old data key,
//! encrypted under the new one with the associated data `etcdpki retiring key v1`, the id, the
//! *cluster* and the *tier*.
//!
//! # What a slot proves
//!
//! Who knows no passphrase cannot make a slot that it opens. Anyone can encrypt to an age
//! recipient, though: who may write the PKI directory could put another data key into an age
//! slot, and read whatever is sealed with that later. So before data keys from an age slot are
//! used, hold them against a key that is there already:
//! [`Pki::check_keys`](crate::store::Pki::check_keys). The tag keeps anyone without the data key
//! from adding a recipient who would be given the next one.
//!
//! Who could open a slot and kept a copy of the directory can open that copy for ever. Replacing
//! the data keys shuts such a person out of what is made or sealed anew; against what was in the
//! copy only new private keys help.

#[cfg(feature = "age")]
mod age;
mod cipher;
mod error;
#[cfg(feature = "age")]
mod escrow;
mod keyring;
mod passphrase;
mod recipient;
mod sealed_key;
mod slot;
mod tier;
mod unlocked;

#[cfg(feature = "age")]
pub(crate) use age::encrypt as encrypt_to;
#[cfg(feature = "age")]
pub use age::{AgeIdentities, InvalidIdentities};
pub use error::{InvalidKeyring, SealError, SlotError};
#[cfg(feature = "age")]
pub use escrow::{escrow, open_escrow};
pub use keyring::Keyring;
pub(crate) use keyring::KeyringId;
pub use passphrase::{KdfParameters, Passphrase};
pub use recipient::{AgeRecipient, InvalidRecipient};
pub use sealed_key::{Identity, SEALED_KEY, SealedKey};
pub use slot::{InvalidSlotName, Lock, LockKind, Slot, SlotName};
pub use tier::{Tier, Tiers};
pub use unlocked::Unlocked;

#[cfg(test)]
pub(crate) mod tests;
