//! The maintenance task is woken when there is something earlier to do than it sleeps for, and not
//! otherwise.

mod support;

use ferropool_pool::{Pool, PoolOptions, Request};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};
use support::{check_out, poll, ready, request};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_deadline_wakes_maintenance_only_if_it_is_the_earliest() {
    // Its timers are never driven: whatever wakes the task is the pool.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O");
    let _entered = runtime.enter();
    let (pool, remote) = ready(PoolOptions {
        max_pool_size: Some(1),
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    let holder = poll(&mut Box::pin(check_out(&pool, request())));
    assert!(holder.is_ready());

    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut maintenance = Box::pin(Pool::maintain(Arc::downgrade(&pool)));
    // As an executor would: polled for as long as it was woken. Returns how often that was.
    let mut run = || {
        let mut woken = 0;
        loop {
            let polled = maintenance.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            match wakes.0.swap(0, Ordering::SeqCst) {
                0 => return woken,
                _ => woken += 1,
            }
        }
    };
    let now = Instant::now();
    let ask = |seconds| {
        let within = Request {
            wait_until: Some(now + Duration::from_secs(seconds)),
            ..request()
        };
        let mut asking = Box::pin(check_out(&pool, within));
        assert!(poll(&mut asking).is_pending());
        asking
    };
    assert_eq!(run(), 0, "it waits for whatever comes");
    let in_60 = ask(60);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "there was none before");
    run();
    let in_90 = ask(90);
    assert_eq!(
        wakes.0.load(Ordering::SeqCst),
        0,
        "a later one changes nothing"
    );
    let in_30 = ask(30);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "an earlier one does");
    run();
    drop((in_30, in_60, in_90));
    assert_eq!(
        wakes.0.load(Ordering::SeqCst),
        0,
        "what was sleeping for a deadline that was met finds out then"
    );
}
