//! Faults of the network, scripted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use bson::doc;
use client::{Client, hello, start, until};
use tokio::net::TcpStream;

#[tokio::test]
async fn delays_add_up_for_a_hello() {
    let stub = start().await;
    let delays = doc! { "latencyMS": 30, "helloDelayMS": 40 };
    stub.control(&delays).unwrap();
    let mut client = Client::connect(stub.address()).await;
    let began = Instant::now();
    client.run(hello("a")).await;
    assert!(began.elapsed() >= Duration::from_millis(70));
    let began = Instant::now();
    client.run(doc! { "ping": 1 }).await;
    assert!(began.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_silent_connection_is_open_and_never_answered() {
    let stub = start().await;
    stub.control(&doc! { "acceptAndStaySilent": 1 }).unwrap();
    let mut silent = Client::connect(stub.address()).await;
    silent.send(hello("a")).await;
    assert!(silent.bytes_after_a_moment().await.is_empty());
    assert_eq!(stub.status().hello_unanswered, 1);
    // One was asked for.
    Client::greet(stub.address(), "b").await;
    drop(silent);
    until(&stub, |status| status.open == 0).await;
}

#[tokio::test]
async fn control_connections_are_heard_while_others_are_not() {
    let stub = start().await;
    stub.control(&doc! { "acceptAndStaySilent": true, "stopReading": true })
        .unwrap();
    let mut control = Client::greet(stub.address(), "stub-control").await;
    let reply = control.run(doc! { "stubStatus": 1 }).await;
    assert_eq!(reply.get_i32("accepted").unwrap(), 0);
}

#[tokio::test]
async fn accepted_connections_are_closed_or_reset() {
    let stub = start().await;
    stub.control(&doc! { "closeOnAccept": 1 }).unwrap();
    let mut closed = Client::connect(stub.address()).await;
    closed.end().await.unwrap();
    stub.control(&doc! { "resetOnAccept": 1 }).unwrap();
    // Depending on when it arrives, the RST is seen by connecting or by reading.
    if let Ok(stream) = TcpStream::connect(stub.address()).await {
        let error = stream
            .readable()
            .await
            .and_then(|()| stream.try_read(&mut [0]));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    Client::greet(stub.address(), "a").await;
    assert_eq!(stub.status().accepted, 3);
}

#[tokio::test]
async fn all_connections_are_closed_but_the_callers() {
    let stub = start().await;
    let mut control = Client::greet(stub.address(), "stub-control").await;
    let mut caller = Client::greet(stub.address(), "a").await;
    let mut other = Client::greet(stub.address(), "b").await;
    caller
        .run(doc! { "stubControl": 1, "closeAll": true })
        .await;
    other.end().await.unwrap();
    caller.run(doc! { "ping": 1 }).await;
    stub.reset_all();
    let error = caller.end().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    control.run(doc! { "ping": 1 }).await;
}

#[tokio::test]
async fn reading_stops_and_goes_on() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    stub.control(&doc! { "stopReading": true }).unwrap();
    client.send(doc! { "ping": 1 }).await;
    let mut fresh = Client::connect(stub.address()).await;
    fresh.send(hello("b")).await;
    assert!(client.bytes_after_a_moment().await.is_empty());
    assert!(fresh.bytes_after_a_moment().await.is_empty());
    stub.control(&doc! { "stopReading": false }).unwrap();
    client.reply().await.unwrap();
    fresh.reply().await.unwrap();
}

#[tokio::test]
async fn connections_are_refused_for_a_while() {
    let stub = start().await;
    stub.control(&doc! { "refuse": true }).unwrap();
    let refused = async {
        // The listener's task closes the socket in its next turn.
        while TcpStream::connect(stub.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(client::PATIENCE, refused)
        .await
        .unwrap();
    stub.control(&doc! { "refuse": false }).unwrap();
    let accepted = async {
        while TcpStream::connect(stub.address()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(client::PATIENCE, accepted)
        .await
        .unwrap();
}

#[tokio::test]
async fn unknown_fields_are_an_error_of_the_command() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let reply = client.run(doc! { "stubControl": 1, "what": 1 }).await;
    assert_eq!(reply.get_i32("code").unwrap(), 2);
    assert!(reply.get_str("errmsg").unwrap().contains("'what'"));
}

#[tokio::test]
async fn everything_ends_with_the_handle() {
    let stub = start().await;
    let address = stub.address();
    let mut client = Client::greet(address, "a").await;
    drop(stub);
    client.end().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
