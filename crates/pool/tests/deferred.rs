//! A decision that is made under the caller's own lock is carried out after it: until then nobody is
//! told and nothing is ended, although the pool has changed already.

mod support;

use ferropool_pool::{CheckOutError, PoolOptions, Status};
use std::task::Poll;
use support::{Fault, check_out, paused, poll, request};

#[test]
fn nobody_is_told_before_it_is_carried_out() {
    let (pool, remote) = paused(PoolOptions {
        min_pool_size: 1,
        ..PoolOptions::default()
    });
    let ready = pool.decide_ready();
    assert_eq!(pool.stats().status, Status::Ready);
    assert_eq!((pool.stats().pending, remote.held().len()), (1, 0));
    ready.carry_out();
    assert_eq!(remote.held().len(), 1);

    let mut asking = Box::pin(check_out(&pool, request()));
    assert!(poll(&mut asking).is_pending());
    let permit = remote.permit().expect("a handshake has started");
    let mut severed = Box::pin(permit.link().severed());

    let clear = pool.decide_clear(Some(Fault("lost")), false, None);
    assert_eq!(
        (pool.stats().status, pool.stats().wait_queue),
        (Status::Paused, 0)
    );
    assert!(poll(&mut asking).is_pending() && poll(&mut severed).is_pending());
    clear.carry_out();
    assert!(poll(&mut severed).is_ready());
    assert!(matches!(
        poll(&mut asking),
        Poll::Ready(Err(CheckOutError::PoolCleared {
            cause: Some(Fault("lost"))
        }))
    ));
}
