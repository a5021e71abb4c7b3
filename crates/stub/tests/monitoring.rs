//! How a server is watched: by asking, and by waiting for what it streams.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod watched;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bson::doc;
use client::until;
use ferropool_connection::{Error, ErrorKind, Phase};
use ferropool_topology::{
    ApplicationError, Recorded, ServerDescription, ServerError, ServerType, TopologyEvent,
};
use watched::{NEVER, Watched, monitor, streaming_stub, stub};

fn is_known(server: &ServerDescription) -> bool {
    server.server_type == ServerType::Standalone
}

fn has_wire_version(version: i32) -> impl Fn(&ServerDescription) -> bool {
    move |server| server.max_wire_version == version
}

fn hellos(watched: &Watched) -> i64 {
    let counts = watched.stub.status().commands_by_name;
    counts.get("hello").copied().unwrap_or_default()
}

#[tokio::test]
async fn changes_are_streamed_over_one_connection_and_times_measured_over_another() {
    let watched = Watched::new(streaming_stub().await, monitor(NEVER, true));
    watched.until(is_known).await;
    for version in [17, 18, 19] {
        let change = doc! { "helloOverrides": { "maxWireVersion": version } };
        watched.stub.control(&change).unwrap();
        watched.until(has_wire_version(version)).await;
    }
    // Each connection has shaken hands; the stream was asked for once.
    until(&watched.stub, |status| status.accepted == 2).await;
    assert_eq!(hellos(&watched), 1);
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_asked_over_one_connection() {
    for (server, streaming) in [(streaming_stub().await, false), (stub(doc! {}).await, true)] {
        let watched = Watched::new(server, monitor(Duration::from_millis(10), streaming));
        until(&watched.stub, |status| status.hello_seen >= 5).await;
        assert_eq!(watched.stub.status().accepted, 1, "{streaming}");
        let change = doc! { "helloOverrides": { "maxWireVersion": 17 } };
        watched.stub.control(&change).unwrap();
        watched.until(has_wire_version(17)).await;
    }
}

#[tokio::test]
async fn a_streamed_reply_has_the_heartbeat_more_time_than_another() {
    let connect_timeout = Duration::from_millis(200);
    let options = monitor(Duration::from_millis(300), true);
    let watched = Watched::within(streaming_stub().await, options, connect_timeout);
    // The handshake, then replies after 300 ms each.
    watched.until_checked(3).await;
    assert!(is_known(&watched.description()));
    assert_eq!(watched.stub.status().accepted, 2);

    watched.stub.control(&doc! { "latencyMS": 60_000 }).unwrap();
    watched.until(|server| !is_known(server)).await;
    let description = watched.description();
    let Some(ServerError::Connection(error)) = &description.error else {
        panic!("{description:?}");
    };
    assert!(matches!(error.kind(), ErrorKind::NetworkTimeout), "{error}");
    assert!(error.message().contains("after 500 ms"), "{error}");
}

#[tokio::test]
async fn round_trip_times_are_not_those_of_streamed_replies() {
    let watched = Watched::new(
        streaming_stub().await,
        monitor(Duration::from_millis(100), true),
    );
    watched.until_checked(4).await;
    let average = |server: &ServerDescription| server.round_trip_time.unwrap().average;
    assert!(average(&watched.description()) < Duration::from_millis(60));

    watched.stub.control(&doc! { "helloDelayMS": 200 }).unwrap();
    let is_slower = |server: &ServerDescription| average(server) > Duration::from_millis(35);
    watched.until(is_slower).await;
}

#[tokio::test]
async fn a_known_servers_network_error_is_followed_by_a_check_at_once() {
    for streaming in [true, false] {
        let frequency = if streaming {
            NEVER
        } else {
            Duration::from_millis(500)
        };
        let watched = Watched::new(streaming_stub().await, monitor(frequency, streaming));
        watched.until(is_known).await;
        let connections = if streaming { 2 } else { 1 };
        until(&watched.stub, |status| status.accepted == connections).await;
        watched.stub.close_all();
        until(&watched.stub, |status| status.accepted == 2 * connections).await;
        watched.until(is_known).await;
        // The pinger's connection was closed too: there is another one, and never a third.
        until(&watched.stub, |status| status.open == connections).await;
    }
}

#[tokio::test]
async fn a_network_error_of_an_application_cancels_the_check_in_progress() {
    let watched = Watched::new(streaming_stub().await, monitor(NEVER, true));
    watched.until(is_known).await;
    until(&watched.stub, |status| {
        status.accepted == 2 && status.hello_unanswered == 0
    })
    .await;
    let error = Error::closed_by_peer(Phase::Established);
    let failure = ApplicationError {
        error: &error,
        state_change: None,
        generation: watched.server().pool().generation(),
        service: None,
    };
    watched
        .topology
        .application_failed(&watched.server(), failure);
    assert!(!is_known(&watched.description()));
    until(&watched.stub, |status| status.open == 1).await;
    // Nobody waits for the server: the next check has time.
    assert!(!is_known(&watched.description()));
    watched.topology.request_checks();
    watched.until(is_known).await;
    until(&watched.stub, |status| {
        status.accepted == 3 && status.open == 2
    })
    .await;
}

#[tokio::test]
async fn every_check_that_begins_is_said_to_end_a_cancelled_one_too() {
    let watched = Watched::new(streaming_stub().await, monitor(NEVER, true));
    watched.topology.subscribe(false, true);
    watched.until(is_known).await;
    let error = Error::closed_by_peer(Phase::Established);
    let failure = ApplicationError {
        error: &error,
        state_change: None,
        generation: watched.server().pool().generation(),
        service: None,
    };
    watched
        .topology
        .application_failed(&watched.server(), failure);
    watched.topology.request_checks();
    watched.until(is_known).await;
    watched.topology.close();

    let mut events = Vec::new();
    watched.topology.drain_events(|event| events.push(event));
    let beats: Vec<&str> = { &events }
        .iter()
        .filter_map(|event| match event {
            Recorded::Topology(_, TopologyEvent::ServerHeartbeatStarted { .. }) => Some("start"),
            Recorded::Topology(_, TopologyEvent::ServerHeartbeatSucceeded { .. }) => Some("good"),
            Recorded::Topology(_, TopologyEvent::ServerHeartbeatFailed { .. }) => Some("bad"),
            _ => None,
        })
        .collect();
    assert!(beats.contains(&"bad"), "{beats:?}");
    for pair in beats.windows(2) {
        assert_ne!(pair[0] == "start", pair[1] == "start", "{beats:?}");
    }
    let last = events.last();
    assert!(
        matches!(
            last,
            Some(Recorded::Topology(_, TopologyEvent::TopologyClosed))
        ),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_refused_server_is_tried_again_after_the_least_interval_while_it_is_awaited() {
    let server = streaming_stub().await;
    server.control(&doc! { "closeOnAccept": 3 }).unwrap();
    let watched = Watched::new(server, monitor(NEVER, true));
    watched.seen.is_awaited.store(true, Ordering::SeqCst);
    let began = Instant::now();
    watched.until(is_known).await;
    assert!(
        began.elapsed() >= Duration::from_millis(100),
        "two or three rests"
    );
}

#[tokio::test]
async fn requests_are_answered_at_the_least_interval() {
    let watched = Watched::new(stub(doc! {}).await, monitor(NEVER, false));
    let began = Instant::now();
    let hammer = async {
        while watched.stub.status().hello_seen < 5 {
            watched.topology.request_checks();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(client::PATIENCE, hammer)
        .await
        .unwrap();
    assert!(began.elapsed() >= Duration::from_millis(4 * 50));
}

#[tokio::test]
async fn nothing_is_left_of_a_topology_that_is_closed_or_dropped() {
    for is_closed in [true, false] {
        let Watched {
            topology,
            stub,
            seen: _,
        } = Watched::new(streaming_stub().await, monitor(NEVER, true));
        until(&stub, |status| {
            status.open == 2 && status.hello_unanswered == 0
        })
        .await;
        if is_closed {
            topology.close();
        } else {
            drop(topology);
        }
        until(&stub, |status| status.open == 0).await;
        assert_eq!(stub.status().accepted, 2);
    }
}
