//! Bytes that are made anew again and again, in memory that is not wiped for it each time.

use zeroize::Zeroize;

#[derive(Default)]
pub(crate) struct Buffer {
    /// Those behind `length` are left from before.
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// One that takes so much without growing, which leaves a copy behind.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            length: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Room for so many bytes more, which hold anything.
    pub(crate) fn extend(&mut self, count: usize) -> &mut [u8] {
        let start = self.length;
        self.length += count;
        if self.bytes.len() < self.length {
            self.bytes.resize(self.length, 0);
        }
        &mut self.bytes[start..self.length]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.extend(bytes.len()).copy_from_slice(bytes);
    }

    /// Removes so many bytes from the start.
    pub(crate) fn remove(&mut self, count: usize) {
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Removes the bytes that `keep` says no to.
    pub(crate) fn retain(&mut self, keep: impl Fn(u8) -> bool) {
        let mut kept = 0;
        for index in 0..self.length {
            let byte = self.bytes[index];
            if keep(byte) {
                self.bytes[kept] = byte;
                kept += 1;
            }
        }
        self.length = kept;
    }
}

impl Zeroize for Buffer {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_not_seen_again() {
        let mut buffer = Buffer::default();
        buffer.push(b"abcdef");
        buffer.remove(2);
        buffer.retain(|byte| byte != b'd');
        assert_eq!(buffer.as_bytes(), b"cef");
        buffer.truncate(1);
        buffer.push(b"xy");
        assert_eq!((buffer.as_bytes(), buffer.len()), (&b"cxy"[..], 3));
        buffer.as_mut_bytes()[0] = b'z';
        assert_eq!(buffer.as_bytes(), b"zxy");
        buffer.clear();
        assert!(buffer.is_empty());
        assert_eq!(buffer.as_bytes(), b"");
    }

    #[test]
    fn what_is_wiped_is_so_to_its_end() {
        let mut buffer = Buffer::with_capacity(8);
        buffer.push(b"secret");
        buffer.truncate(1);
        buffer.zeroize();
        assert!(buffer.is_empty());
        assert_eq!(buffer.extend(6), [0; 6]);
    }
}
