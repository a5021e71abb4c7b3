//! Every check-out that started ends exactly once, whatever it ends with.

mod support;

use ferropool_pool::{CheckOutError, FailedReason, Pool, PoolOptions, Request};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use support::{Lease, check_out, poll, ready, request, within};

const POOL_SIZE: usize = 8;
const OF_EACH_KIND: usize = 100;
const ROUNDS: usize = 330;

/// 100,000 check-outs, of which a third are aborted and a third time out while the connections are
/// held; the rest are served when those come back. All at once, on two threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_is_checked_out_plus_failed_after_aborts_and_timeouts() {
    let (pool, remote) = ready(PoolOptions {
        max_pool_size: Some(POOL_SIZE as u32),
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    pool.subscribe(false);
    tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));

    for _ in 0..ROUNDS {
        let mut held = Vec::new();
        for _ in 0..POOL_SIZE {
            held.push(check_out(&pool, request()).await.expect("there is room"));
        }
        let mut served = Vec::new();
        let mut timed_out = Vec::new();
        let mut aborted = Vec::new();
        for _ in 0..OF_EACH_KIND {
            served.push(ask(&pool, request()));
            timed_out.push(ask(
                &pool,
                Request {
                    wait_until: Some(Instant::now() + Duration::from_micros(300)),
                    ..request()
                },
            ));
            let asking = ask(&pool, request());
            asking.abort();
            aborted.push(asking);
        }
        for asking in aborted {
            let aborted = within(asking).await.expect_err("it is aborted");
            assert!(aborted.is_cancelled());
        }
        for asking in timed_out {
            let result = within(asking).await.expect("nothing panics");
            assert!(matches!(result.err(), Some(CheckOutError::Timeout(_))));
        }
        drop(held);
        for asking in served {
            let result = within(asking).await.expect("nothing panics");
            drop(result.expect("it is served"));
        }
    }

    let stats = pool.stats();
    let counters = stats.counters;
    let failed: u64 = counters.failed.iter().sum();
    assert_eq!(
        counters.started,
        (ROUNDS * (POOL_SIZE + 3 * OF_EACH_KIND)) as u64
    );
    assert_eq!(counters.started - (counters.checked_out + failed), 0);
    let of_each = (ROUNDS * OF_EACH_KIND) as u64;
    assert_eq!(counters.failed[FailedReason::Timeout as usize], of_each);
    assert_eq!(
        counters.failed[FailedReason::ConnectionError as usize],
        of_each
    );
    assert_eq!(
        (stats.wait_queue, stats.in_use, stats.available),
        (0, [0; 3], POOL_SIZE as u32)
    );
    assert_eq!(remote.living(), POOL_SIZE);
}

type Asking = tokio::task::JoinHandle<Result<Lease, CheckOutError<support::Fault>>>;

/// A check-out that is in the queue already and goes on as a task.
fn ask(pool: &Arc<Pool<support::Mock>>, request: Request) -> Asking {
    let pool = Arc::clone(pool);
    let is_bounded = request.wait_until.is_some();
    let mut asking = Box::pin(async move { check_out(&pool, request).await });
    match poll(&mut asking) {
        Poll::Pending => tokio::spawn(asking),
        // A busy machine lets a deadline pass within one look.
        Poll::Ready(ended) => {
            assert!(is_bounded, "all connections are held");
            tokio::spawn(async { ended })
        }
    }
}
