use crate::client::Client;
use crate::failure::Failure;
use crate::note::Note;
use ferropool_lane::{Inbox, Message};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::time::timeout_at;

/// The operations of a client that wait for a server to become usable ("Server Selection").
pub(crate) struct Selection {
    waiting: Mutex<BTreeMap<(Instant, u32), Instant>>,
    earlier: Notify,
    inbox: Arc<Inbox<Note>>,
}

impl Selection {
    pub(crate) fn new(inbox: Arc<Inbox<Note>>) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::new(BTreeMap::new()),
            earlier: Notify::new(),
            inbox,
        })
    }

    /// The operation waits until `deadline`.
    pub(crate) fn enter(&self, slot: u32, since: Instant, deadline: Instant) {
        let mut waiting = self.waiting.lock();
        let earliest = waiting.first_key_value().map(|((at, _), _)| *at);
        waiting.insert((deadline, slot), since);
        drop(waiting);
        if earliest.is_none_or(|earliest| deadline < earliest) {
            self.earlier.notify_one();
        }
    }

    /// The operation no longer waits. `false` if it has been told already.
    pub(crate) fn leave(&self, slot: u32, deadline: Instant) -> bool {
        self.waiting.lock().remove(&(deadline, slot)).is_some()
    }

    /// Whether operations wait.
    pub(crate) fn is_anybody_waiting(&self) -> bool {
        !self.waiting.lock().is_empty()
    }

    /// Every operation may try again, oldest first.
    pub(crate) fn resume(&self) -> u32 {
        self.tell(None)
    }

    /// Every operation fails.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.tell(Some(failure));
    }

    fn tell(&self, failure: Option<&Failure>) -> u32 {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        let mut slots: Vec<(Instant, u32)> = waiting
            .iter()
            .map(|((_, slot), since)| (*since, *slot))
            .collect();
        slots.sort_unstable();
        for (_, slot) in &slots {
            self.inbox.push(Message::Other(Note::Selected {
                slot: *slot,
                failure: failure.cloned().map(Box::new),
            }));
        }
        slots.len() as u32
    }

    /// Ends what has waited long enough, for as long as the client exists.
    pub(crate) async fn expire(self: Arc<Self>, client: Weak<Client>) {
        // A client that wakes it as it is dropped still holds the selection, but nobody holds the client.
        while client.strong_count() > 0 {
            match self.expire_due(&client) {
                None => self.earlier.notified().await,
                Some(at) => {
                    // Whichever comes first; both lead to another look.
                    let _ = timeout_at(at.into(), self.earlier.notified()).await;
                }
            }
        }
    }

    /// Ends the task that waits here.
    pub(crate) fn wake(&self) {
        self.earlier.notify_one();
    }

    fn expire_due(&self, client: &Weak<Client>) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let mut waiting = self.waiting.lock();
            let (&(deadline, slot), &since) = waiting.first_key_value()?;
            if deadline > now {
                return Some(deadline);
            }
            waiting.remove(&(deadline, slot));
            drop(waiting);
            let client = client.upgrade()?;
            let view = client.topology().map(|topology| topology.view());
            let failure = Box::new(Failure::ServerSelection {
                waited_ms: now.saturating_duration_since(since).as_millis() as u64,
                topology: view.map(|view| Arc::clone(view.snapshot.description())),
            });
            self.inbox.push(Message::Other(Note::Selected {
                slot,
                failure: Some(failure),
            }));
        }
    }
}
