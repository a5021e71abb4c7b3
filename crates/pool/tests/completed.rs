//! Whoever has established a connection is told whether it is available: then nobody else looks after it yet.

mod support;

use ferropool_pool::PoolOptions;
use support::{check_out, poll, ready, request};

#[test]
fn one_that_nobody_waits_for_is_available() {
    let (_pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let permit = remote.permit().expect("the pool is populated");
    assert!(permit.complete(remote.connection(), None));
}

#[test]
fn one_that_somebody_waits_for_is_not() {
    let (pool, remote) = ready(PoolOptions::default());
    let mut asking = Box::pin(check_out(&pool, request()));
    assert!(poll(&mut asking).is_pending());
    let permit = remote.permit().expect("somebody waits");
    assert!(!permit.complete(remote.connection(), None));
    assert!(poll(&mut asking).is_ready());
}

#[test]
fn one_that_the_pool_has_given_up_is_not() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let permit = remote.permit().expect("the pool is populated");
    pool.close();
    assert!(!permit.complete(remote.connection(), None));
}
