//! A stream of messages gives the same messages wherever the network cuts it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_wire::frame::{first_frame, missing};
use ferropool_wire::{HEADER_LENGTH, Header, op_code};
use proptest::prelude::*;

const LIMIT: usize = 4096;

fn message(request_id: i32, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![];
    Header {
        message_length: i32::try_from(HEADER_LENGTH + payload.len()).unwrap(),
        request_id,
        response_to: 0,
        op_code: op_code::OP_MSG,
    }
    .write(&mut message);
    message.extend_from_slice(payload);
    message
}

/// Feeds `pieces` to a buffer as a reader would, and takes out what is complete.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let (mut buffer, mut found) = (vec![], vec![]);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(frame) = first_frame(&buffer, LIMIT).unwrap() {
            let frame = frame.to_vec();
            buffer.drain(..frame.len());
            found.push(frame);
        }
        assert!(missing(&buffer, LIMIT).unwrap() > 0);
    }
    assert!(buffer.is_empty());
    found
}

proptest! {
    #[test]
    fn any_split_yields_the_same_frames(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let messages: Vec<_> = (1..).zip(&payloads).map(|(id, payload)| message(id, payload)).collect();
        let stream = messages.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        prop_assert_eq!(frames(pieces), messages);
    }
}

#[test]
fn one_byte_at_a_time_yields_the_same_frames() {
    let messages = [
        message(1, b""),
        message(2, b"payload"),
        message(3, &[0xff; 33]),
    ];
    let stream = messages.concat();
    assert_eq!(frames(stream.chunks(1)), messages);
}
