//! A turn: replies in, connections back, waiters served, completions out.

use super::{Completion, Engine, Held};
use crate::note::Note;
use ferropool_connection::{Error, ErrorKind, Phase, Received, Sent, ServerFailure};
use ferropool_lane::{Interest, Message, Outbox, Ready, Record, Token};
use ferropool_topology::ApplicationError;
use ferropool_topology::sdam::{self, Verdict};
use ferropool_wire::OpMsg;

/// What the bytes of a completion's record are.
pub mod kind {
    /// A reply whose `ok` is 1, in the slab.
    pub const REPLY: i32 = 0;
    /// A reply that reports an error, in the slab.
    pub const ERROR_REPLY: i32 = 1;
    /// As `REPLY`, in a buffer of its own: the offset is its number.
    pub const LARGE_REPLY: i32 = 2;
    /// A failure as JSON, in the slab.
    pub const FAILURE: i32 = 3;
    /// A connection: offset and length are its token's halves, the first extra its number, the third its
    /// server's.
    pub const CONNECTION: i32 = 4;
    /// A JSON text, in the slab.
    pub const TEXT: i32 = 5;
    /// Nothing came of it, as its caller wished.
    pub const ABANDONED: i32 = 6;
    /// As `ERROR_REPLY`, in a buffer of its own: the offset is its number.
    pub const LARGE_ERROR_REPLY: i32 = 7;
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Completions recorded.
    pub completions: u32,
    /// Bytes of the slab used for them.
    pub bytes: u32,
    /// Whether there is more to do at once.
    pub more: bool,
    /// Whether there are events to drain.
    pub events: bool,
    /// Whether a socket was ready: a driver that hears of changes only has to look again.
    pub handled: bool,
}

impl Engine {
    /// One turn: looks at the sockets once, and records what has completed. Calls nobody.
    pub fn turn(&mut self, outbox: &mut Outbox<'_>) -> Turn {
        self.inbox.attend();
        self.reclaim();
        self.flush_deferred(outbox);
        let mut more = self.deliver_carried(outbox);
        let mut batch = std::mem::take(&mut self.batch);
        // A set that is valid can be looked at; if it were not, nothing would be ready.
        let _ = self.readiness.look(&mut batch);
        more |= batch.look_again();
        let handled = !batch.ready().is_empty();
        for ready in batch.ready() {
            if !outbox.has_room() {
                // Level triggering reports the rest again.
                more = true;
                break;
            }
            self.handle(*ready, outbox);
        }
        self.batch = batch;
        self.rest();
        self.flush_deferred(outbox);
        Turn {
            completions: outbox.count() as u32,
            bytes: outbox.used() as u32,
            more: more || !self.deferred.is_empty() || !self.carried.is_empty(),
            events: self.events_pending || !self.journal.is_empty(),
            handled,
        }
    }

    /// The reply behind a [`kind::LARGE_REPLY`], once.
    pub fn take_large(&mut self, number: u32) -> Option<Vec<u8>> {
        self.large.try_remove(number as usize)
    }

    /// Looks into the inbox until it is empty, and lets others wake the lane from then on.
    pub(super) fn rest(&mut self) {
        while !self.inbox.leave() {
            self.take_messages();
        }
    }

    pub(super) fn take_messages(&mut self) {
        let mut messages = std::mem::take(&mut self.messages);
        self.inbox.take(&mut messages);
        for message in messages.drain(..) {
            match message {
                Message::CheckOut { slot, result } => {
                    self.checked_out(slot, result);
                    self.settle();
                }
                Message::Other(Note::Events) => self.events_pending = true,
                Message::Other(Note::CredentialWanted {
                    from,
                    request,
                    what,
                }) => self.journal_wanted(&from, request, what),
                Message::Other(Note::Selected {
                    slot,
                    failure: None,
                }) => self.proceed(slot),
                Message::Other(Note::Selected {
                    slot,
                    failure: Some(failure),
                }) => {
                    self.log_selection_failure(slot, &failure);
                    self.complete_later(slot, Completion::Failed(failure));
                }
                Message::Other(Note::Finished {
                    slot,
                    outcome: Ok(text),
                }) => {
                    self.complete_later(slot, Completion::Text(text));
                }
                Message::Other(Note::Finished {
                    slot,
                    outcome: Err(failure),
                }) => {
                    self.complete_later(slot, Completion::Failed(failure));
                }
            }
        }
        self.messages = messages;
    }

    /// Forgets entries whose connections others have taken or closed.
    pub(super) fn reclaim(&mut self) {
        self.readiness.take_released(&mut self.released);
        while let Some(token) = self.released.pop() {
            // A connection that broke in its user's hands is no longer watched, but still held.
            if self
                .entries
                .get_mut(token)
                .is_some_and(|entry| entry.held.is_none())
            {
                self.entries.remove(token);
            }
        }
    }

    fn handle(&mut self, ready: Ready, outbox: &mut Outbox<'_>) {
        let Some(entry) = self.entries.get_mut(ready.token) else {
            return;
        };
        let Some(held) = &mut entry.held else {
            if ready.readable {
                let error = Error::closed_by_peer(Phase::Established).at(entry.server.address());
                entry.server.pool().hung_up(entry.key, error);
            }
            return;
        };
        let channel = &mut held.checked_out.connection;
        if ready.writable && channel.wants_to_write() {
            let sent = channel.send().and_then(|sent| match sent {
                Sent::Blocked => Ok(()),
                Sent::Whole => self
                    .readiness
                    .change(channel.socket(), ready.token, Interest::Read)
                    .map_err(|error| Error::io(Phase::Established, &error)),
            });
            if let Err(error) = sent {
                return self.connection_failed(ready.token, error);
            }
        }
        if ready.readable {
            self.read(ready.token, outbox);
        }
    }

    fn read(&mut self, token: Token, outbox: &mut Outbox<'_>) {
        let Some(held) = self.held(token) else { return };
        match held.checked_out.connection.receive(outbox.spare()) {
            Err(error) => self.connection_failed(token, error),
            Ok(Received::Incomplete) => {}
            Ok(Received::Lent(length)) => self.reply(token, length, outbox),
            Ok(Received::Buffered) => self.buffered(token, outbox),
        }
    }

    /// A reply is complete in its channel's own buffer.
    fn buffered(&mut self, token: Token, outbox: &mut Outbox<'_>) {
        let Some(held) = self.held(token) else { return };
        let reply = held.checked_out.connection.buffered();
        let length = reply.len();
        if outbox.fits(length) && outbox.has_record() {
            outbox.spare()[..length].copy_from_slice(reply);
            return self.reply(token, length, outbox);
        }
        if outbox.count() > 0 || !outbox.has_record() {
            return self.carried.push_back(token);
        }
        // The whole slab is free and does not hold it.
        let reply = held.checked_out.connection.take_buffered();
        match check_reply(&reply, held) {
            Err(error) => self.connection_failed(token, error),
            Ok((offset, length, verdict)) => {
                let body = reply[offset..offset + length].to_vec();
                let number = self.large.insert(body) as u32;
                let kind = if verdict.ok {
                    kind::LARGE_REPLY
                } else {
                    kind::LARGE_ERROR_REPLY
                };
                self.replied(token, kind, number, length, verdict, outbox);
            }
        }
    }

    /// Replies that found no room in the last turn. `true` if some still do not.
    fn deliver_carried(&mut self, outbox: &mut Outbox<'_>) -> bool {
        for _ in 0..self.carried.len() {
            let Some(token) = self.carried.pop_front() else {
                break;
            };
            self.buffered(token, outbox);
        }
        !self.carried.is_empty()
    }

    /// A whole message of `length` bytes stands at the beginning of the outbox's spare part.
    fn reply(&mut self, token: Token, length: usize, outbox: &mut Outbox<'_>) {
        let Some(held) = self.held(token) else { return };
        match check_reply(&outbox.spare()[..length], held) {
            Err(error) => self.connection_failed(token, error),
            Ok((offset, body, verdict)) => {
                let at = outbox.keep(length) + offset as u32;
                let kind = if verdict.ok {
                    kind::REPLY
                } else {
                    kind::ERROR_REPLY
                };
                self.replied(token, kind, at, body, verdict, outbox);
            }
        }
    }

    /// A reply is where the outbox can show it: SDAM hears of it, the connection goes back, the next
    /// waiter is served, the operation completes.
    fn replied(
        &mut self,
        token: Token,
        kind: i32,
        at: u32,
        length: usize,
        verdict: Verdict,
        outbox: &mut Outbox<'_>,
    ) {
        let Some(entry) = self.entries.get_mut(token) else {
            return;
        };
        let Some(held) = &mut entry.held else { return };
        let Some(slot) = held.slot.take() else { return };
        let duration = held
            .started
            .take()
            .map_or(0, |started| started.elapsed().as_micros() as i32);
        let connection = entry.key.id.0 as i32;
        let server = entry.server.number() as i32;
        if held.checked_out.connection.wants_to_write() {
            held.broken = Some(Engine::protocol(
                "the server replied before it had read the request",
            ));
        }
        if let Some(change) = verdict.state_change {
            let text = "the server reported a change of its state";
            let error = Error::new(
                ErrorKind::Server(ServerFailure::default()),
                Phase::Established,
                text,
            );
            let failed = ApplicationError {
                error: &error.at(entry.server.address()),
                state_change: Some(change),
                generation: held.checked_out.generation,
                service: held.checked_out.connection.service(),
            };
            let client = self.clients.get(held.client as usize);
            if let Some(topology) = client.and_then(|attached| attached.client.topology()) {
                topology.application_failed(&entry.server, failed);
            }
        }
        outbox.record(Record {
            slot,
            kind,
            offset: at,
            length: length as u32,
            extra: [connection, duration, server],
        });
        self.vacate(slot);
        self.finish(token);
    }

    /// Records the completions that were made outside the reading of replies.
    fn flush_deferred(&mut self, outbox: &mut Outbox<'_>) {
        while let Some((slot, completion)) = self.deferred.pop_front() {
            let text = match &completion {
                Completion::Failed(failure) => Some((kind::FAILURE, failure.to_json())),
                Completion::Text(text) => Some((kind::TEXT, text.clone())),
                Completion::Connection(_) | Completion::Abandoned => None,
            };
            let length = text.as_ref().map_or(0, |(_, text)| text.len());
            if !outbox.has_record() || !outbox.fits(length) {
                self.deferred.push_front((slot, completion));
                return;
            }
            let record = match (text, &completion) {
                (Some((kind, text)), _) => {
                    let offset = outbox.copy(text.as_bytes());
                    Record {
                        slot,
                        kind,
                        offset,
                        length: length as u32,
                        extra: [0; 3],
                    }
                }
                (None, Completion::Connection(info)) => Record {
                    slot,
                    kind: kind::CONNECTION,
                    offset: info.token.0 as u32,
                    length: (info.token.0 >> 32) as u32,
                    extra: [info.connection as i32, 0, info.server as i32],
                },
                (None, _) => Record {
                    slot,
                    kind: kind::ABANDONED,
                    offset: 0,
                    length: 0,
                    extra: [0; 3],
                },
            };
            outbox.record(record);
            self.vacate(slot);
        }
    }
}

impl Engine {
    /// A failure of the peer to keep to the protocol.
    fn protocol(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, Phase::Established, message)
    }
}

/// Checks that `reply` answers what runs on the connection, and says where its body is.
fn check_reply(reply: &[u8], held: &Held) -> Result<(usize, usize, Verdict), Error> {
    if held.slot.is_none() {
        return Err(Engine::protocol(
            "the server sent a message that nobody asked for",
        ));
    }
    let wire = |error| Error::wire(Phase::Established, &error);
    let message = OpMsg::parse(reply).map_err(wire)?;
    if message.header.response_to != held.request_id {
        let (found, expected) = (message.header.response_to, held.request_id);
        return Err(Engine::protocol(format!(
            "the reply answers request {found}, not {expected}"
        )));
    }
    if message.more_to_come() {
        return Err(Engine::protocol(
            "the server announced a second reply to one request",
        ));
    }
    let verdict = sdam::read_reply(message.document()).map_err(wire)?;
    let offset = message.body.as_ptr().addr() - reply.as_ptr().addr();
    Ok((offset, message.body.len(), verdict))
}
