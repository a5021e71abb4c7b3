//! What `stubStatus` counts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::doc;
use client::{Client, hello, start, until};

#[tokio::test]
async fn unanswered_hellos_are_counted_with_their_highest_number() {
    let stub = start().await;
    stub.control(&doc! { "helloDelayMS": 500 }).unwrap();
    let mut clients = vec![];
    for _ in 0..3 {
        let mut client = Client::connect(stub.address()).await;
        client.send(hello("a")).await;
        clients.push(client);
    }
    until(&stub, |status| status.hello_unanswered == 3).await;
    for client in &mut clients {
        client.reply().await.unwrap();
    }
    let status = stub.status();
    assert_eq!(
        (status.hello_unanswered, status.max_hello_unanswered),
        (0, 3)
    );
    assert_eq!((status.hello_seen, status.accepted, status.open), (3, 3, 3));
}

#[tokio::test]
async fn a_client_that_gives_up_waiting_is_not_counted() {
    let stub = start().await;
    stub.control(&doc! { "helloDelayMS": 60_000 }).unwrap();
    let mut client = Client::connect(stub.address()).await;
    client.send(hello("a")).await;
    until(&stub, |status| status.hello_seen == 1).await;
    drop(client);
    until(&stub, |status| {
        status.open == 0 && status.hello_unanswered == 0
    })
    .await;
}

#[tokio::test]
async fn connections_are_counted_by_application() {
    let stub = start().await;
    let _first = Client::greet(stub.address(), "a").await;
    let _second = Client::greet(stub.address(), "a").await;
    let third = Client::greet(stub.address(), "b").await;
    let status = stub.status();
    assert_eq!(status.connections_by_app_name["a"], 2);
    assert_eq!(status.connections_by_app_name["b"], 1);
    let metadata = status.last_client_metadata.unwrap();
    let application = metadata.get_document("application").unwrap();
    assert_eq!(application.get_str("name").unwrap(), "b");
    assert_eq!(status.handshakes.len(), 3);
    assert_eq!(
        status.handshakes[2].get_document("client").unwrap(),
        &metadata
    );
    drop(third);
    until(&stub, |status| {
        !status.connections_by_app_name.contains_key("b")
    })
    .await;
}

#[tokio::test]
async fn control_connections_are_not_counted() {
    let stub = start().await;
    let mut control = Client::greet(stub.address(), "stub-control").await;
    let mut client = Client::greet(stub.address(), "a").await;
    client.run(doc! { "ping": 1 }).await;
    let status = control.run(doc! { "stubStatus": 1 }).await;
    assert_eq!(status.get_i32("accepted").unwrap(), 1);
    assert_eq!(status.get_i32("open").unwrap(), 1);
    assert_eq!(status.get_i32("helloUnanswered").unwrap(), 0);
    assert_eq!(status.get_i32("commands").unwrap(), 2);
    let by_name = status.get_document("commandsByName").unwrap();
    assert_eq!(by_name, &doc! { "hello": 1, "ping": 1 });
    drop(control);
    drop(client);
    until(&stub, |status| status.open == 0).await;
}

#[tokio::test]
async fn bytes_are_counted_in_both_directions_until_a_reset() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let status = stub.status();
    assert!(status.bytes_in > 50 && status.bytes_out > 100);
    stub.control(&doc! { "resetCounters": true }).unwrap();
    let status = stub.status();
    assert_eq!((status.bytes_in, status.commands, status.open), (0, 0, 1));
    client.run(doc! { "ping": 1 }).await;
    assert_eq!(stub.status().commands, 1);
}
