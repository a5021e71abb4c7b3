//! What a reply says to the client itself, and what becomes of it.

use super::{CommandEnd, Engine};
use crate::labels::Labels;
use crate::reply::{self, Reply};
use ferropool_connection::{Error, ErrorKind, Phase};
use ferropool_lane::Token;
use ferropool_topology::ApplicationError;
use ferropool_topology::sdam::StateChange;
use ferropool_wire::OpMsg;

/// What a reply says that decides what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) ok: bool,
    pub(super) labels: Labels,
    pub(super) code: Option<i32>,
    pub(super) is_error: bool,
    pub(super) is_write_concern_error: bool,
    pub(super) is_retryable_read: bool,
    pub(super) is_retryable_write: bool,
    pub(super) is_resumable: bool,
    pub(super) cursor: Option<i64>,
    pub(super) base_backoff_ms: Option<f64>,
    state_change: Option<StateChange>,
}

impl Facts {
    fn of(reply: &Reply<'_>) -> Self {
        Self {
            ok: reply.ok,
            labels: reply.labels,
            code: reply.code,
            is_error: reply.is_error(),
            is_write_concern_error: reply.is_write_concern_error,
            is_retryable_read: reply.is_retryable_read(),
            is_retryable_write: reply.is_retryable_write(),
            is_resumable: reply.is_resumable(),
            cursor: reply.cursor,
            base_backoff_ms: reply.base_backoff_ms,
            state_change: reply.state_change,
        }
    }
}

/// Where a reply's body is in its message, and what it says.
pub(super) struct Body {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) facts: Facts,
}

/// What becomes of a reply.
pub(super) enum Fate {
    /// It completes its operation, with labels besides its own.
    Result(Labels),
    /// It does not: another attempt follows, or an earlier error is reported.
    Nothing,
}

impl Engine {
    /// Checks that `reply` answers what runs on the connection, and says where its body is and what it says.
    pub(super) fn read_reply(&mut self, token: Token, reply: &[u8]) -> Result<Body, Error> {
        let nobody = "the server sent a message that nobody asked for";
        let Some(held) = self.held(token) else {
            return Err(Self::protocol(nobody));
        };
        let Some(slot) = held.slot else {
            return Err(Self::protocol(nobody));
        };
        let request_id = held.request_id;
        let wire = |error| Error::wire(Phase::Established, &error);
        let message = OpMsg::parse(reply).map_err(wire)?;
        if message.header.response_to != request_id {
            let found = message.header.response_to;
            return Err(Self::protocol(format!(
                "the reply answers request {found}, not {request_id}"
            )));
        }
        if message.more_to_come() {
            return Err(Self::protocol(
                "the server announced a second reply to one request",
            ));
        }
        let read = Reply::read(message.document()).map_err(wire)?;
        self.learn(slot, &read);
        Ok(Body {
            offset: message.body.as_ptr().addr() - reply.as_ptr().addr(),
            length: message.body.len(),
            facts: Facts::of(&read),
        })
    }

    /// Tells SDAM what a reply says of its server, and decides what becomes of it.
    pub(super) fn weigh(
        &mut self,
        token: Token,
        facts: &Facts,
        mut body: impl FnMut() -> Vec<u8>,
    ) -> Fate {
        let Some(entry) = self.entries.get_mut(token) else {
            return Fate::Nothing;
        };
        let Some(held) = &mut entry.held else {
            return Fate::Nothing;
        };
        if held.checked_out.connection.wants_to_write() {
            held.broken = Some(Engine::protocol(
                "the server replied before it had read the request",
            ));
        }
        if let Some(change) = facts.state_change {
            let failed = ApplicationError {
                error: &reply::reported_error(&body()).at(entry.server.address()),
                state_change: Some(change),
                generation: held.checked_out.generation,
                service: held.checked_out.connection.service(),
            };
            let client = self.clients.get(held.client as usize);
            if let Some(topology) = client.and_then(|attached| attached.client.topology()) {
                topology.application_failed(&entry.server, failed);
            }
        }
        let Some(slot) = held.slot else {
            return Fate::Nothing;
        };
        if !facts.is_error {
            return Fate::Result(Labels::NONE);
        }
        let max_wire_version = held.checked_out.connection.abilities().max_wire_version;
        match self.refused(slot, facts, max_wire_version, &mut body) {
            Err(Ok(labels)) => return Fate::Result(labels),
            Err(Err(earlier)) => {
                self.journal_ended(token, || CommandEnd::Replied(body()));
                self.complete_later(slot, earlier);
            }
            Ok(()) => {
                self.journal_ended(token, || CommandEnd::Replied(body()));
                let request = self
                    .held(token)
                    .map(|held| held.checked_out.connection.reclaim());
                if let (Some(request), Some(Some(operation))) =
                    (request, self.operations.get_mut(slot as usize))
                {
                    operation.request = request;
                }
            }
        }
        if let Some(held) = self.held(token) {
            held.slot = None;
        }
        self.finish(token);
        Fate::Nothing
    }

    /// A failure of the peer to keep to the protocol.
    fn protocol(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, Phase::Established, message)
    }
}
