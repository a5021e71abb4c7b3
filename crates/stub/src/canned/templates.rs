//! Whole replies, prepared; only the two ids differ from one to the next.

use bson::{Document, doc};
use ferropool_wire::op_msg::{self, PREFIX_LENGTH, flags};
use ferropool_wire::{OpMsg, op_code};

use super::documents;

/// Replies by what was asked for.
pub(super) struct Templates {
    one: Vec<u8>,
    many: Vec<u8>,
    mixed: Vec<u8>,
    none: Vec<u8>,
    inserted: Vec<u8>,
    inserted_many: Vec<u8>,
    updated: Vec<u8>,
    ok: Vec<u8>,
}

/// How a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<'t> {
    /// With these bytes, after [`append`] has put the ids in.
    Template(&'t [u8]),
    /// Not at all: the client wants no reply.
    Nothing,
    /// By looking closer.
    Scripted,
}

impl Templates {
    pub(super) fn new() -> Templates {
        let many = (0..100).map(documents::large).collect();
        Templates {
            one: message(&found("one", vec![documents::small(7)])),
            many: message(&found("many", many)),
            mixed: message(&found("mixed", (0..100).map(documents::mixed).collect())),
            none: message(&found("none", vec![])),
            inserted: message(&doc! { "n": 1, "ok": 1.0 }),
            inserted_many: message(&doc! { "n": 100, "ok": 1.0 }),
            updated: message(&doc! { "n": 1, "nModified": 1, "ok": 1.0 }),
            ok: message(&doc! { "ok": 1.0 }),
        }
    }

    /// How to answer `request`, a whole message; looks at its flags and its first element alone.
    pub(super) fn answer(&self, request: &[u8]) -> Answer<'_> {
        // After the prefix and the body's length comes the first element.
        let (Some(prefix), Some(element)) = (
            request.first_chunk::<PREFIX_LENGTH>(),
            request.get(PREFIX_LENGTH + 4..),
        ) else {
            return Answer::Scripted;
        };
        let [.., o0, o1, o2, o3, f0, f1, f2, f3, kind] = *prefix;
        if i32::from_le_bytes([o0, o1, o2, o3]) != op_code::OP_MSG || kind != 0 {
            return Answer::Scripted;
        }
        if u32::from_le_bytes([f0, f1, f2, f3]) & flags::MORE_TO_COME != 0 {
            return Answer::Nothing;
        }
        Answer::Template(match element {
            // A string's value begins behind its key and its four bytes of length.
            [2, b'f', b'i', b'n', b'd', 0, _, _, _, _, collection @ ..] => {
                if collection.starts_with(b"one\0") {
                    &self.one
                } else if collection.starts_with(b"many\0") {
                    &self.many
                } else if collection.starts_with(b"mixed\0") {
                    &self.mixed
                } else {
                    &self.none
                }
            }
            [
                2,
                b'i',
                b'n',
                b's',
                b'e',
                b'r',
                b't',
                0,
                _,
                _,
                _,
                _,
                collection @ ..,
            ] => {
                if collection.starts_with(b"inserted-many\0") {
                    &self.inserted_many
                } else {
                    &self.inserted
                }
            }
            [2, b'u', b'p', b'd', b'a', b't', b'e', 0, ..] => &self.updated,
            [_, name @ ..] if is_scripted(name) => return Answer::Scripted,
            _ => &self.ok,
        })
    }
}

/// The commands whose replies matter to a client that connects, or to who measures.
fn is_scripted(name: &[u8]) -> bool {
    [
        &b"hello\0"[..],
        b"isMaster\0",
        b"ismaster\0",
        b"buildInfo\0",
        b"getParameter\0",
        b"echo\0",
        b"stubControl\0",
        b"stubStatus\0",
    ]
    .iter()
    .any(|scripted| name.starts_with(scripted))
}

/// Appends a template as the reply to `request`.
#[inline]
pub(super) fn append(output: &mut Vec<u8>, template: &[u8], request_id: i32, request: &[u8]) {
    let start = output.len();
    output.extend_from_slice(template);
    let Some(answered) = request.get(4..8) else {
        return;
    };
    if let Some(ids) = output.get_mut(start + 4..start + 12) {
        let (own, response_to) = ids.split_at_mut(4);
        own.copy_from_slice(&request_id.to_le_bytes());
        response_to.copy_from_slice(answered);
    }
}

fn found(collection: &str, documents: Vec<Document>) -> Document {
    let namespace = format!("bench.{collection}");
    doc! {
        "cursor": { "firstBatch": documents, "id": 0_i64, "ns": namespace },
        "ok": 1.0,
    }
}

fn message(reply: &Document) -> Vec<u8> {
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 0, 0);
    op_msg::push_body(&mut message, &reply.to_vec().unwrap_or_default());
    // Templates are far from any limit.
    let _ = op_msg::finish(&mut message, start);
    debug_assert!(OpMsg::parse(&message).is_ok());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(command: &Document, flags: u32) -> Vec<u8> {
        let mut message = vec![];
        let start = op_msg::begin(&mut message, 77, flags);
        op_msg::push_body(&mut message, &command.to_vec().unwrap());
        op_msg::finish(&mut message, start).unwrap();
        message
    }

    #[test]
    fn requests_are_told_apart() {
        let templates = Templates::new();
        for (command, expected) in [
            (doc! { "find": "one" }, &templates.one),
            (doc! { "find": "many" }, &templates.many),
            (doc! { "find": "manyfold" }, &templates.none),
            (doc! { "find": "mixed" }, &templates.mixed),
            (doc! { "insert": "one" }, &templates.inserted),
            (doc! { "insert": "inserted-many" }, &templates.inserted_many),
            (doc! { "update": "one" }, &templates.updated),
            (doc! { "ping": 1 }, &templates.ok),
        ] {
            let request = request(&command, 0);
            assert_eq!(templates.answer(&request), Answer::Template(expected));
        }
        let hello = request(&doc! { "hello": 1 }, 0);
        assert_eq!(templates.answer(&hello), Answer::Scripted);
        let silent = request(&doc! { "insert": "one" }, flags::MORE_TO_COME);
        assert_eq!(templates.answer(&silent), Answer::Nothing);
        assert_eq!(templates.answer(&hello[..20]), Answer::Scripted);
    }

    #[test]
    fn a_reply_carries_both_ids() {
        let templates = Templates::new();
        let request = request(&doc! { "find": "many" }, 0);
        let mut output = vec![1];
        append(&mut output, &templates.many, 5, &request);
        let reply = OpMsg::parse(&output[1..]).unwrap();
        assert_eq!((reply.header.request_id, reply.header.response_to), (5, 77));
        let reply = Document::from_reader(reply.body).unwrap();
        let cursor = reply.get_document("cursor").unwrap();
        assert_eq!(cursor.get_array("firstBatch").unwrap().len(), 100);
    }
}
