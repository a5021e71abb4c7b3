//! Whatever the pool gives up while somebody else holds it ends at once: a handshake by its link, a
//! connection in use by its socket.

mod support;

use ferropool_pool::{CheckIn, Condition, Ended, Link, Pool, PoolOptions, Request, Sever};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{Mock, Remote, check_in, check_out, poll, ready, request, try_check_out, within};
use tokio::sync::Notify;

/// A socket that counts how often it was shut down.
#[derive(Clone, Default)]
struct Socket(Arc<(AtomicUsize, Notify)>);

impl Sever for Socket {
    fn sever(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        self.0.1.notify_one();
    }
}

impl Socket {
    fn severed(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }
}

/// A pool with one connection available, which has a socket.
fn established() -> (Arc<Pool<Mock>>, Arc<Remote>, Socket) {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let socket = Socket::default();
    let permit = remote.permit().expect("the pool is populated");
    permit.link().attach(Arc::new(socket.clone()));
    permit.complete(remote.connection(), None);
    (pool, remote, socket)
}

#[test]
fn a_clear_ends_the_handshakes() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let permit = remote.permit().expect("the pool is populated");
    let link = Arc::clone(permit.link());
    let mut severed = Box::pin(link.severed());
    assert!(poll(&mut severed).is_pending());

    pool.clear(None, false, None);

    assert!(poll(&mut severed).is_ready());
    assert_eq!(pool.stats().pending, 0, "it is not counted any more");
    permit.complete(remote.connection(), None);
    assert_eq!(remote.living(), 0, "what came too late is dropped");
}

#[test]
fn a_close_ends_the_handshakes_too() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let permit = remote.permit().expect("the pool is populated");
    pool.close();
    assert!(poll(&mut Box::pin(permit.link().severed())).is_ready());
}

#[test]
fn only_a_clear_that_interrupts_ends_connections_in_use() {
    let (pool, _remote, socket) = established();
    let taken = try_check_out(&pool).expect("one is available");

    pool.clear(None, false, None);
    assert_eq!((socket.severed(), pool.ended(taken.key)), (0, None));

    pool.clear(None, true, None);
    assert_eq!(socket.severed(), 1);
    assert_eq!(pool.ended(taken.key), Some(Ended::Interrupted));
    assert_eq!(pool.stats().total(), 0);

    let checked_in = check_in(&pool, taken, Condition::Healthy);
    assert_eq!(checked_in, CheckIn::Ended(Ended::Interrupted));
    assert_eq!(socket.severed(), 1);
}

#[test]
fn a_closed_pool_ends_connections_in_use_when_it_is_told_to() {
    let (pool, _remote, socket) = established();
    let taken = try_check_out(&pool).expect("one is available");
    assert_eq!(pool.interrupt(), 0, "not while it is open");
    pool.close();
    assert_eq!(socket.severed(), 0, "in use until it is returned");
    assert_eq!(pool.interrupt(), 1);
    assert_eq!(socket.severed(), 1);
    let checked_in = check_in(&pool, taken, Condition::Healthy);
    assert_eq!(checked_in, CheckIn::Ended(Ended::PoolClosed));
}

#[tokio::test]
async fn the_deadline_of_a_use_ends_it_whoever_holds_the_connection() {
    let (pool, _remote, socket) = established();
    tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));
    let until = Instant::now() + Duration::from_millis(5);
    let lease = check_out(
        &pool,
        Request {
            use_until: Some(until),
            ..request()
        },
    );
    let lease = lease.await.expect("one is available");

    within(socket.0.1.notified()).await;

    assert!(Instant::now() >= until);
    assert_eq!(pool.ended(lease.key()), Some(Ended::Deadline));
    assert_eq!(
        lease.check_in(Condition::Healthy),
        CheckIn::Ended(Ended::Deadline)
    );
}

#[test]
fn a_deadline_that_is_taken_back_ends_nothing() {
    let (pool, _remote, _socket) = established();
    let taken = try_check_out(&pool).expect("one is available");
    pool.set_use_until(taken.key, Some(Instant::now()));
    pool.set_use_until(taken.key, None);
    let mut maintenance = Box::pin(Pool::maintain(Arc::downgrade(&pool)));
    assert!(poll(&mut maintenance).is_pending());
    assert_eq!(pool.ended(taken.key), None);
    drop(taken);
}

#[test]
fn a_link_that_was_severed_before_its_socket_came_severs_it_then() {
    let link = Link::default();
    let socket = Socket::default();
    link.sever();
    link.attach(Arc::new(socket.clone()));
    assert_eq!(socket.severed(), 1);
    assert!(poll(&mut Box::pin(link.severed())).is_ready());
}

/// Neither side may miss the other; see the model of the same in `loom.rs`.
#[test]
fn a_sever_and_an_attach_at_the_same_time_do_not_miss_each_other() {
    for _ in 0..5_000 {
        let link = Link::default();
        let socket = Socket::default();
        std::thread::scope(|scope| {
            scope.spawn(|| link.sever());
            link.attach(Arc::new(socket.clone()));
        });
        assert!(socket.severed() >= 1);
    }
}
