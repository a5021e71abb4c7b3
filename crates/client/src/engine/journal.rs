//! Events on their way to the thread that listens, in the order in which they happened.

use super::{ClientId, Engine};
use crate::supplier::Requests;
use ferropool_connection::Error;
use ferropool_lane::Token;
use ferropool_pool::Event;
use std::time::Instant;

/// One event of a client.
#[derive(Clone, Debug)]
pub enum Journal {
    /// Its pool's.
    Pool(ClientId, Event<Error>),
    /// A command was sent.
    CommandStarted {
        /// Whose.
        client: ClientId,
        /// The operation.
        slot: u32,
        /// The connection's number.
        connection: u64,
        /// The server's number for it.
        server_connection: Option<i64>,
        /// The request's number.
        request_id: i32,
        /// When.
        at: Instant,
    },
    /// A client's callback is to supply credentials.
    CredentialWanted {
        /// Whose.
        client: ClientId,
        /// The request's number, for [`Client::supply`](crate::Client::supply).
        request: u32,
        /// What the callback is told, as JSON.
        what: String,
    },
}

impl Engine {
    /// Says who listens: to the pool's events, to commands. Without listeners no event is built.
    pub fn subscribe(&mut self, id: ClientId, pool: bool, commands: bool) {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        attached.monitored = commands;
        if attached.subscribed != pool {
            attached.subscribed = pool;
            attached.client.subscribe(pool);
        }
    }

    /// Moves the events since the last call to the end of `into`.
    pub fn drain_events(&mut self, into: &mut Vec<Journal>) {
        self.events_pending = false;
        for id in 0..self.clients.capacity() {
            self.journal_pool(id as ClientId);
        }
        into.append(&mut self.journal);
    }

    /// Moves a pool's events into the journal.
    fn journal_pool(&mut self, id: ClientId) {
        let Some(server) = self.client(id).and_then(|client| client.server()) else {
            return;
        };
        let mut events = Vec::new();
        server.pool().drain_events(&mut events);
        self.journal
            .extend(events.into_iter().map(|event| Journal::Pool(id, event)));
    }

    /// Records that a client's callback is to supply credentials.
    pub(super) fn journal_wanted(&mut self, from: &Requests, request: u32, what: String) {
        let mut clients = self.clients.iter();
        // A client that has gone has nobody to ask, and nobody that waits.
        if let Some((id, _)) = clients.find(|(_, attached)| attached.client.asked(from)) {
            self.journal.push(Journal::CredentialWanted {
                client: id as ClientId,
                request,
                what,
            });
        }
    }

    /// Records that a command is being sent, behind the events of its check-out.
    pub(super) fn journal_started(&mut self, slot: u32, token: Token) {
        let Some(held) = self.held(token) else { return };
        let (client, connection, request_id) =
            (held.client, held.checked_out.key.id.0, held.request_id);
        let server_connection = held.checked_out.connection.server_connection_id();
        let at = held.started.unwrap_or_else(Instant::now);
        self.journal_pool(client);
        self.journal.push(Journal::CommandStarted {
            client,
            slot,
            connection,
            server_connection,
            request_id,
            at,
        });
        self.events_pending = true;
    }
}
