//! Events on their way to the thread that listens, in the order in which they happened.

use super::{ClientId, Engine, Entry};
use crate::supplier::Requests;
use ferropool_connection::Error;
use ferropool_lane::Token;
use ferropool_pool::Event;
use ferropool_topology::Server;
use std::sync::Arc;
use std::time::Instant;

/// One event of a client.
#[derive(Clone, Debug)]
pub enum Journal {
    /// Of the pool of one of its servers.
    Pool(ClientId, Arc<Server>, Event<Error>),
    /// A command was sent.
    CommandStarted {
        /// Whose.
        client: ClientId,
        /// The operation.
        slot: u32,
        /// The connection's number.
        connection: u64,
        /// The number of its server.
        server: u32,
        /// The server's number for the connection.
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
            self.journal_pools(id as ClientId);
        }
        into.append(&mut self.journal);
    }

    /// Moves the events of a client's pools into the journal.
    fn journal_pools(&mut self, id: ClientId) {
        let client = self.clients.get(id as usize);
        let Some(topology) = client.and_then(|attached| attached.client.topology()) else {
            return;
        };
        let mut events = Vec::new();
        topology.drain_each(|server| {
            server.pool().drain_events(&mut events);
            let events = events.drain(..);
            self.journal
                .extend(events.map(|event| Journal::Pool(id, Arc::clone(server), event)));
        });
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
        let Some(Entry { server, held, .. }) = self.entries.get_mut(token) else {
            return;
        };
        let (server, Some(held)) = (server.number(), held) else {
            return;
        };
        let (client, connection, request_id) =
            (held.client, held.checked_out.key.id.0, held.request_id);
        let server_connection = held.checked_out.connection.server_connection_id();
        let at = held.started.unwrap_or_else(Instant::now);
        self.journal_pools(client);
        self.journal.push(Journal::CommandStarted {
            client,
            slot,
            connection,
            server,
            server_connection,
            request_id,
            at,
        });
        self.events_pending = true;
    }
}
