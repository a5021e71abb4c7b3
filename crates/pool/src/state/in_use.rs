//! What befalls a connection while somebody holds it.

use super::{Expiry, State};
use crate::effects::{Effects, Ended};
use crate::event::{ClosedReason, EventKind};
use crate::ids::Key;
use crate::records::{Place, Record};
use crate::stats::Purpose;
use crate::types::Types;
use std::sync::Arc;
use std::time::Instant;

impl<T: Types> State<T> {
    /// Says what a connection in use is used for from now on.
    pub fn set_purpose(&mut self, key: Key, purpose: Purpose) {
        if let Some(&Place::InUse { deadline, .. }) =
            self.records.get(key).map(|record| &record.place)
        {
            self.records
                .move_to(key, Place::InUse { purpose, deadline });
        }
    }

    /// Sets when the use of a connection in use ends, or takes that back.
    pub fn set_use_until(&mut self, key: Key, until: Option<Instant>) {
        let Some(Place::InUse { deadline, .. }) =
            self.records.get_mut(key).map(|record| &mut record.place)
        else {
            return;
        };
        if let Some(old) = deadline.take() {
            self.deadlines.remove(old);
        }
        *deadline = until.map(|at| self.deadlines.insert(at, Expiry::Use(key)));
    }

    /// Whether, and why, a connection was ended that its holder has not returned yet.
    pub fn ended(&self, key: Key) -> Option<Ended> {
        match self.records.get(key)?.place {
            Place::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// Ends the connections in use that `chosen` picks. Their events are recorded here: their
    /// holders only return what is no longer counted.
    pub(super) fn end_in_use(
        &mut self,
        ended: Ended,
        reason: ClosedReason,
        chosen: impl Fn(&Self, &Record<T>) -> bool,
        now: Instant,
        effects: &mut Effects<T>,
    ) -> u32 {
        let keys = self.keys(|state, record| {
            matches!(record.place, Place::InUse { .. }) && chosen(state, record)
        });
        for key in &keys {
            self.end_use(*key, ended, reason, None, now, effects);
        }
        keys.len() as u32
    }

    /// Ends one connection in use.
    pub(super) fn end_use(
        &mut self,
        key: Key,
        ended: Ended,
        reason: ClosedReason,
        error: Option<T::Error>,
        now: Instant,
        effects: &mut Effects<T>,
    ) {
        if let Place::InUse {
            deadline: Some(deadline),
            ..
        } = self.records.move_to(key, Place::Ended(ended))
        {
            self.deadlines.remove(deadline);
        }
        let Some(record) = self.records.get(key) else {
            return;
        };
        let service = record.service;
        effects.sever.push(Arc::clone(&record.link));
        self.events
            .push(now, || EventKind::CheckedIn { connection: key.id });
        self.log_closed(key, service, reason, error, now);
    }
}
