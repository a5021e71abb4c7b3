//! The maintenance task does not keep the pool alive, and ends with it.

mod support;

use ferropool_pool::{Pool, PoolOptions};
use std::sync::Arc;
use std::time::Duration;
use support::{LONG, ready, within};

#[tokio::test]
async fn it_ends_when_the_pool_is_dropped_while_it_sleeps() {
    for max_idle_time in [None, Some(LONG)] {
        let (pool, remote) = ready(PoolOptions {
            min_pool_size: 1,
            max_idle_time,
            ..PoolOptions::default()
        });
        let maintenance = tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));
        remote.complete();
        // It has gone to sleep: to the reaper's deadline, or for good.
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&pool), 1, "it holds no pool");

        drop(pool);

        within(maintenance).await.expect("it does not panic");
        assert_eq!(remote.living(), 0, "what was available is closed");
    }
}

#[tokio::test]
async fn a_pool_that_is_dropped_by_another_thread_is_missed_too() {
    for _ in 0..200 {
        let (pool, _remote) = ready(PoolOptions {
            max_idle_time: Some(Duration::from_millis(1)),
            ..PoolOptions::default()
        });
        let maintenance = tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));
        let dropping = std::thread::spawn(move || drop(pool));
        within(maintenance).await.expect("it does not panic");
        dropping.join().expect("it does not panic");
    }
}
