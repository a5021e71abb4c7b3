//! The lock around the machine. The only file that locks; `pool/carry_out.rs` does what follows a decision.

mod carry_out;

pub use carry_out::Deferred;

use crate::clock::CoarseClock;
use crate::effects::{
    CheckIn, CheckOut, CheckOutResult, CheckedOut, Condition, Effects, Ended, Request,
};
use crate::error::{CheckOutError, Holder};
use crate::event::Event;
use crate::fork::ProcessMark;
use crate::ids::{Key, ServiceId, Ticket};
use crate::options::PoolOptions;
use crate::permit::Permit;
use crate::state::{Clears, State};
use crate::stats::{PoolStats, Purpose};
use crate::types::Types;
use carry_out::Wakes;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::Notify;

/// What a pool needs from its owner.
pub trait Connector<T: Types>: Send + Sync + 'static {
    /// Starts establishing; must not block. The permit says how it went.
    fn establish(&self, permit: Permit<T>);

    /// Tells a waiter that does not belong to whoever made the pool act.
    fn settle(&self, waiter: T::Waiter, result: CheckOutResult<T>);

    /// The pool has events for its subscriber, and had none before.
    fn events_recorded(&self);
}

/// A connection pool that may be shared between threads.
///
/// Every method locks for as long as [`State`] takes to decide, and carries out the effects
/// afterwards: no waiter is told, no socket closed and no task woken under the lock. Methods that
/// can hand a connection to a waiter take the caller's `Effects` and leave `settled` in it, so that a
/// lane can serve its own waiters itself; [`Pool::settle`] tells the rest.
///
/// Dropping the last handle closes the available connections. [`maintain`](Self::maintain) does not
/// keep the pool alive.
pub struct Pool<T: Types> {
    locked: Mutex<Locked<T>>,
    /// Wakes the maintenance task when there is something earlier to do than it sleeps for.
    earlier: Arc<Notify>,
    /// Notified when the last connection in use of a closed pool has come back.
    drained: Notify,
    /// Notified of every change while somebody warms the pool.
    warmer: Notify,
    connector: Box<dyn Connector<T>>,
    clock: CoarseClock,
    this: Weak<Self>,
}

struct Locked<T: Types> {
    state: State<T>,
    /// What the maintenance task sleeps until.
    armed: Option<Instant>,
    process: ProcessMark,
}

impl<T: Types> Pool<T> {
    /// A paused pool.
    pub fn new(options: PoolOptions, connector: Box<dyn Connector<T>>) -> Arc<Self> {
        let state = State::new(options, Instant::now());
        Arc::new_cyclic(|this| Self {
            locked: Mutex::new(Locked {
                state,
                armed: None,
                process: ProcessMark::current(),
            }),
            earlier: Arc::new(Notify::new()),
            drained: Notify::new(),
            warmer: Notify::new(),
            connector,
            clock: CoarseClock::new(),
            this: Weak::clone(this),
        })
    }

    /// [`State::check_out`]. In a forked child the pool first forgets its parent's connections.
    pub fn check_out(
        &self,
        request: &Request,
        waiter: impl FnOnce() -> T::Waiter,
        effects: &mut Effects<T>,
    ) -> CheckOut<T> {
        let now = Instant::now();
        self.with(effects, |state, effects| {
            state.check_out(request, waiter, now, effects)
        })
    }

    /// [`State::try_check_out`].
    ///
    /// # Errors
    /// [`CheckOutError::PoolClosed`].
    #[inline(always)]
    pub fn try_check_out(
        &self,
        request: &Request,
        effects: &mut Effects<T>,
    ) -> Result<Option<CheckedOut<T>>, CheckOutError<T::Error>> {
        self.with(effects, |state, effects| {
            let now = match state.hands_out_untimed() {
                true => self.clock.now(),
                false => Instant::now(),
            };
            state.try_check_out(request, now, effects)
        })
    }

    /// [`State::cancel`].
    pub fn cancel(&self, ticket: Ticket) -> Option<T::Waiter> {
        self.with(&mut Effects::new(), |state, _| {
            state.cancel(ticket, Instant::now())
        })
    }

    /// [`State::check_in`].
    ///
    /// # Errors
    /// A connection of another pool is given back.
    pub fn check_in(
        &self,
        checked_out: CheckedOut<T>,
        condition: Condition<T::Error>,
        effects: &mut Effects<T>,
    ) -> Result<CheckIn, CheckedOut<T>> {
        self.with(effects, |state, effects| {
            state.check_in(checked_out, condition, Instant::now, effects)
        })
    }

    /// [`State::set_purpose`].
    pub fn set_purpose(&self, key: Key, purpose: Purpose) {
        self.locked.lock().state.set_purpose(key, purpose);
    }

    /// [`State::set_use_until`].
    pub fn set_use_until(&self, key: Key, until: Option<Instant>) {
        self.act(|state, _| state.set_use_until(key, until));
    }

    /// [`State::ended`].
    pub fn ended(&self, key: Key) -> Option<Ended> {
        self.locked.lock().state.ended(key)
    }

    /// [`State::hung_up`].
    pub fn hung_up(&self, key: Key, error: T::Error) -> bool {
        self.act(|state, effects| state.hung_up(key, error, Instant::now(), effects))
    }

    /// [`State::ready`].
    pub fn ready(&self) {
        self.decide_ready().carry_out();
    }

    /// [`State::clear`].
    pub fn clear(
        &self,
        cause: Option<T::Error>,
        interrupt_in_use: bool,
        service: Option<ServiceId>,
    ) {
        self.decide_clear(cause, interrupt_in_use, service)
            .carry_out();
    }

    /// The decision of [`Self::ready`], for a caller that makes it under a lock of its own.
    pub fn decide_ready(&self) -> Deferred<'_, T> {
        self.defer(|state, effects| state.ready(Instant::now(), effects))
    }

    /// The decision of [`Self::clear`], likewise.
    pub fn decide_clear(
        &self,
        cause: Option<T::Error>,
        interrupt_in_use: bool,
        service: Option<ServiceId>,
    ) -> Deferred<'_, T> {
        self.defer(|state, effects| {
            state.clear(cause, interrupt_in_use, service, Instant::now(), effects)
        })
    }

    /// The decision of [`Permit::fail`], likewise. The permit is one of this pool.
    pub fn decide_failure(
        &self,
        permit: Permit<T>,
        error: T::Error,
        clears: Clears,
    ) -> Deferred<'_, T> {
        let key = permit.into_key();
        self.defer(|state, effects| {
            state.establishment_failed(key, error, clears, Instant::now(), effects)
        })
    }

    /// [`State::close`]. Returns how many check-outs it rejected.
    pub fn close(&self) -> u32 {
        let (rejected, deferred) = self.decide_close();
        deferred.carry_out();
        rejected
    }

    /// The decision of [`Self::close`], for a caller that makes it under a lock of its own.
    pub fn decide_close(&self) -> (u32, Deferred<'_, T>) {
        let mut waiting = 0;
        let deferred = self.defer(|state, effects| {
            waiting = state.waiting();
            state.close(Instant::now(), effects);
        });
        (waiting, deferred)
    }

    /// Completes when `connections` are established, pending ones not counted, or as many as
    /// `maxPoolSize` admits. Dropped, it asks for them no longer.
    ///
    /// # Errors
    /// The pool is or becomes paused or closed.
    pub async fn warm(&self, connections: u32) -> Result<(), CheckOutError<T::Error>> {
        let most = self.locked.lock().state.options().max_pool_size;
        let connections = connections.min(most.unwrap_or(u32::MAX));
        self.act(|state, effects| state.warm(connections, Instant::now(), effects));
        let _warming = Warming {
            pool: self,
            connections,
        };
        loop {
            let warmer = self.warmer.notified();
            tokio::pin!(warmer);
            // Registered before the look, so that nothing between the two is missed.
            warmer.as_mut().enable();
            let outcome = {
                let state = &self.locked.lock().state;
                match state.refusal() {
                    Some(error) => Some(Err(error)),
                    None => (state.established_count() >= connections).then_some(Ok(())),
                }
            };
            if let Some(outcome) = outcome {
                return outcome;
            }
            warmer.await;
        }
    }

    /// [`State::interrupt`].
    pub fn interrupt(&self) -> u32 {
        self.act(|state, effects| state.interrupt(Instant::now(), effects))
    }

    /// [`State::interrupt_one`].
    pub fn interrupt_one(&self, key: Key) -> bool {
        self.act(|state, effects| state.interrupt_one(key, Instant::now(), effects))
    }

    /// Completes when the pool is closed and no connection is in use.
    pub async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            // Registered before the look, so that nothing between the two is missed.
            drained.as_mut().enable();
            if self.locked.lock().state.is_drained() {
                return;
            }
            drained.await;
        }
    }

    /// The pool now.
    pub fn stats(&self) -> PoolStats {
        self.locked.lock().state.stats()
    }

    /// [`State::generation`].
    pub fn generation(&self) -> u32 {
        self.locked.lock().state.generation()
    }

    /// The generation that a connection of `service` would have now.
    pub fn generation_of(&self, service: Option<ServiceId>) -> u32 {
        self.locked.lock().state.generation_of(service)
    }

    /// [`State::holders`].
    pub fn holders(&self, most: usize) -> Vec<Holder> {
        self.locked.lock().state.holders(most, Instant::now())
    }

    /// [`State::subscribe`].
    pub fn subscribe(&self, subscribed: bool) {
        self.locked.lock().state.subscribe(subscribed);
    }

    /// [`State::drain_events`]. `to` is called under the pool's lock: it must not come back.
    pub fn drain_events(&self, to: impl FnMut(Event<T::Error>)) {
        self.locked.lock().state.drain_events(to);
    }

    /// Tells every waiter that is left in `effects`.
    pub fn settle(&self, effects: &mut Effects<T>) {
        for (waiter, result) in effects.settled.drain(..) {
            self.connector.settle(waiter, result);
        }
    }

    /// Ticks whenever a tick is due, for as long as the pool exists. To be spawned once for each
    /// pool.
    pub async fn maintain(pool: Weak<Self>) {
        loop {
            let Some(strong) = pool.upgrade() else { return };
            let earlier = Arc::clone(&strong.earlier);
            let next = strong.tick();
            drop(strong);
            match next {
                Some(at) => {
                    // Whichever comes first; both lead to another look.
                    let _ = tokio::time::timeout_at(at.into(), earlier.notified()).await;
                }
                None => earlier.notified().await,
            }
        }
    }

    fn tick(&self) -> Option<Instant> {
        self.act(|state, effects| {
            let now = Instant::now();
            if state.next_tick().is_some_and(|at| at <= now) {
                state.tick(now, effects);
            }
        });
        let mut locked = self.locked.lock();
        locked.armed = locked.state.next_tick();
        locked.armed
    }

    fn defer(&self, input: impl FnOnce(&mut State<T>, &mut Effects<T>)) -> Deferred<'_, T> {
        let mut effects = Effects::new();
        let mut locked = self.locked.lock();
        let had_events = locked.begin(&mut effects);
        input(&mut locked.state, &mut effects);
        let wakes = locked.end(had_events);
        drop(locked);
        Deferred::new(self, effects, wakes)
    }

    /// An input whose caller serves nobody itself.
    pub(crate) fn act<R>(&self, input: impl FnOnce(&mut State<T>, &mut Effects<T>) -> R) -> R {
        let mut effects = Effects::new();
        let result = self.with(&mut effects, input);
        self.settle(&mut effects);
        result
    }

    /// Decides under the lock, then carries out everything but `settled`.
    // Inlined, what was decided is not copied on its way out: each copy would wait for what has just been written.
    #[inline(always)]
    fn with<R>(
        &self,
        effects: &mut Effects<T>,
        input: impl FnOnce(&mut State<T>, &mut Effects<T>) -> R,
    ) -> R {
        let mut locked = self.locked.lock();
        let had_events = locked.begin(effects);
        let result = input(&mut locked.state, effects);
        let wakes = locked.end(had_events);
        drop(locked);
        self.carry_out(effects, wakes);
        result
    }
}

impl<T: Types> Locked<T> {
    /// Before an input: whether there are events that nobody has been told of.
    #[inline]
    fn begin(&mut self, effects: &mut Effects<T>) -> bool {
        if self.process.is_foreign() {
            self.process = ProcessMark::current();
            self.armed = None;
            self.state.reset_after_fork(effects);
        }
        self.state.has_events()
    }

    /// After an input: who has to be woken.
    #[inline]
    fn end(&mut self, had_events: bool) -> Wakes {
        let next = self.state.next_tick();
        let earlier = next.is_some_and(|next| self.armed.is_none_or(|armed| next < armed));
        if earlier {
            self.armed = next;
        }
        Wakes {
            earlier,
            warmer: self.state.warming() > 0,
            drained: self.state.is_drained(),
            events: !had_events && self.state.has_events(),
        }
    }
}

/// Somebody who warms the pool, until it is dropped.
struct Warming<'a, T: Types> {
    pool: &'a Pool<T>,
    connections: u32,
}

impl<T: Types> Drop for Warming<'_, T> {
    fn drop(&mut self) {
        let mut locked = self.pool.locked.lock();
        locked.state.stop_warming(self.connections);
    }
}

impl<T: Types> Drop for Pool<T> {
    fn drop(&mut self) {
        // The maintenance task holds no pool; it wakes to see that there is none.
        self.earlier.notify_one();
    }
}
