//! A message whose document can be exchanged.

use ferropool_wire::op_query::OpQuery;
use ferropool_wire::op_reply::OpReply;
use ferropool_wire::{Document, HEADER_LENGTH, Header, OpMsg, op_code};

/// A message and its document: the command, or the reply.
pub(super) struct Message<'a> {
    pub(super) header: Header,
    pub(super) document: Document<'a>,
    /// Whether another reply follows without a request.
    pub(super) more_to_come: bool,
    /// What stands between the header and the document, where nothing follows it.
    front: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// `None` for what is compressed, malformed or of another kind.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Message<'a>> {
        let header = Header::parse(bytes).ok()?;
        let (document, more_to_come) = match header.op_code {
            op_code::OP_MSG => {
                let message = OpMsg::parse(bytes).ok()?;
                (message.document(), message.more_to_come())
            }
            op_code::OP_QUERY => (OpQuery::parse(bytes).ok()?.query, false),
            op_code::OP_REPLY => (OpReply::parse(bytes).ok()?.document()?, false),
            _ => return None,
        };
        let (front, last) = bytes.split_at_checked(bytes.len() - document.as_bytes().len())?;
        Some(Message {
            header,
            document,
            more_to_come,
            front: front
                .get(HEADER_LENGTH..)
                .filter(|_| std::ptr::eq(last, document.as_bytes())),
        })
    }

    /// The same message with another document; `None` where something follows the document: sequences, a checksum.
    pub(super) fn with(&self, document: &bson::Document) -> Option<Vec<u8>> {
        let front = self.front?;
        let document = document.to_vec().ok()?;
        let length = HEADER_LENGTH + front.len() + document.len();
        let header = Header {
            message_length: i32::try_from(length).ok()?,
            ..self.header
        };
        Some([&header.to_bytes(), front, &document].concat())
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use ferropool_wire::{op_msg, op_query, op_reply};

    use super::*;

    fn exchanged(bytes: &[u8]) -> Option<Vec<u8>> {
        Message::parse(bytes)?.with(&doc! { "longer": "document" })
    }

    #[test]
    fn every_kind_keeps_what_is_not_its_document() {
        let short = doc! { "a": 1 }.to_vec().unwrap();
        let long = doc! { "longer": "document" }.to_vec().unwrap();
        let op_msg = |document: &[u8]| {
            let mut bytes = vec![];
            let start = op_msg::begin_reply(&mut bytes, 1, 2, op_msg::flags::MORE_TO_COME);
            op_msg::push_body(&mut bytes, document);
            op_msg::finish(&mut bytes, start).unwrap();
            bytes
        };
        let op_query = |document: &[u8]| {
            let mut bytes = vec![];
            op_query::write_command(&mut bytes, 3, 4, "admin", document).unwrap();
            bytes
        };
        let op_reply = |document: &[u8]| {
            let mut bytes = vec![];
            op_reply::write(&mut bytes, 5, 6, 8, [document]).unwrap();
            bytes
        };
        assert_eq!(exchanged(&op_msg(&short)), Some(op_msg(&long)));
        assert_eq!(exchanged(&op_query(&short)), Some(op_query(&long)));
        assert_eq!(exchanged(&op_reply(&short)), Some(op_reply(&long)));
    }

    #[test]
    fn a_document_that_is_not_the_last_stays() {
        let document = doc! { "a": 1 }.to_vec().unwrap();
        let mut bytes = vec![];
        let start = op_msg::begin(&mut bytes, 1, 0);
        op_msg::push_body(&mut bytes, &document);
        op_msg::push_sequence(&mut bytes, "documents", [&document[..]]);
        op_msg::finish(&mut bytes, start).unwrap();
        assert_eq!(
            Message::parse(&bytes).unwrap().document.as_bytes(),
            document
        );
        assert_eq!(exchanged(&bytes), None);
    }
}
