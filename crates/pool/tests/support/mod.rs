//! A pool whose connections are numbers, and whose handshakes are in the test's hands.

#![allow(dead_code, reason = "each test uses a part of this")]

use ferropool_pool::{
    CheckIn, CheckOut, CheckOutError, CheckOutResult, CheckedOut, Condition, Connector, Effects,
    Event, Key, Permit, Pool, PoolOptions, Purpose, Request, Ticket, Types,
};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, oneshot};

/// Longer than anything takes that is not stuck.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Mock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) &'static str);

impl Types for Mock {
    type Connection = Connection;
    type Waiter = oneshot::Sender<CheckOutResult<Self>>;
    type Error = Fault;

    fn abandoned() -> Fault {
        Fault("abandoned")
    }
}

/// A connection that is counted for as long as it lives.
pub(crate) struct Connection {
    pub(crate) number: u32,
    living: Arc<AtomicUsize>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What the pool's connector does is decided here.
#[derive(Default)]
pub(crate) struct Remote {
    pool: OnceLock<Weak<Pool<Mock>>>,
    at_once: AtomicBool,
    permits: Mutex<VecDeque<Permit<Mock>>>,
    permit_came: Notify,
    events_came: Notify,
    events_calls: AtomicUsize,
    last_number: AtomicU32,
    living: Arc<AtomicUsize>,
}

struct Hand(Arc<Remote>);

impl Connector<Mock> for Hand {
    fn establish(&self, permit: Permit<Mock>) {
        if self.0.at_once.load(Ordering::SeqCst) {
            permit.complete(self.0.connection(), None);
        } else {
            self.0.held().push_back(permit);
            self.0.permit_came.notify_waiters();
        }
    }

    fn settle(&self, waiter: oneshot::Sender<CheckOutResult<Mock>>, result: CheckOutResult<Mock>) {
        // Whoever gave up between the decision and now leaves the connection here.
        if let Err(Ok(checked_out)) = waiter.send(result)
            && let Some(pool) = self.0.pool.get().and_then(Weak::upgrade)
        {
            check_in(&pool, checked_out, Condition::Healthy);
        }
    }

    fn events_recorded(&self) {
        self.0.events_calls.fetch_add(1, Ordering::SeqCst);
        self.0.events_came.notify_waiters();
    }
}

/// A paused pool that records its events, and its remote.
pub(crate) fn paused(options: PoolOptions) -> (Arc<Pool<Mock>>, Arc<Remote>) {
    let remote = Arc::new(Remote::default());
    let pool = Pool::new(options, Box::new(Hand(Arc::clone(&remote))));
    pool.subscribe(true);
    let _ = remote.pool.set(Arc::downgrade(&pool));
    (pool, remote)
}

/// The same, ready.
pub(crate) fn ready(options: PoolOptions) -> (Arc<Pool<Mock>>, Arc<Remote>) {
    let (pool, remote) = paused(options);
    pool.ready();
    (pool, remote)
}

impl Remote {
    /// From now on handshakes succeed within the call that starts them.
    pub(crate) fn establish_at_once(&self) {
        self.at_once.store(true, Ordering::SeqCst);
    }

    pub(crate) fn connection(&self) -> Connection {
        self.living.fetch_add(1, Ordering::SeqCst);
        Connection {
            number: self.last_number.fetch_add(1, Ordering::SeqCst) + 1,
            living: Arc::clone(&self.living),
        }
    }

    /// How many connections have not been dropped.
    pub(crate) fn living(&self) -> usize {
        self.living.load(Ordering::SeqCst)
    }

    /// How often the pool said that it has events.
    pub(crate) fn events_calls(&self) -> usize {
        self.events_calls.load(Ordering::SeqCst)
    }

    /// The handshakes that have started and wait for the test.
    pub(crate) fn held(&self) -> MutexGuard<'_, VecDeque<Permit<Mock>>> {
        self.permits.lock().expect("nobody panics with it")
    }

    /// The one that has waited longest.
    pub(crate) fn permit(&self) -> Option<Permit<Mock>> {
        self.held().pop_front()
    }

    /// That one succeeds.
    pub(crate) fn complete(&self) -> Key {
        let permit = self.permit().expect("a handshake has started");
        let key = permit.key();
        permit.complete(self.connection(), None);
        key
    }

    /// The first handshake, as soon as there is one.
    pub(crate) async fn next_permit(&self) -> Permit<Mock> {
        within(async {
            loop {
                let came = self.permit_came.notified();
                if let Some(permit) = self.permit() {
                    return permit;
                }
                came.await;
            }
        })
        .await
    }

    /// Completes at the next event; to be made before looking for one.
    pub(crate) fn events_came(&self) -> Notified<'_> {
        self.events_came.notified()
    }

    /// Drains the pool's events into `events` until `is_enough` says so.
    pub(crate) async fn events_until(
        &self,
        pool: &Pool<Mock>,
        events: &mut Vec<Event<Fault>>,
        mut is_enough: impl FnMut(&[Event<Fault>]) -> bool,
    ) {
        within(async {
            loop {
                let came = self.events_came.notified();
                pool.drain_events(|event| events.push(event));
                if is_enough(events) {
                    return;
                }
                came.await;
            }
        })
        .await;
    }
}

/// Awaits what must happen soon.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future)
        .await
        .expect("it happens before long")
}

/// Polls once.
pub(crate) fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// An ordinary request.
pub(crate) fn request() -> Request {
    Request::new(Purpose::Operation)
}

/// Checks in, and tells whoever is served by it.
pub(crate) fn check_in(
    pool: &Pool<Mock>,
    checked_out: CheckedOut<Mock>,
    condition: Condition<Fault>,
) -> CheckIn {
    let mut effects = Effects::new();
    let result = pool.check_in(checked_out, condition, &mut effects);
    pool.settle(&mut effects);
    result
        .map_err(|_| ())
        .expect("the connection is of this pool")
}

/// Takes what is available.
pub(crate) fn try_check_out(pool: &Pool<Mock>) -> Option<CheckedOut<Mock>> {
    let taken = pool.try_check_out(&request(), &mut Effects::new());
    taken.expect("the pool is not closed")
}

/// Checks out; dropped, it gives up.
pub(crate) async fn check_out(
    pool: &Arc<Pool<Mock>>,
    request: Request,
) -> Result<Lease, CheckOutError<Fault>> {
    let (sender, receiver) = oneshot::channel();
    let mut effects = Effects::new();
    let answer = pool.check_out(&request, || sender, &mut effects);
    pool.settle(&mut effects);
    let ticket = match answer {
        CheckOut::Taken(checked_out) => return Ok(Lease::new(pool, checked_out)),
        CheckOut::Refused(error) => return Err(error),
        CheckOut::Queued(ticket) => ticket,
    };
    let mut waiting = Waiting {
        pool,
        ticket,
        receiver,
    };
    let result = (&mut waiting.receiver).await;
    let result = result.expect("a waiter is told or cancelled");
    result.map(|checked_out| Lease::new(pool, checked_out))
}

struct Waiting<'a> {
    pool: &'a Arc<Pool<Mock>>,
    ticket: Ticket,
    receiver: oneshot::Receiver<CheckOutResult<Mock>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.pool.cancel(self.ticket).is_none() {
            // It has been decided. Either it is here already, or whoever brings it finds this closed.
            self.receiver.close();
            if let Ok(Ok(checked_out)) = self.receiver.try_recv() {
                check_in(self.pool, checked_out, Condition::Healthy);
            }
        }
    }
}

/// A connection in use, checked in when dropped.
pub(crate) struct Lease {
    pool: Arc<Pool<Mock>>,
    checked_out: Option<CheckedOut<Mock>>,
}

impl Lease {
    fn new(pool: &Arc<Pool<Mock>>, checked_out: CheckedOut<Mock>) -> Self {
        Self {
            pool: Arc::clone(pool),
            checked_out: Some(checked_out),
        }
    }

    pub(crate) fn key(&self) -> Key {
        self.checked_out
            .as_ref()
            .expect("a lease is ended by value")
            .key
    }

    pub(crate) fn into_inner(mut self) -> CheckedOut<Mock> {
        self.checked_out.take().expect("a lease is ended by value")
    }

    pub(crate) fn check_in(self, condition: Condition<Fault>) -> CheckIn {
        let pool = Arc::clone(&self.pool);
        check_in(&pool, self.into_inner(), condition)
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({:?})", self.key())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(checked_out) = self.checked_out.take() {
            check_in(&self.pool, checked_out, Condition::Healthy);
        }
    }
}
