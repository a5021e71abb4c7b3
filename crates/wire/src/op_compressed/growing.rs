//! The end of a buffer that grows as it fills, up to a length that somebody else has declared.

/// A message of usual compression is reserved at once: so many bytes for each compressed one. It is the most
/// that snappy reaches, of whose elements three bytes stand for 64 at most.
pub(super) const USUAL_RATIO: usize = 22;

/// Bytes that are reserved for any message.
const FIRST_STEP: usize = 64 * 1024;

/// Bytes that are appended to a buffer, at most as many as were declared.
///
/// A few bytes can claim to be a large message. Room for it is made in steps, the next one as large as
/// all that has appeared so far: a lie costs no more memory than about twice what it delivers.
pub(super) struct Growing<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    filled: usize,
    end: usize,
}

impl<'a> Growing<'a> {
    /// Expects `declared` bytes from `compressed` ones.
    pub(super) fn new(out: &'a mut Vec<u8>, declared: usize, compressed: usize) -> Growing<'a> {
        let start = out.len();
        let mut growing = Growing {
            out,
            start,
            filled: start,
            end: start + declared,
        };
        growing.grow(compressed.saturating_mul(USUAL_RATIO).max(FIRST_STEP));
        growing
    }

    /// Where the next bytes go; empty only when all declared bytes are there.
    pub(super) fn place(&mut self) -> &mut [u8] {
        if self.filled == self.out.len() {
            self.grow((self.filled - self.start).max(FIRST_STEP));
        }
        self.out.get_mut(self.filled..).unwrap_or_default()
    }

    /// So many bytes of [`Growing::place`] have been written.
    pub(super) fn advance(&mut self, written: usize) {
        self.filled = (self.filled + written).min(self.out.len());
    }

    /// Bytes that have been written.
    pub(super) fn written(&self) -> usize {
        self.filled - self.start
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == self.end
    }

    fn grow(&mut self, step: usize) {
        let length = self.filled.saturating_add(step).min(self.end);
        self.out.reserve_exact(length - self.out.len());
        self.out.resize(length, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_with_what_has_appeared_and_end_at_what_was_declared() {
        let mut out = vec![7; 3];
        let mut growing = Growing::new(&mut out, 5 * FIRST_STEP, 10);
        let mut steps = vec![];
        while !growing.is_full() {
            let step = growing.place().len();
            growing.advance(step);
            steps.push(step / FIRST_STEP);
        }
        assert_eq!(steps, [1, 1, 2, 1]);
        assert_eq!(growing.written(), 5 * FIRST_STEP);
        assert!(growing.place().is_empty());
        assert_eq!(out.len(), 3 + 5 * FIRST_STEP);
        assert_eq!(out.get(..4), Some(&[7, 7, 7, 0][..]));
    }

    #[test]
    fn a_usual_message_is_reserved_at_once() {
        let mut out = vec![];
        let mut growing = Growing::new(&mut out, 1_000_000, 100_000);
        assert_eq!(growing.place().len(), 1_000_000);
    }
}
