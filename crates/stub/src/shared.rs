//! What the listener and the connections share: one state behind one lock.
//!
//! The lock is held for the time of one decision and never across an await.

use std::collections::HashMap;

use bson::Document;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::counters::{Counters, Status};
use crate::fail_point::FailPoint;
use crate::faults::Faults;
use crate::options::Options;
use crate::storage::Storage;

/// Shared by everything that serves one stub.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) state: Mutex<State>,
    /// Counts changes of the faults; who waits for one of them to change watches it.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) faults: Faults,
    pub(crate) fail_point: Option<FailPoint>,
    pub(crate) storage: Storage,
    pub(crate) counters: Counters,
    /// How often the hello reply has changed; counts up its topologyVersion.
    pub(crate) hello_changes: i64,
    connections: HashMap<i32, Registration>,
    last_connection_id: i32,
    last_request_id: i32,
}

/// How the stub ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A FIN after what was sent.
    Close,
    /// A RST.
    Reset,
}

/// An open connection, seen from outside of its task.
#[derive(Debug)]
struct Registration {
    end: Option<oneshot::Sender<Ending>>,
    /// The `application.name` of its hello; empty when there is none, or no hello yet.
    application: String,
    is_control: bool,
    is_hello_answered: bool,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Shared {
        Shared {
            options,
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    /// To be called before the condition is looked at, so that no change is missed.
    pub(crate) fn watch_changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn announce_change(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Ends every connection but the control connections and the one with the id `except`.
    pub(crate) fn end_connections(&self, ending: Ending, except: Option<i32>) {
        let mut state = self.state.lock();
        for (id, registration) in &mut state.connections {
            if registration.is_control || Some(*id) == except {
                continue;
            }
            if let Some(end) = registration.end.take() {
                // An error says that the connection has ended by itself.
                let _ = end.send(ending);
            }
        }
    }
}

impl State {
    /// Takes a new connection into the books; gives its id, and what tells it to end.
    pub(crate) fn register(&mut self) -> (i32, oneshot::Receiver<Ending>) {
        let (end, ended) = oneshot::channel();
        self.last_connection_id += 1;
        let registration = Registration {
            end: Some(end),
            application: String::new(),
            is_control: false,
            is_hello_answered: false,
        };
        self.connections
            .insert(self.last_connection_id, registration);
        self.counters.opened();
        (self.last_connection_id, ended)
    }

    pub(crate) fn unregister(&mut self, id: i32) {
        let Some(registration) = self.connections.remove(&id) else {
            return;
        };
        if !registration.is_control {
            self.counters.closed();
            if !registration.is_hello_answered {
                self.counters.hello_unanswered -= 1;
            }
        }
    }

    /// Notes who is at the other end. A control connection leaves the counters as if it had not come.
    pub(crate) fn identify(&mut self, id: i32, application: &str, is_control: bool) {
        let Some(registration) = self.connections.get_mut(&id) else {
            return;
        };
        application.clone_into(&mut registration.application);
        if is_control && !registration.is_control {
            registration.is_control = true;
            self.counters.forget_opened();
            if !registration.is_hello_answered {
                self.counters.hello_unanswered -= 1;
            }
        }
    }

    pub(crate) fn hello_answered(&mut self, id: i32) {
        let Some(registration) = self.connections.get_mut(&id) else {
            return;
        };
        if !registration.is_hello_answered {
            registration.is_hello_answered = true;
            if !registration.is_control {
                self.counters.hello_unanswered -= 1;
            }
        }
    }

    pub(crate) fn next_request_id(&mut self) -> i32 {
        self.last_request_id = self.last_request_id.wrapping_add(1);
        self.last_request_id
    }

    pub(crate) fn status(&self) -> Status {
        let mut by_application = std::collections::BTreeMap::new();
        for registration in self.connections.values() {
            if !registration.is_control {
                *by_application
                    .entry(registration.application.clone())
                    .or_insert(0) += 1;
            }
        }
        self.counters.status(by_application)
    }

    pub(crate) fn note_client_metadata(&mut self, metadata: &Document) {
        self.counters.last_client_metadata = Some(metadata.clone());
    }
}
