//! The pool's connections: where each is held, and how many are held where.

use crate::chain::Chain;
use crate::deadlines::DeadlineId;
use crate::effects::{Ended, Establish};
use crate::ids::{ConnectionId, Key, ServiceId};
use crate::link::Link;
use crate::stats::Purpose;
use crate::types::Types;
use slab::Slab;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

pub(crate) struct Records<T: Types> {
    records: Slab<Record<T>>,
    /// Available connections, most recently used last.
    available: Chain,
    pending: u32,
    in_use: [u32; 3],
    last_id: u64,
}

pub(crate) struct Record<T: Types> {
    pub(crate) id: ConnectionId,
    pub(crate) generation: u32,
    pub(crate) service: Option<ServiceId>,
    /// Since when it has been where it is. Of an available one it is not kept where none grows too old.
    pub(crate) since: Instant,
    pub(crate) link: Arc<Link>,
    pub(crate) place: Place<T>,
}

/// Where a connection is. Being there is its state; there is no second flag.
pub(crate) enum Place<T: Types> {
    /// With the task that establishes it.
    Pending,
    /// Here.
    Available { connection: T::Connection },
    /// With whoever checked it out.
    InUse {
        purpose: Purpose,
        deadline: Option<DeadlineId>,
    },
    /// Still with whoever checked it out, but closed as far as the pool is concerned.
    Ended(Ended),
}

impl<T: Types> Records<T> {
    pub(crate) fn new() -> Self {
        Self {
            records: Slab::new(),
            available: Chain::new(),
            pending: 0,
            in_use: [0; 3],
            last_id: 0,
        }
    }

    pub(crate) fn pending(&self) -> u32 {
        self.pending
    }

    pub(crate) fn available(&self) -> u32 {
        self.available.len() as u32
    }

    pub(crate) fn in_use(&self) -> [u32; 3] {
        self.in_use
    }

    pub(crate) fn total(&self) -> u32 {
        self.pending + self.available() + self.in_use.iter().sum::<u32>()
    }

    pub(crate) fn is_any_in_use(&self) -> bool {
        self.in_use != [0; 3]
    }

    /// A new pending connection.
    pub(crate) fn create(&mut self, generation: u32, populates: bool, now: Instant) -> Establish {
        self.last_id += 1;
        let id = ConnectionId(self.last_id);
        let link = Arc::new(Link::default());
        let record = Record {
            id,
            generation,
            service: None,
            since: now,
            link: Arc::clone(&link),
            place: Place::Pending,
        };
        let slot = self.records.insert(record) as u32;
        self.pending += 1;
        Establish {
            key: Key { slot, id },
            link,
            generation,
            created: now,
            populates,
        }
    }

    /// The record that `key` names, unless the connection is gone.
    pub(crate) fn get(&self, key: Key) -> Option<&Record<T>> {
        self.records
            .get(key.slot as usize)
            .filter(|record| record.id == key.id)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Record<T>> {
        self.records
            .get_mut(key.slot as usize)
            .filter(|record| record.id == key.id)
    }

    /// The most recently used available connection.
    pub(crate) fn newest_available(&self) -> Option<Key> {
        self.available.back().map(|slot| self.key(slot))
    }

    /// The available connection that was used longest ago.
    pub(crate) fn oldest_available(&self) -> Option<Key> {
        self.available.front().map(|slot| self.key(slot))
    }

    /// When the oldest available connection became available.
    pub(crate) fn oldest_available_since(&self) -> Option<Instant> {
        let slot = self.available.front()?;
        Some(self.records[slot as usize].since)
    }

    /// Moves a connection that exists to another place and returns the place it was in. Every
    /// count of the pool changes here, in [`Self::create`] or in [`Self::remove`].
    // Inlined, a place is written where it stays: to copy it at once is to wait for it.
    #[inline(always)]
    pub(crate) fn move_to(&mut self, key: Key, place: Place<T>) -> Place<T> {
        let from = mem::replace(&mut self.records[key.slot as usize].place, place);
        self.leave(key.slot, &from);
        match &self.records[key.slot as usize].place {
            Place::Pending => self.pending += 1,
            Place::Available { .. } => self.available.push_back(key.slot),
            Place::InUse { purpose, .. } => self.in_use[*purpose as usize] += 1,
            Place::Ended(_) => {}
        }
        from
    }

    /// Forgets a connection that exists.
    pub(crate) fn remove(&mut self, key: Key) -> Record<T> {
        let record = self.records.remove(key.slot as usize);
        self.leave(key.slot, &record.place);
        record
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Record<T>)> {
        self.records.iter().map(|(slot, record)| {
            (
                Key {
                    slot: slot as u32,
                    id: record.id,
                },
                record,
            )
        })
    }

    /// Forgets everything, without a word to anybody. Ids go on where they were.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Record<T>> {
        self.available.clear();
        (self.pending, self.in_use) = (0, [0; 3]);
        mem::take(&mut self.records)
            .into_iter()
            .map(|(_, record)| record)
    }

    fn key(&self, slot: u32) -> Key {
        Key {
            slot,
            id: self.records[slot as usize].id,
        }
    }

    fn leave(&mut self, slot: u32, place: &Place<T>) {
        match place {
            Place::Pending => self.pending -= 1,
            Place::Available { .. } => self.available.remove(slot),
            Place::InUse { purpose, .. } => self.in_use[*purpose as usize] -= 1,
            Place::Ended(_) => {}
        }
    }
}
