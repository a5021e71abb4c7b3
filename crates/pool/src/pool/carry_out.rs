//! What follows a decision, outside the lock.

use super::Pool;
use crate::effects::Effects;
use crate::permit::Permit;
use crate::types::Types;

/// Who has to be woken after a decision.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wakes {
    pub(super) earlier: bool,
    pub(super) warmer: bool,
    pub(super) drained: bool,
    pub(super) events: bool,
}

/// What remains to be done of a decision that was made under the caller's own lock.
#[must_use]
pub struct Deferred<'a, T: Types> {
    pool: &'a Pool<T>,
    effects: Effects<T>,
    wakes: Wakes,
}

impl<'a, T: Types> Deferred<'a, T> {
    pub(super) fn new(pool: &'a Pool<T>, effects: Effects<T>, wakes: Wakes) -> Self {
        Self {
            pool,
            effects,
            wakes,
        }
    }

    /// Closes, wakes and tells; to be called without a lock.
    pub fn carry_out(mut self) {
        self.pool.carry_out(&mut self.effects, self.wakes);
        self.pool.settle(&mut self.effects);
    }
}

impl<T: Types> Pool<T> {
    #[inline]
    pub(super) fn carry_out(&self, effects: &mut Effects<T>, wakes: Wakes) {
        // Whoever takes an available connection, or returns one that nobody waits for, leaves nothing to do.
        if wakes != Wakes::default() || !effects.are_waiters_only() {
            self.carry_out_all(effects, wakes);
        }
    }

    #[cold]
    fn carry_out_all(&self, effects: &mut Effects<T>, wakes: Wakes) {
        if wakes.earlier {
            self.earlier.notify_one();
        }
        if wakes.warmer {
            self.warmer.notify_waiters();
        }
        if wakes.drained {
            self.drained.notify_waiters();
        }
        for establish in effects.establish.drain(..) {
            if let Some(pool) = self.this.upgrade() {
                self.connector.establish(Permit::new(pool, establish));
            }
        }
        for link in effects.sever.drain(..) {
            link.sever();
        }
        effects.close.clear();
        if wakes.events {
            self.connector.events_recorded();
        }
    }
}
