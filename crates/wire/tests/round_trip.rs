//! What the writers write, the parsers read.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bson::{Document as Bson, doc};
use ferropool_wire::op_msg::{self, flags};
use ferropool_wire::{OpMsg, op_query, op_reply};
use proptest::prelude::*;

fn bytes_of(document: &Bson) -> Vec<u8> {
    document.to_vec().unwrap()
}

fn any_document() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(("[a-z]{1,8}", any::<i64>(), ".{0,20}"), 0..5).prop_map(|fields| {
        let mut document = Bson::new();
        for (key, number, text) in fields {
            document.insert(key, doc! { "number": number, "text": text });
        }
        bytes_of(&document)
    })
}

fn any_sequences() -> impl Strategy<Value = Vec<(String, Vec<Vec<u8>>)>> {
    prop::collection::vec(
        ("[a-z]{1,12}", prop::collection::vec(any_document(), 0..4)),
        0..3,
    )
}

proptest! {
    #[test]
    fn an_op_msg_with_sequences_and_checksum(
        ids in any::<(i32, i32)>(),
        body in any_document(),
        sequences in any_sequences(),
        checksum in any::<bool>(),
        body_first in any::<bool>(),
    ) {
        let written = if checksum { flags::CHECKSUM_PRESENT } else { 0 } | flags::EXHAUST_ALLOWED;
        let mut buffer = vec![0xaa; 3];
        let start = op_msg::begin_reply(&mut buffer, ids.0, ids.1, written);
        if body_first {
            op_msg::push_body(&mut buffer, &body);
        }
        for (identifier, documents) in &sequences {
            op_msg::push_sequence(&mut buffer, identifier, documents.iter().map(Vec::as_slice));
        }
        if !body_first {
            op_msg::push_body(&mut buffer, &body);
        }
        let length = op_msg::finish(&mut buffer, start).unwrap();
        prop_assert_eq!(length, buffer.len() - 3);

        let message = OpMsg::parse(&buffer[3..]).unwrap();
        prop_assert_eq!((message.header.request_id, message.header.response_to), ids);
        prop_assert_eq!(message.flags, written);
        prop_assert_eq!(message.body, &body[..]);
        let read: Vec<_> = message
            .sequences()
            .map(|sequence| {
                let documents = sequence.documents.map(<[u8]>::to_vec).collect::<Vec<_>>();
                (sequence.identifier.to_owned(), documents)
            })
            .collect();
        prop_assert_eq!(read, sequences);
    }

    #[test]
    fn a_legacy_command_and_its_reply(
        ids in any::<(i32, i32)>(),
        database in "[a-z]{1,12}",
        command in any_document(),
        replies in prop::collection::vec(any_document(), 0..4),
    ) {
        let mut buffer = vec![];
        op_query::write_command(&mut buffer, ids.0, 0, &database, &command).unwrap();
        let query = op_query::OpQuery::parse(&buffer).unwrap();
        prop_assert_eq!(query.command_database(), Some(&database[..]));
        prop_assert_eq!(query.query.as_bytes(), &command[..]);

        buffer.clear();
        let documents = replies.iter().map(Vec::as_slice);
        op_reply::write(&mut buffer, ids.0, ids.1, 0, documents).unwrap();
        let reply = op_reply::OpReply::parse(&buffer).unwrap();
        prop_assert_eq!((reply.header.request_id, reply.header.response_to), ids);
        prop_assert_eq!(reply.documents.map(<[u8]>::to_vec).collect::<Vec<_>>(), replies);
    }
}
