//! Events on their way to the thread that listens, in the order in which they happened.

use super::selection_log::{SelectionEvent, Selections};
use super::{ClientId, Engine, Entry};
use crate::failure::Failure;
use crate::supplier::Requests;
use ferropool_connection::Error;
use ferropool_lane::Token;
use ferropool_pool::{Event, ServiceId};
use ferropool_topology::{Recorded, TopologyEvent};
use ferropool_wire::{Appender, OpMsg};
use std::ops::Range;
use std::time::{Duration, Instant};

/// One event of a client.
#[derive(Clone, Debug)]
pub enum Journal {
    /// Of the pool of its server of this number.
    Pool(ClientId, u32, Event<Error>),
    /// Of its topology.
    Topology(ClientId, Instant, TopologyEvent),
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
        /// The service behind a load balancer.
        service: Option<ServiceId>,
        /// The whole command, a BSON document: where it is among [`Engine::sent`].
        command: Range<usize>,
        /// When.
        at: Instant,
    },
    /// An attempt at a command ended, and something else completes the operation: another attempt, or a failure.
    CommandEnded {
        /// Whose.
        client: ClientId,
        /// The operation.
        slot: u32,
        /// The connection's number.
        connection: u64,
        /// The number of its server.
        server: u32,
        /// How long it took.
        duration: Duration,
        /// How it ended.
        end: CommandEnd,
        /// When.
        at: Instant,
    },
    /// A step of a selection.
    Selection {
        /// Whose.
        client: ClientId,
        /// The operation.
        slot: u32,
        /// When.
        at: Instant,
        /// Which.
        event: Box<SelectionEvent>,
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

/// How an attempt at a command ended.
#[derive(Clone, Debug)]
pub enum CommandEnd {
    /// With a reply: its body, a BSON document.
    Replied(Vec<u8>),
    /// Without one.
    Failed(Failure),
}

/// What somebody listens to of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The pools' events.
    pub pools: bool,
    /// Commands.
    pub commands: bool,
    /// The topology's events.
    pub topology: bool,
    /// Steps of selections.
    pub selections: Selections,
}

impl Engine {
    /// Says who listens. Without listeners no event is built.
    pub fn subscribe(&mut self, id: ClientId, to: Subscription) {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return;
        };
        let is_news = (attached.subscription.pools, attached.subscription.topology)
            != (to.pools, to.topology);
        attached.subscription = to;
        if is_news {
            attached.client.subscribe(to.pools, to.topology);
        }
    }

    /// Gathers what pools and topologies have recorded, so that [`next_event`](Self::next_event) has it.
    pub fn gather_events(&mut self) {
        self.events_pending = false;
        for id in 0..self.clients.capacity() {
            self.journal_topology(id as ClientId);
        }
    }

    /// The oldest event that nobody has taken; `None` if all are, and whoever took them is done with [`sent`](Self::sent).
    pub fn next_event(&mut self) -> Option<Journal> {
        let next = self.journal.pop_front();
        if next.is_none() {
            self.sent.clear();
            self.sent.shrink_to(SENT_KEPT);
        }
        next
    }

    /// The commands that events tell of.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Moves the events of a client's topology and its pools into the journal.
    pub(super) fn journal_topology(&mut self, id: ClientId) {
        let client = self.clients.get(id as usize);
        let Some(topology) = client.and_then(|attached| attached.client.topology()) else {
            return;
        };
        topology.drain_events(|event| {
            self.journal.push_back(match event {
                Recorded::Pool(server, event) => Journal::Pool(id, server, event),
                Recorded::Topology(at, event) => Journal::Topology(id, at, event),
            });
        });
    }

    /// Records that a client's callback is to supply credentials.
    pub(super) fn journal_wanted(&mut self, from: &Requests, request: u32, what: String) {
        let mut clients = self.clients.iter();
        // A client that has gone has nobody to ask, and nobody that waits.
        if let Some((id, _)) = clients.find(|(_, attached)| attached.client.asked(from)) {
            self.journal.push_back(Journal::CredentialWanted {
                client: id as ClientId,
                request,
                what,
            });
        }
    }

    /// Records that a command is being sent, behind the events of its check-out. One without a slot ends with that.
    pub(super) fn journal_started(&mut self, slot: u32, token: Token) {
        let Some(Entry {
            held: Some(held), ..
        }) = self.entries.get_mut(token)
        else {
            return;
        };
        let client = held.client;
        self.journal_topology(client);
        // The same one, which gathering has left alone.
        let Some(Entry {
            server,
            held: Some(held),
            ..
        }) = self.entries.get_mut(token)
        else {
            return;
        };
        let connection = &held.checked_out.connection;
        let command = append_whole_command(connection.request(), &mut self.sent);
        self.journal.push_back(Journal::CommandStarted {
            client,
            slot,
            connection: held.checked_out.key.id.0,
            server: server.number(),
            server_connection: connection.server_connection_id(),
            request_id: held.request_id,
            service: connection.service(),
            command,
            at: held.started.unwrap_or_else(Instant::now),
        });
        self.events_pending = true;
    }

    /// Records that an attempt at a command has ended, where its start was recorded. Whoever completes the operation says
    /// nothing of it any more.
    pub(super) fn journal_ended(&mut self, token: Token, end: impl FnOnce() -> CommandEnd) {
        let Some(Entry { server, held, .. }) = self.entries.get_mut(token) else {
            return;
        };
        let (server, Some(held)) = (server.number(), held) else {
            return;
        };
        let (Some(started), Some(slot)) = (held.started.take(), held.slot) else {
            return;
        };
        self.journal.push_back(Journal::CommandEnded {
            client: held.client,
            slot,
            connection: held.checked_out.key.id.0,
            server,
            duration: started.elapsed(),
            end: end(),
            at: Instant::now(),
        });
        self.events_pending = true;
    }
}

/// A document without fields.
const EMPTY: [u8; 5] = [5, 0, 0, 0, 0];

/// So much room for commands is kept between events.
const SENT_KEPT: usize = 64 << 10;

/// Appends the body of a message, with its document sequences as the arrays that they stand for. Says where it is.
fn append_whole_command(message: &[u8], to: &mut Vec<u8>) -> Range<usize> {
    let start = to.len();
    let Ok(message) = OpMsg::parse(message) else {
        to.extend_from_slice(&EMPTY);
        return start..to.len();
    };
    to.extend_from_slice(message.body);
    if message.sequences().next().is_some()
        && let Ok(mut fields) = Appender::reopen(to, start)
    {
        for sequence in message.sequences() {
            fields.array(
                sequence.identifier,
                sequence.documents,
                |array, index, document| {
                    array.raw_document(index, document);
                },
            );
        }
        fields.finish();
    }
    start..to.len()
}
