//! A server that says what a test has written down.

use super::Exchange;
use crate::credential::{Credential, Mechanism, MechanismProperties};
use crate::error::{Error, Phase};
use crate::secret::Secret;
use bson::{Binary, Document, doc, spec::BinarySubtype};
use std::collections::VecDeque;

/// User "user", password "pencil", as in the specification's examples.
pub(super) fn credential(mechanism: impl Into<Option<Mechanism>>) -> Credential {
    Credential {
        username: Some("user".to_owned()),
        password: Some(Secret::new("pencil")),
        source: "admin".to_owned(),
        mechanism: mechanism.into(),
        properties: MechanismProperties::default(),
    }
}

type Answer = Box<dyn FnOnce(&Document) -> Document + Send>;

/// Replies in their order; what is asked beyond them is a closed connection.
#[derive(Default)]
pub(super) struct Scripted {
    answers: VecDeque<Answer>,
    commands: Vec<(String, Document)>,
}

impl Scripted {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn answer(
        mut self,
        answer: impl FnOnce(&Document) -> Document + Send + 'static,
    ) -> Self {
        self.answers.push_back(Box::new(answer));
        self
    }

    pub(super) fn reply(self, reply: Document) -> Self {
        self.answer(|_command| reply)
    }

    pub(super) fn sasl(self, conversation_id: i32, payload: &[u8], done: bool) -> Self {
        self.reply(sasl(conversation_id, payload, done))
    }

    pub(super) fn refuse(self) -> Self {
        self.reply(refusal())
    }

    /// What was sent so far: databases and commands.
    pub(super) fn commands(&self) -> &[(String, Document)] {
        &self.commands
    }

    pub(super) fn only_command(&self) -> (String, Document) {
        assert_eq!(self.commands.len(), 1, "{:?}", self.commands);
        self.commands[0].clone()
    }

    /// The payload of the command that was sent as number `index`.
    pub(super) fn payload(&self, index: usize) -> &[u8] {
        payload(&self.commands[index].1)
    }
}

impl Exchange for Scripted {
    async fn command(&mut self, database: &str, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        let command = Document::from_reader(&body[..]).unwrap();
        let answer = self.answers.pop_front();
        let reply = answer.map(|answer| answer(&command).to_vec().unwrap());
        self.commands.push((database.to_owned(), command));
        reply.ok_or_else(|| Error::closed_by_peer(Phase::Auth))
    }
}

pub(super) fn sasl(conversation_id: i32, payload: &[u8], done: bool) -> Document {
    doc! { "conversationId": conversation_id, "payload": binary(payload), "done": done, "ok": 1.0 }
}

pub(super) fn refusal() -> Document {
    doc! { "ok": 0.0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "Authentication failed." }
}

pub(super) fn binary(bytes: &[u8]) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.to_vec(),
    }
}

pub(super) fn payload(command: &Document) -> &[u8] {
    let Some(bson::Bson::Binary(payload)) = command.get("payload") else {
        panic!("no payload: {command}")
    };
    &payload.bytes
}
