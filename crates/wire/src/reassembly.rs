//! A message that arrives in pieces.

use crate::error::WireError;
use crate::frame::frame_length;

/// A message that has not arrived whole: the bytes so far.
#[derive(Debug, Default)]
pub struct Frame {
    bytes: Vec<u8>,
    filled: usize,
}

impl Frame {
    /// What a read asks for at the least, in bytes.
    const LEAST: usize = 64 << 10;
    /// A buffer above this size is given back once its message is complete.
    const KEPT: usize = 64 << 10;

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Starts with the first bytes of a message.
    pub fn start(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        self.filled = bytes.len();
    }

    /// Room for the next bytes: never past the end of the message, and never more than what is already
    /// there again, so that a length alone reserves nothing.
    ///
    /// # Errors
    ///
    /// Those of [`frame_length`].
    pub fn spare(&mut self, limit: usize) -> Result<&mut [u8], WireError> {
        let whole = frame_length(&self.bytes[..self.filled], limit)?.unwrap_or(4);
        let room = whole.min(self.filled + self.filled.max(Self::LEAST));
        self.bytes.resize(room, 0);
        Ok(&mut self.bytes[self.filled..])
    }

    /// Counts `read` bytes of the spare room in. `true` when the message is complete.
    ///
    /// # Errors
    ///
    /// Those of [`frame_length`].
    pub fn advance(&mut self, read: usize, limit: usize) -> Result<bool, WireError> {
        self.filled += read;
        Ok(frame_length(&self.bytes[..self.filled], limit)? == Some(self.filled))
    }

    /// The bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Puts a whole message in the place of the one that is there.
    pub fn replace(&mut self, bytes: Vec<u8>) {
        self.filled = bytes.len();
        self.bytes = bytes;
    }

    /// The message, moved out.
    pub fn take(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.filled);
        self.filled = 0;
        std::mem::take(&mut self.bytes)
    }

    /// Forgets the message.
    pub fn clear(&mut self) {
        self.filled = 0;
        if self.bytes.capacity() > Self::KEPT {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Frame;

    fn message(length: usize) -> Vec<u8> {
        let mut message: Vec<u8> = (0..length).map(|at| at as u8).collect();
        message[..4].copy_from_slice(&(length as i32).to_le_bytes());
        message
    }

    #[test]
    fn a_message_is_the_same_however_it_is_split() {
        let whole = message(200);
        for step in 1..whole.len() {
            let mut frame = Frame::default();
            frame.start(&whole[..step]);
            let mut complete = step == whole.len();
            while !complete {
                let at = frame.bytes().len();
                let spare = frame.spare(1000).expect("a legal length");
                let take = spare.len().min(step);
                spare[..take].copy_from_slice(&whole[at..at + take]);
                complete = frame.advance(take, 1000).expect("a legal length");
            }
            assert_eq!(frame.take(), whole);
            assert!(frame.is_empty());
        }
    }

    #[test]
    fn a_declared_length_reserves_little() {
        let mut frame = Frame::default();
        frame.start(&40_000_000i32.to_le_bytes());
        assert!(frame.spare(48_000_000).expect("below the limit").len() <= Frame::LEAST);
        assert!(frame.spare(1_000_000).is_err(), "above the limit");
    }
}
