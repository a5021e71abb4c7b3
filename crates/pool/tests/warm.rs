//! Warming asks for connections once, for as long as somebody waits for them.

mod support;

use ferropool_pool::{CheckOutError, Clears, PoolOptions};
use std::task::Poll;
use support::{Fault, paused, poll, ready};

#[test]
fn it_completes_when_as_many_are_established() {
    let (pool, remote) = ready(PoolOptions {
        max_connecting: 2,
        ..PoolOptions::default()
    });
    let mut warming = Box::pin(pool.warm(3));
    assert!(poll(&mut warming).is_pending());
    assert_eq!(remote.held().len(), 2, "maxConnecting holds");
    for _ in 0..2 {
        remote.complete();
        assert!(poll(&mut warming).is_pending());
    }
    remote.complete();
    assert!(matches!(poll(&mut warming), Poll::Ready(Ok(()))));
    assert_eq!((pool.stats().available, pool.stats().pending), (3, 0));
}

#[test]
fn it_asks_for_no_more_than_max_pool_size() {
    let (pool, remote) = ready(PoolOptions {
        max_pool_size: Some(2),
        ..PoolOptions::default()
    });
    let mut warming = Box::pin(pool.warm(100));
    assert!(poll(&mut warming).is_pending());
    remote.complete();
    remote.complete();
    assert!(matches!(poll(&mut warming), Poll::Ready(Ok(()))));
}

#[test]
fn what_one_asks_for_does_not_end_with_another() {
    let (pool, remote) = ready(PoolOptions {
        max_connecting: 1,
        ..PoolOptions::default()
    });
    let mut small = Box::pin(pool.warm(1));
    let mut large = Box::pin(pool.warm(3));
    assert!(poll(&mut small).is_pending() && poll(&mut large).is_pending());
    remote.complete();
    assert!(matches!(poll(&mut small), Poll::Ready(Ok(()))));
    drop(small);
    assert!(poll(&mut large).is_pending());
    remote.complete();
    remote.complete();
    assert!(matches!(poll(&mut large), Poll::Ready(Ok(()))));
}

#[test]
fn dropped_it_asks_for_nothing_any_more() {
    let (pool, remote) = ready(PoolOptions {
        max_connecting: 1,
        ..PoolOptions::default()
    });
    let mut warming = Box::pin(pool.warm(5));
    assert!(poll(&mut warming).is_pending());
    drop(warming);
    remote.complete();
    assert_eq!(remote.held().len(), 0);
    assert_eq!(pool.stats().total(), 1);
}

#[test]
fn it_fails_with_the_pool() {
    let (pool, _remote) = paused(PoolOptions::default());
    let refused = poll(&mut Box::pin(pool.warm(1)));
    assert!(matches!(
        refused,
        Poll::Ready(Err(CheckOutError::PoolCleared { cause: None }))
    ));
    pool.ready();
    let mut warming = Box::pin(pool.warm(1));
    assert!(poll(&mut warming).is_pending());
    pool.clear(Some(Fault("lost")), false, None);
    let cleared = poll(&mut warming);
    assert!(matches!(
        cleared,
        Poll::Ready(Err(CheckOutError::PoolCleared {
            cause: Some(Fault("lost"))
        }))
    ));
    pool.ready();
    let mut warming = Box::pin(pool.warm(1));
    assert!(poll(&mut warming).is_pending());
    pool.close();
    let closed = poll(&mut warming);
    assert!(matches!(
        closed,
        Poll::Ready(Err(CheckOutError::PoolClosed))
    ));
}

#[test]
fn a_failed_handshake_rests_before_the_next_one() {
    let (pool, remote) = ready(PoolOptions::default());
    let mut warming = Box::pin(pool.warm(1));
    assert!(poll(&mut warming).is_pending());
    let permit = remote.permit().expect("a handshake has started");
    permit.fail(Fault("overloaded"), Clears::Nothing);
    assert!(poll(&mut warming).is_pending());
    assert_eq!(remote.held().len(), 0, "an overloaded server rests");
}
