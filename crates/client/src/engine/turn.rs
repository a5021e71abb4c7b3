//! A turn: replies in, connections back, waiters served, completions out.

use super::invocation::Target;
use super::verdict::{Body, Facts, Fate};
use super::{Completion, Engine, Holder};
use crate::labels::Labels;
use crate::note::Note;
use crate::profile::CommandKind;
use crate::session::Ending;
use ferropool_connection::{Error, Phase, Received, Sent};
use ferropool_lane::{Interest, Message, Outbox, Ready, Record, Token};

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
    /// It was written, and has no reply.
    pub const WRITTEN: i32 = 8;
    /// Above the kind: the bits of the labels that an error gets besides its own.
    pub const LABELS: u32 = 8;
    /// Above them: the connection is kept for the cursor that the reply opens.
    pub const KEPT: i32 = 1 << 16;
    /// The operation has a `timeoutMS`.
    pub const TIMED: i32 = 1 << 17;
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
        self.attempt_again();
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
            more: more
                || !self.deferred.is_empty()
                || !self.carried.is_empty()
                || !self.again.is_empty(),
            events: self.events_pending || !self.journal.is_empty(),
            handled,
        }
    }

    /// The reply behind a [`kind::LARGE_REPLY`], once: the last bytes, as many as the completion says, of what this gives.
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
                Message::Other(Note::Again { slot, serial }) => self.next_attempt(slot, serial),
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
                    self.failed(slot, *failure);
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
                    self.complete_later(slot, Completion::Failed(failure, Labels::NONE));
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
                Sent::Blocked => Ok(sent),
                Sent::Whole => self
                    .readiness
                    .change(channel.socket(), ready.token, Interest::Read)
                    .map(|()| sent)
                    .map_err(|error| Error::io(Phase::Established, &error)),
            });
            match sent {
                Err(error) => return self.connection_failed(ready.token, error),
                Ok(Sent::Whole) if held.is_unacknowledged && held.slot.is_some() => {
                    return self.written(ready.token);
                }
                Ok(_) => {}
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
        let mut reply = held.checked_out.connection.take_buffered();
        match self.read_reply(token, &reply) {
            Err(error) => self.connection_failed(token, error),
            Ok(Body {
                offset,
                length,
                facts,
            }) => {
                let body = &reply[offset..offset + length];
                if let Fate::Result(labels) = self.weigh(token, &facts, || body.to_vec()) {
                    reply.truncate(offset + length);
                    let number = self.large.insert(reply) as u32;
                    let kind = match facts.ok {
                        true => kind::LARGE_REPLY,
                        false => kind::LARGE_ERROR_REPLY,
                    };
                    let kind = kind | i32::from(labels.bits()) << kind::LABELS;
                    self.replied(token, kind, number, length, &facts, outbox);
                }
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
        match self.read_reply(token, &outbox.spare()[..length]) {
            Err(error) => self.connection_failed(token, error),
            Ok(body) => {
                let Body { offset, facts, .. } = body;
                let bytes = || outbox.spare()[offset..offset + body.length].to_vec();
                if let Fate::Result(labels) = self.weigh(token, &facts, bytes) {
                    let at = outbox.keep(length) + offset as u32;
                    let kind = match facts.ok {
                        true => kind::REPLY,
                        false => kind::ERROR_REPLY,
                    };
                    let kind = kind | i32::from(labels.bits()) << kind::LABELS;
                    self.replied(token, kind, at, body.length, &facts, outbox);
                }
            }
        }
    }

    /// A reply is where the outbox can show it: the operation completes, the connection goes back, the next waiter is
    /// served.
    fn replied(
        &mut self,
        token: Token,
        kind: i32,
        at: u32,
        length: usize,
        facts: &Facts,
        outbox: &mut Outbox<'_>,
    ) {
        let Some(slot) = self.held(token).and_then(|held| held.slot) else {
            return;
        };
        if !facts.labels.has(Labels::TRANSIENT_TRANSACTION) {
            self.keep_connection(slot, token, facts);
        }
        self.let_go(slot, token, facts);
        let timed = self.timed(slot);
        let Some(entry) = self.entries.get_mut(token) else {
            return;
        };
        let Some(held) = &mut entry.held else { return };
        held.slot = None;
        let duration = held
            .started
            .take()
            .map_or(0, |started| started.elapsed().as_micros() as i32);
        let kept = match held.holder {
            Some(Holder::Cursor) => kind::KEPT,
            _ => 0,
        };
        outbox.record(Record {
            slot,
            kind: kind | kept | timed,
            offset: at,
            length: length as u32,
            extra: [
                entry.key.id.0 as i32,
                duration,
                entry.server.number() as i32,
            ],
        });
        self.vacate(slot);
        self.finish(token);
    }

    /// What was bound to a transaction that was aborted is free, and a connection that was kept for a cursor when that is at
    /// its end.
    fn let_go(&mut self, slot: u32, token: Token, facts: &Facts) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        if operation.ending == Some(Ending::Abort) {
            return self.unpin_session(slot);
        }
        let is_over = match operation.profile.kind {
            CommandKind::GetMore => facts.ok && facts.cursor == Some(0),
            CommandKind::KillCursors => true,
            _ => false,
        };
        if is_over
            && operation.target == Target::Connection(token)
            && let Some(held) = self.held(token)
            && held.holder == Some(Holder::Cursor)
        {
            held.holder = None;
        }
    }

    /// Records the completions that were made outside the reading of replies.
    fn flush_deferred(&mut self, outbox: &mut Outbox<'_>) {
        while let Some((slot, completion)) = self.deferred.pop_front() {
            let (kind, bytes, labels) = match &completion {
                Completion::Failed(failure, labels) => {
                    (kind::FAILURE, failure.to_json().into_bytes(), *labels)
                }
                Completion::Refused(body, labels) => (kind::ERROR_REPLY, body.clone(), *labels),
                Completion::Text(text) => (kind::TEXT, text.clone().into_bytes(), Labels::NONE),
                Completion::Written => (kind::WRITTEN, Vec::new(), Labels::NONE),
                Completion::Connection(_) => (kind::CONNECTION, Vec::new(), Labels::NONE),
                Completion::Abandoned => (kind::ABANDONED, Vec::new(), Labels::NONE),
            };
            if !outbox.has_record() || !outbox.fits(bytes.len()) {
                self.deferred.push_front((slot, completion));
                return;
            }
            let record = Record {
                slot,
                kind: kind | i32::from(labels.bits()) << kind::LABELS | self.timed(slot),
                offset: outbox.copy(&bytes),
                length: bytes.len() as u32,
                extra: [0, 0, self.server_number(slot)],
            };
            outbox.record(match &completion {
                Completion::Connection(info) => Record {
                    offset: info.token.0 as u32,
                    length: (info.token.0 >> 32) as u32,
                    extra: [info.connection as i32, 0, info.server as i32],
                    ..record
                },
                _ => record,
            });
            self.vacate(slot);
        }
    }

    fn timed(&self, slot: u32) -> i32 {
        let operation = self.operations.get(slot as usize).and_then(Option::as_ref);
        match operation.is_some_and(|operation| operation.has_timeout) {
            true => kind::TIMED,
            false => 0,
        }
    }

    /// The server that an operation was sent to last.
    fn server_number(&self, slot: u32) -> i32 {
        let operation = self.operations.get(slot as usize).and_then(Option::as_ref);
        let server = operation.and_then(|operation| operation.server.as_ref());
        server.map_or(0, |server| server.number() as i32)
    }
}
