//! A permit that is dropped unused counts as a failed handshake.

mod support;

use ferropool_pool::{CheckOutError, ClosedReason, EventKind, PoolOptions, Status};
use std::task::Poll;
use support::{Fault, check_out, poll, ready, request};

#[test]
fn a_dropped_permit_fails_its_waiter_and_does_not_clear_the_pool() {
    let (pool, remote) = ready(PoolOptions {
        max_connecting: 1,
        ..PoolOptions::default()
    });
    let mut first = Box::pin(check_out(&pool, request()));
    let mut second = Box::pin(check_out(&pool, request()));
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());

    drop(remote.permit().expect("a handshake has started"));

    let Poll::Ready(Err(CheckOutError::Connection(error))) = poll(&mut first) else {
        panic!("the oldest waiter fails");
    };
    assert_eq!(error, Fault("abandoned"));
    let stats = pool.stats();
    assert_eq!((stats.status, stats.pending), (Status::Ready, 1));
    assert!(poll(&mut second).is_pending(), "it has another handshake");
    remote.complete();
    assert!(matches!(poll(&mut second), Poll::Ready(Ok(_))));

    let mut events = Vec::new();
    pool.drain_events(|event| events.push(event));
    let closed = events.iter().find_map(|event| match &event.kind {
        EventKind::ConnectionClosed { reason, error, .. } => Some((*reason, *error)),
        _ => None,
    });
    assert_eq!(
        closed,
        Some((ClosedReason::Error, Some(Fault("abandoned"))))
    );
}
