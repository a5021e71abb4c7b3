//! Bytes that nobody sane would send are errors, never panics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_wire::op_msg::flags;
use ferropool_wire::op_query::OpQuery;
use ferropool_wire::op_reply::OpReply;
use ferropool_wire::{
    Appender, DEFAULT_MAX_MESSAGE_SIZE, Document, Header, OpMsg, Value, frame_length, op_code,
    op_msg,
};
use proptest::prelude::*;

/// Asks for everything that a document can be asked for.
fn walk(document: Document<'_>, depth: usize) {
    for element in document.elements() {
        let Ok(element) = element else { return };
        let _ = (element.key_str(), element.value.as_str());
        let _ = (element.value.as_integer(), element.value.as_number());
        if let Value::Document(nested) | Value::Array(nested) = element.value
            && depth > 0
        {
            walk(nested, depth - 1);
        }
    }
}

fn parse_everything(bytes: &[u8]) {
    let _ = frame_length(bytes, DEFAULT_MAX_MESSAGE_SIZE);
    let _ = Header::parse(bytes);
    if let Ok(message) = OpMsg::parse(bytes) {
        walk(message.document(), 8);
        for sequence in message.sequences() {
            sequence
                .documents
                .for_each(|bytes| walk(Document::new(bytes).unwrap(), 8));
        }
    }
    if let Ok(reply) = OpReply::parse(bytes) {
        reply
            .document()
            .into_iter()
            .for_each(|document| walk(document, 8));
    }
    if let Ok(query) = OpQuery::parse(bytes) {
        walk(query.query, 8);
    }
    if let Ok(document) = Document::new(bytes) {
        walk(document, 8);
    }
    let mut buffer = bytes.to_vec();
    if let Ok(mut appender) = Appender::reopen(&mut buffer, 0) {
        appender.null("appended");
        appender.finish();
        Document::new(&buffer).unwrap();
    }
}

/// Writes the header that makes a parser look at the rest.
fn plausible(kind: i32, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![];
    Header {
        message_length: i32::try_from(payload.len() + 16).unwrap(),
        request_id: 1,
        response_to: 0,
        op_code: kind,
    }
    .write(&mut message);
    message.extend_from_slice(payload);
    message
}

fn valid_message() -> Vec<u8> {
    let mut document = vec![];
    let mut appender = Appender::begin(&mut document);
    appender
        .string("insert", "orders")
        .binary("b", 0, &[1, 2, 3])
        .document("nested", |nested| {
            nested
                .int64("n", 7)
                .array("a", [1, 2], |array, index, item| {
                    array.int32(index, item);
                });
        });
    appender.finish();
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 1, 0);
    op_msg::push_body(&mut message, &document);
    op_msg::push_sequence(&mut message, "documents", [&document[..], &document]);
    op_msg::finish(&mut message, start).unwrap();
    message
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        parse_everything(&bytes);
        for kind in [op_code::OP_MSG, op_code::OP_REPLY, op_code::OP_QUERY] {
            parse_everything(&plausible(kind, &bytes));
        }
    }

    #[test]
    fn a_random_document_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 5..300)) {
        let length = i32::try_from(bytes.len()).unwrap();
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        *bytes.last_mut().unwrap() = 0;
        // A known type in front gets the walk further than the first byte.
        bytes[4] %= 0x14;
        parse_everything(&bytes);
        let zero_flags_body = [&[0; 5], &bytes[..]].concat();
        parse_everything(&plausible(op_code::OP_MSG, &zero_flags_body));
    }

    #[test]
    fn a_damaged_message_never_panics(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut message = valid_message();
        let at = at.index(message.len());
        message[at] = byte;
        parse_everything(&message);
        message.truncate(cut.index(message.len()));
        parse_everything(&message);
        parse_everything(&plausible(op_code::OP_MSG, message.get(16..).unwrap_or_default()));
    }

    #[test]
    fn a_checksum_finds_any_damaged_byte(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let mut message = vec![];
        let start = op_msg::begin(&mut message, 1, flags::CHECKSUM_PRESENT);
        op_msg::push_body(&mut message, &[5, 0, 0, 0, 0]);
        op_msg::finish(&mut message, start).unwrap();
        let at = at.index(message.len());
        // The flag itself says whether there is a checksum to look at.
        prop_assume!(at != 16);
        message[at] ^= flip;
        prop_assert!(OpMsg::parse(&message).is_err());
    }
}
