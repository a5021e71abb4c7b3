//! A lane with the operations of its thread on it.
//!
//! **Structure.** `operations` holds one operation for each slot, `entries` one entry for each
//! connection that this lane watches: parked ones belong to their pool and are watched for a hang-up
//! only, active ones are ours.
//!
//! **The path of an operation.** `operation.rs` begins it, `select.rs` finds it a server, `check_out.rs` a
//! connection. `compose.rs` appends what that connection and the session ask for, `exchange.rs` writes the
//! request there and then, and gives the connection back. `turn.rs` reads
//! replies and records completions; `retry.rs` decides what follows a failure. `sessions.rs` has sessions and transactions,
//! `pinned.rs` the connections that a user holds, `journal.rs` the events, `selection_log.rs`
//! those of selections, `limits.rs` what servers accept.

mod attempts;
mod binding;
mod check_out;
mod compose;
mod concerns;
mod deadline;
mod exchange;
mod farewell;
mod invocation;
mod journal;
mod limits;
mod operation;
mod pinned;
mod retry;
mod select;
mod selection_log;
mod sessions;
mod trouble;
mod turn;
mod verdict;

pub use invocation::{Invocation, OperationOptions, SessionChoice, Target, Timeout};
pub use journal::{CommandEnd, Journal, Subscription};
pub use pinned::CheckedOutInfo;
pub use selection_log::{SelectionEvent, SelectionStep, Selections};
pub use turn::{Turn, kind};

use crate::client::Client;
use crate::failure::Failure;
use crate::labels::Labels;
use crate::note::Note;
use crate::profile::Profile;
use crate::runtime::runtime;
use crate::session::{ClusterTime, ServerSessions, Sessions};
use ferropool_connection::{Error, ErrorKind, Phase, Watcher};
use ferropool_lane::{Batch, Inbox, Message, Readiness, Table, Token};
use ferropool_pool::{CheckedOut, Condition, Effects, Key};
use ferropool_topology::{Latest, ReadPreferenceMode, Scratch, Server, View, Wired};
use operation::{Kind, Operation};
use slab::Slab;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// Names a client of an engine.
pub type ClientId = u32;

/// A lane and its operations; owned and driven by one thread at a time.
pub struct Engine {
    readiness: Arc<Readiness>,
    watcher: Arc<dyn Watcher>,
    inbox: Arc<Inbox<Note>>,
    clients: Slab<Attached>,
    operations: Vec<Option<Operation>>,
    entries: Table<Entry>,
    effects: Effects<Wired>,
    batch: Batch,
    messages: Vec<Message<Note>>,
    released: Vec<Token>,
    /// Completions that found no room, or that were made outside a turn.
    deferred: VecDeque<(u32, Completion)>,
    /// Connections whose reply is complete and found no room.
    carried: VecDeque<Token>,
    /// Replies that no slab could hold, until they are taken.
    large: Slab<Vec<u8>>,
    scratch: Scratch,
    journal: VecDeque<Journal>,
    /// The commands that the journal tells of, one behind the other.
    sent: Vec<u8>,
    /// Whether some pool has events that nobody has drained.
    events_pending: bool,
    /// The request that is being composed.
    request: Vec<u8>,
    /// Request buffers for reuse.
    buffers: Vec<Vec<u8>>,
    /// Operations whose next attempt is due, by slot and serial number.
    again: VecDeque<(u32, u64)>,
    next_request_id: i32,
    /// How many operations there were.
    serials: u64,
    in_flight: u32,
}

struct Attached {
    client: Arc<Client>,
    /// The deployment as it was last seen here.
    latest: Option<Latest<View>>,
    subscription: Subscription,
    /// How commands are treated, by number: those of each read preference mode come first.
    profiles: Vec<Arc<Profile>>,
    sessions: Sessions,
    server_sessions: ServerSessions,
    /// How long the deployment keeps sessions; `None` where nobody knows.
    session_minutes: Option<u32>,
    cluster_time: ClusterTime,
}

/// A connection that the lane watches: for a hang-up while it is available in its pool, for its
/// replies while it is held here.
struct Entry {
    server: Arc<Server>,
    key: Key,
    held: Option<Held>,
}

/// A connection in use, here.
struct Held {
    checked_out: CheckedOut<Wired>,
    client: ClientId,
    /// The operation that waits for its reply.
    slot: Option<u32>,
    request_id: i32,
    /// When the request was sent, where somebody wants to know.
    started: Option<Instant>,
    /// Who keeps it between operations.
    holder: Option<Holder>,
    /// What runs on it has no reply.
    is_unacknowledged: bool,
    /// The operation on a user's connection has a deadline of its own.
    timed: bool,
    /// It failed.
    broken: Option<Error>,
}

impl Held {
    fn new(checked_out: CheckedOut<Wired>, client: ClientId, holder: Option<Holder>) -> Self {
        Self {
            checked_out,
            client,
            slot: None,
            request_id: 0,
            started: None,
            holder,
            is_unacknowledged: false,
            timed: false,
            broken: None,
        }
    }
}

/// Who keeps a connection between operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    User,
    Cursor,
    Transaction,
}

/// How an operation ended, besides with a reply.
#[derive(Debug)]
pub enum Completion {
    /// It failed; the error gets these labels besides its own.
    Failed(Box<Failure>, Labels),
    /// The server reported an error, to an earlier attempt: the reply's body, and more labels.
    Refused(Vec<u8>, Labels),
    /// It was written, and nobody waits for a reply.
    Written,
    /// A connection for a user.
    Connection(CheckedOutInfo),
    /// A JSON text.
    Text(String),
    /// It was given up by its caller, and nothing came of it.
    Abandoned,
}

impl Engine {
    /// An engine without clients.
    ///
    /// # Errors
    /// The process has too many descriptors.
    pub fn new() -> io::Result<Self> {
        let readiness = Readiness::new()?;
        Ok(Self {
            watcher: Arc::clone(&readiness) as Arc<dyn Watcher>,
            inbox: Inbox::new(Arc::clone(&readiness)),
            readiness,
            clients: Slab::new(),
            operations: Vec::new(),
            entries: Table::new(),
            effects: Effects::new(),
            batch: Batch::default(),
            messages: Vec::new(),
            released: Vec::new(),
            deferred: VecDeque::new(),
            carried: VecDeque::new(),
            large: Slab::new(),
            scratch: Scratch::default(),
            journal: VecDeque::new(),
            sent: Vec::new(),
            events_pending: false,
            request: Vec::new(),
            buffers: Vec::new(),
            again: VecDeque::new(),
            next_request_id: 0,
            serials: 0,
            in_flight: 0,
        })
    }

    /// The descriptor to watch, and whom to wake.
    pub fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// What other threads reach the engine through.
    pub fn inbox(&self) -> &Arc<Inbox<Note>> {
        &self.inbox
    }

    /// Operations that have not completed.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Takes a client whose operations live on this lane.
    pub fn attach(&mut self, client: Arc<Client>) -> ClientId {
        self.clients.insert(Attached {
            client,
            latest: None,
            subscription: Subscription::default(),
            profiles: { ReadPreferenceMode::ALL.into_iter() }
                .map(|mode| Arc::new(Profile::of_mode(mode)))
                .collect(),
            sessions: Sessions::default(),
            server_sessions: ServerSessions::default(),
            session_minutes: None,
            cluster_time: ClusterTime::default(),
        }) as ClientId
    }

    /// Keeps a profile of a client's commands, and says its number.
    pub fn add_profile(&mut self, id: ClientId, profile: Profile) -> u32 {
        let Some(attached) = self.clients.get_mut(id as usize) else {
            return 0;
        };
        attached.profiles.push(Arc::new(profile));
        attached.profiles.len() as u32 - 1
    }

    /// Forgets a client that has no operations here. Dropping its last handle closes it.
    pub fn detach(&mut self, id: ClientId) {
        self.clients.try_remove(id as usize);
    }

    /// A client of this engine.
    pub fn client(&self, id: ClientId) -> Option<&Arc<Client>> {
        self.clients
            .get(id as usize)
            .map(|attached| &attached.client)
    }

    /// Waits until the client's server can be used; completes with a text.
    pub fn connect(&mut self, id: ClientId, slot: u32, timeout: Timeout) {
        let profile = self.own_profile(id);
        let mut operation = Operation::new(id, Kind::Connect, profile);
        self.limit(&mut operation, timeout);
        self.start(slot, operation);
    }

    /// What the client's own read preference asks for.
    fn own_profile(&self, id: ClientId) -> Arc<Profile> {
        let client = self.client(id);
        let preference = client.map(|client| client.options().read_preference.clone());
        Arc::new(Profile {
            read_preference: preference.unwrap_or_default(),
            ..Profile::default()
        })
    }

    /// Closes a client; completes with [`crate::Closed`] as JSON.
    pub fn close(&mut self, id: ClientId, slot: u32, drain: Option<std::time::Duration>) {
        let Some(client) = self.client(id).map(Arc::clone) else {
            return;
        };
        self.inbox.attend();
        self.end_sessions(id);
        let closing = client.close(drain, self.unawaited(id));
        self.spawn(id, slot, async move {
            Ok(serde_json::to_string(&closing.await).unwrap_or_default())
        });
        self.rest();
    }

    /// The connections of a client on which there is a command that its caller has given up, or that waits for what may never come.
    fn unawaited(&self, id: ClientId) -> Vec<(Arc<Server>, Key)> {
        let entries = self.entries.iter().map(|(_, entry)| entry);
        let unawaited = entries.filter(|entry| {
            let held = entry.held.as_ref().filter(|held| held.client == id);
            let slot = held.and_then(|held| held.slot);
            let operation = slot.and_then(|slot| self.operations.get(slot as usize)?.as_ref());
            operation
                .is_some_and(|operation| operation.is_abandoned || operation.profile.awaits_data)
        });
        unawaited
            .map(|entry| (Arc::clone(&entry.server), entry.key))
            .collect()
    }

    /// Completes when the client's pool has `connections`, or without a number its `minPoolSize`.
    pub fn warm(&mut self, id: ClientId, slot: u32, connections: Option<u32>) {
        let Some(client) = self.client(id) else {
            return;
        };
        let options = client.options();
        let connections = connections.unwrap_or(options.pool.min_pool_size);
        let profile = self.own_profile(id);
        self.start(slot, Operation::new(id, Kind::Warm(connections), profile));
    }

    /// Gives everything back and ends every operation without a completion: the thread that drives the
    /// engine ends.
    pub fn shut_down(&mut self) {
        self.inbox.attend();
        self.take_messages();
        for slot in 0..self.operations.len() as u32 {
            self.cancel(slot);
        }
        for Entry { server, held, .. } in self.entries.drain() {
            if let Some(held) = held {
                // A connection of this engine is its server's: nothing is given back.
                let _ = server.pool().check_in(
                    held.checked_out,
                    Condition::Errored(gone()),
                    &mut self.effects,
                );
                server.pool().settle(&mut self.effects);
            }
        }
        self.operations.clear();
        self.deferred.clear();
        self.again.clear();
        self.in_flight = 0;
        self.clients.clear();
    }

    /// Runs `work` on the core's threads; the operation completes with its outcome.
    fn spawn(
        &mut self,
        id: ClientId,
        slot: u32,
        work: impl Future<Output = Result<String, Failure>> + Send + 'static,
    ) {
        let elsewhere = Operation {
            stage: operation::Stage::Elsewhere,
            ..Operation::new(id, Kind::Connect, Arc::default())
        };
        self.occupy(slot, elsewhere);
        let inbox = Arc::clone(&self.inbox);
        runtime().spawn(async move {
            let outcome = work.await.map_err(Box::new);
            inbox.push(Message::Other(Note::Finished { slot, outcome }));
        });
    }

    /// Completes an operation in the next turn.
    fn complete_later(&mut self, slot: u32, completion: Completion) {
        if self.deferred.is_empty() {
            self.readiness.wake();
        }
        self.deferred.push_back((slot, completion));
    }

    fn fail_later(&mut self, slot: u32, failure: Failure) {
        self.complete_later(slot, Completion::Failed(Box::new(failure), Labels::NONE));
    }
}

/// The error of a connection whose lane has ended.
fn gone() -> Error {
    Error::new(
        ErrorKind::Network,
        Phase::Established,
        "the thread that used the connection has ended",
    )
}
