//! What an operation leaves in its session, and what is bound to sessions and cursors.

use super::operation::SessionUse;
use super::verdict::Facts;
use super::{Engine, Holder};
use crate::reply::Reply;
use crate::session::{Pin, TransactionState};
use ferropool_lane::Token;
use ferropool_pool::Purpose;

impl Engine {
    /// What a session learns of a reply to one of its commands, and the client.
    pub(super) fn learn(&mut self, slot: u32, reply: &Reply<'_>) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(operation.client as usize) else {
            return;
        };
        if let Some(time) = reply.cluster_time {
            attached.cluster_time.advance(time);
        }
        let SessionUse::Started(number) = operation.session else {
            return;
        };
        let Some(session) = attached.sessions.get_mut(number) else {
            return;
        };
        if let Some(time) = reply.cluster_time {
            session.cluster_time.advance(time);
        }
        if let Some(time) = reply.operation_time {
            session.advance_operation_time(time);
        }
        if session.options.snapshot && session.snapshot_time.is_none() && reply.ok {
            session.snapshot_time = reply.snapshot_time;
        }
        if let (Some(token), true) = (
            reply.recovery_token,
            session.transaction.state == TransactionState::InProgress,
        ) {
            session.transaction.recovery_token = token.as_bytes().to_vec();
        }
    }

    /// A command of a session has its connection no more: nobody knows what became of it.
    pub(super) fn soil_session(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get_mut(slot as usize) else {
            return;
        };
        let server = match &mut operation.session {
            SessionUse::None => None,
            SessionUse::Implicit(server) => server.as_mut(),
            SessionUse::Started(number) => {
                let attached = self.clients.get_mut(operation.client as usize);
                attached
                    .and_then(|attached| attached.sessions.get_mut(*number))
                    .and_then(|session| session.server.as_mut())
            }
        };
        if let Some(server) = server {
            server.is_dirty = true;
        }
    }

    /// An operation of a session begins: a transaction that has ended is over for those that are not its end.
    pub(super) fn leave_transaction(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        if operation.ending.is_some() {
            return;
        }
        if let SessionUse::Started(number) = operation.session
            && let Some(attached) = self.clients.get_mut(operation.client as usize)
            && let Some(session) = attached.sessions.get_mut(number)
        {
            let pin = session.transaction.leave();
            if pin.is_some() {
                // A connection that goes back serves others, whose requests are composed where this one is.
                self.put_by(slot);
                self.unpin(pin);
                self.take_up(slot);
            }
        }
    }

    /// Behind a load balancer the connection of a transaction's first command, or of an open cursor, is kept.
    pub(super) fn keep_connection(&mut self, slot: u32, token: Token, facts: &Facts) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        let Some(attached) = self.clients.get_mut(operation.client as usize) else {
            return;
        };
        if !attached.client.options().load_balanced {
            return;
        }
        let transaction = match operation.session {
            SessionUse::Started(number) => { attached.sessions.get_mut(number) }
                .map(|session| &mut session.transaction)
                .filter(|transaction| transaction.is_active()),
            _ => None,
        };
        let opens = operation.profile.opens_cursor && facts.cursor.is_some_and(|id| id != 0);
        let holder = match transaction {
            Some(transaction) => {
                transaction.pin.get_or_insert(Pin::Connection(token));
                Holder::Transaction
            }
            None if opens => Holder::Cursor,
            None => return,
        };
        if let Some(entry) = self.entries.get_mut(token)
            && let Some(held) = &mut entry.held
            && held.holder.is_none()
        {
            held.holder = Some(holder);
            let purpose = match holder {
                Holder::Transaction => Purpose::Transaction,
                _ => Purpose::Cursor,
            };
            entry.server.pool().set_purpose(entry.key, purpose);
        }
    }

    /// Lets go of what a transaction was bound to.
    pub(super) fn unpin(&mut self, pin: Option<Pin>) {
        if let Some(Pin::Connection(token)) = pin {
            self.release(token);
        }
    }

    /// Nobody keeps a connection any more: it goes back, at once or when what runs on it has ended.
    pub(super) fn release(&mut self, token: Token) {
        let Some(held) = self.held(token) else { return };
        held.holder = None;
        if held.slot.is_none() {
            self.finish(token);
        }
    }

    /// Gives the connection back that was kept for a cursor, of which nobody will hear again.
    pub fn release_cursor(&mut self, token: Token) {
        self.inbox.attend();
        if self
            .held(token)
            .is_some_and(|held| held.holder == Some(Holder::Cursor))
        {
            self.release(token);
        }
        self.rest();
    }

    /// Nothing is bound to the transaction of an operation's session any more.
    pub(super) fn unpin_session(&mut self, slot: u32) {
        let Some(Some(operation)) = self.operations.get(slot as usize) else {
            return;
        };
        if let SessionUse::Started(number) = operation.session
            && let Some(attached) = self.clients.get_mut(operation.client as usize)
            && let Some(session) = attached.sessions.get_mut(number)
        {
            let pin = session.transaction.pin.take();
            self.unpin(pin);
        }
    }
}
