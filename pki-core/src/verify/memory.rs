//! What was found to hold, and need not be looked at again.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

/// Checks that held, each by all that it depends on.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashSet<[u8; 32]>>);

impl Memory {
    /// Makes a check of `parts`, unless it held before. One that does not hold is made each time.
    pub(super) fn once<E>(
        &self,
        parts: [&[u8]; 3],
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let identity = digest(parts);
        let held = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held().contains(&identity) {
            return Ok(());
        }
        check()?;
        held().insert(identity);
        Ok(())
    }

    /// How many held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// SHA-256 over the parts, each after its length, so that no octet can move from one to another.
fn digest(parts: [&[u8]; 3]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_do_not_move_between_the_parts() {
        assert_ne!(digest([b"a", b"bc", b"d"]), digest([b"ab", b"c", b"d"]));
        assert_eq!(digest([b"a", b"b", b"c"]), digest([b"a", b"b", b"c"]));
    }

    #[test]
    fn what_held_is_not_looked_at_again_and_what_did_not_is() {
        let memory = Memory::default();
        let looked = std::cell::Cell::new(0);
        let check = |holds: bool| {
            memory.once([b"a", b"b", b"c"], || {
                looked.set(looked.get() + 1);
                holds.then_some(()).ok_or(())
            })
        };
        for (holds, result, count) in [
            (false, Err(()), 1),
            (false, Err(()), 2),
            (true, Ok(()), 3),
            (false, Ok(()), 3),
        ] {
            assert_eq!(check(holds), result);
            assert_eq!(looked.get(), count);
        }
        assert_eq!(memory.len(), 1);
    }
}
