//! The canned server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::{Document, doc};
use client::{Client, hello, until};
use ferropool_stub::{Options, Stub, StubHandle};

async fn start() -> StubHandle {
    let options = Options {
        canned: true,
        ..Options::default()
    };
    Stub::start(options).await.unwrap()
}

fn found(reply: &Document) -> usize {
    let cursor = reply.get_document("cursor").unwrap();
    assert_eq!(cursor.get_i64("id").unwrap(), 0);
    cursor.get_array("firstBatch").unwrap().len()
}

#[tokio::test]
async fn collections_have_what_their_names_say() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let reply = client.run(hello("a")).await;
    assert!(reply.get_bool("isWritablePrimary").unwrap());
    assert_eq!(found(&client.run(doc! { "find": "one" }).await), 1);
    assert_eq!(found(&client.run(doc! { "find": "many" }).await), 100);
    assert_eq!(found(&client.run(doc! { "find": "other" }).await), 0);
    let reply = client.run(doc! { "anything": 1 }).await;
    assert_eq!(reply, doc! { "ok": 1.0 });
}

#[tokio::test]
async fn every_client_gets_the_same_bytes() {
    let stub = start().await;
    let mut replies = vec![];
    for _ in 0..2 {
        let mut client = Client::connect(stub.address()).await;
        client.send(doc! { "find": "many" }).await;
        replies.push(client.message().await.unwrap());
    }
    // The reply's own id is at 4..8, and nothing else differs.
    assert_ne!(replies[0][4..8], replies[1][4..8]);
    assert_eq!(replies[0][8..], replies[1][8..]);
}

#[tokio::test]
async fn requests_may_come_in_pieces_and_in_bursts() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let mut sent = vec![];
    // More replies than socket buffers hold, so that the server has to wait for the client.
    for _ in 0..200 {
        sent.push(client.send(doc! { "find": "many" }).await);
    }
    // A request longer than the server's reads.
    sent.push(
        client
            .send(doc! { "insert": "c", "filling": "x".repeat(200_000) })
            .await,
    );
    sent.push(client.send(doc! { "ping": 1 }).await);
    for request_id in sent {
        assert_eq!(client.reply().await.unwrap().response_to, request_id);
    }
}

#[tokio::test]
async fn what_it_serves_is_counted() {
    let stub = start().await;
    let mut control = Client::greet(stub.address(), "stub-control").await;
    let mut client = Client::greet(stub.address(), "a").await;
    for _ in 0..5 {
        client.run(doc! { "ping": 1 }).await;
    }
    until(&stub, |status| status.commands == 6).await;
    let status = control.run(doc! { "stubStatus": 1 }).await;
    assert_eq!(status.get_i32("open").unwrap(), 1);
    assert_eq!(status.get_i32("helloSeen").unwrap(), 1);
    drop(client);
    until(&stub, |status| status.open == 0).await;
}

#[tokio::test]
async fn it_ends_with_its_handle() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    drop(stub);
    client.end().await.unwrap();
}
