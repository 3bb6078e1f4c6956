//! From a passphrase to a key: argon2id (RFC 9106).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rayon::iter::{IntoParallelIterator, ParallelExtend, ParallelIterator};
use serde::{Deserialize, Serialize};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::SealError;
use super::cipher::SecretKey;

/// A passphrase. It is wiped from memory when it is dropped, and never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the octets of a passphrase, as they were typed or read.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn new(octets: impl Into<Vec<u8>>) -> Result<Self, SealError> {
        let octets = Zeroizing::new(octets.into());
        match octets.is_empty() {
            true => Err(SealError::NoPassphrase),
            false => Ok(Self(octets)),
        }
    }

    /// Derives the key that wraps the data keys.
    pub(super) fn derive(
        &self,
        salt: &[u8],
        parameters: KdfParameters,
    ) -> Result<SecretKey, SealError> {
        let parameters = parameters.checked()?;
        let mut key = SecretKey::default();
        let count = parameters.block_count();
        let mut memory: Vec<Block> = Vec::new();
        let refused = |_| SealError::NoMemory {
            kib: parameters.m_cost(),
        };
        memory.try_reserve_exact(count).map_err(refused)?;
        // The first touch of so much memory takes a quarter of the whole time on one thread.
        memory.par_extend((0..count).into_par_iter().map(|_| Block::new()));
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into_with_memory(&self.0, salt, &mut *key, &mut memory)
            .map_err(|error| SealError::Kdf(error.to_string()))?;
        // So does giving it back, for which nobody need wait.
        rayon::spawn(move || drop(memory));
        Ok(key)
    }
}

impl ZeroizeOnDrop for Passphrase {}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(****)")
    }
}

/// The cost of one derivation.
///
/// The default is the second recommended option of RFC 9106 section 4: 64 MiB, 3 passes,
/// 4 lanes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KdfParameters {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes, which threads can fill side by side.
    pub lanes: u32,
}

impl KdfParameters {
    /// The parameters, if a keyring that somebody changed cannot exhaust the machine with them.
    pub(super) fn checked(self) -> Result<Params, SealError> {
        let bounds = [
            ("memory_kib", self.memory_kib, MAX_MEMORY_KIB),
            ("passes", self.passes, MAX_PASSES),
            ("lanes", self.lanes, MAX_LANES),
        ];
        for (name, value, most) in bounds {
            if value > most {
                return Err(SealError::Kdf(format!(
                    "{name} is {value}, more than {most}"
                )));
            }
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|error| SealError::Kdf(error.to_string()))
    }
}

impl Default for KdfParameters {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

/// 2 GiB, the first recommended option of RFC 9106.
const MAX_MEMORY_KIB: u32 = 2 * 1024 * 1024;
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 64;
