//! A closed pool is drained when the last connection in use has come back or was ended, and whoever
//! waits for that always finds out.

mod support;

use ferropool_pool::{Condition, PoolOptions};
use std::sync::{Arc, Barrier};
use std::thread;
use support::{check_in, poll, ready, try_check_out, within};

#[test]
fn it_completes_with_the_last_check_in_and_not_before() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 2,
        ..PoolOptions::default()
    });
    remote.complete();
    remote.complete();
    let first = try_check_out(&pool).expect("one is available");
    let second = try_check_out(&pool).expect("another one is available");
    let mut drained = Box::pin(pool.drained());
    assert!(poll(&mut drained).is_pending(), "it is open");
    pool.close();
    assert!(poll(&mut drained).is_pending(), "two are in use");
    check_in(&pool, first, Condition::Healthy);
    assert!(poll(&mut drained).is_pending(), "one is in use");
    check_in(&pool, second, Condition::Healthy);
    assert!(poll(&mut drained).is_ready());
    assert!(
        poll(&mut Box::pin(pool.drained())).is_ready(),
        "and stays so"
    );
}

#[test]
fn it_completes_when_what_is_in_use_is_interrupted() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    remote.complete();
    let taken = try_check_out(&pool).expect("one is available");
    pool.close();
    let mut drained = Box::pin(pool.drained());
    assert!(poll(&mut drained).is_pending());
    pool.interrupt();
    assert!(poll(&mut drained).is_ready());
    drop(taken);
}

#[test]
fn no_wake_up_is_lost_to_a_check_in_at_the_same_time() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O");
    for _ in 0..2_000 {
        let (pool, remote) = ready(PoolOptions {
            min_pool_size: 1,
            ..PoolOptions::default()
        });
        remote.complete();
        let taken = try_check_out(&pool).expect("one is available");
        pool.close();
        let start = Arc::new(Barrier::new(2));
        let returning = thread::spawn({
            let (pool, start) = (Arc::clone(&pool), Arc::clone(&start));
            move || {
                start.wait();
                check_in(&pool, taken, Condition::Healthy);
            }
        });
        start.wait();
        runtime.block_on(within(pool.drained()));
        returning.join().expect("it does not panic");
    }
}
