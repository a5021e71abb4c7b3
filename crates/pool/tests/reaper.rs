//! Connections that were available for longer than maxIdleTimeMS are removed without anybody asking,
//! and minPoolSize is made up for.

mod support;

use ferropool_pool::{ClosedReason, ConnectionId, Event, EventKind, Pool, PoolOptions};
use std::sync::Arc;
use std::time::Duration;
use support::{Fault, check_out, ready, request};

const IDLE: Duration = Duration::from_millis(15);

#[tokio::test]
async fn an_idle_connection_is_closed_and_replaced() {
    let (pool, remote) = ready(PoolOptions {
        min_pool_size: 1,
        max_idle_time: Some(IDLE),
        ..PoolOptions::default()
    });
    tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));
    remote.complete();
    let mut events = Vec::new();
    remote
        .events_until(&pool, &mut events, |events| closed(events).is_some())
        .await;

    let (idle, reason, at) = closed(&events).expect("it is closed");
    assert_eq!((idle, reason), (ConnectionId(1), ClosedReason::Idle));
    let ready_at = events.iter().find_map(|event| match event.kind {
        EventKind::ConnectionReady { .. } => Some(event.at),
        _ => None,
    });
    assert!(at - ready_at.expect("it was ready") > IDLE);
    let replacement = remote.next_permit().await;
    assert_eq!(replacement.key().id, ConnectionId(2));
}

#[tokio::test]
async fn one_in_use_is_not_idle_and_lives_on() {
    let (pool, remote) = ready(PoolOptions {
        max_idle_time: Some(IDLE),
        ..PoolOptions::default()
    });
    remote.establish_at_once();
    tokio::spawn(Pool::maintain(Arc::downgrade(&pool)));
    let in_use = check_out(&pool, request()).await.expect("there is room");
    drop(check_out(&pool, request()).await.expect("there is room"));
    let mut events = Vec::new();
    remote
        .events_until(&pool, &mut events, |events| closed(events).is_some())
        .await;

    let (idle, ..) = closed(&events).expect("it is closed");
    assert_eq!(idle, ConnectionId(2));
    assert_eq!(in_use.key().id, ConnectionId(1));
    assert_eq!(pool.stats().total(), 1);
}

fn closed(events: &[Event<Fault>]) -> Option<(ConnectionId, ClosedReason, std::time::Instant)> {
    events.iter().find_map(|event| match event.kind {
        EventKind::ConnectionClosed {
            connection, reason, ..
        } => Some((connection, reason, event.at)),
        _ => None,
    })
}
