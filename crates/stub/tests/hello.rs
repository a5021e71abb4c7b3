//! Every kind of hello.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use bson::{Document, doc};
use client::{Client, hello, start};
use ferropool_stub::{Options, Stub, StubHandle};
use ferropool_wire::op_msg::flags;
use ferropool_wire::{op_query, op_reply};

#[tokio::test]
async fn a_legacy_hello_is_answered_as_it_came() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let command = doc! { "ismaster": 1, "helloOk": true };
    let mut message = vec![];
    let bytes = command.to_vec().unwrap();
    op_query::write_command(&mut message, 9, 0, "admin", &bytes).unwrap();
    client.send_bytes(&message).await;

    let message = client.message().await.unwrap();
    let reply = op_reply::OpReply::parse(&message).unwrap();
    assert_eq!(reply.header.response_to, 9);
    let document = Document::from_reader(reply.document().unwrap().as_bytes()).unwrap();
    assert!(document.get_bool("ismaster").unwrap());
    assert!(document.get_bool("helloOk").unwrap());
}

#[tokio::test]
async fn connection_ids_increase() {
    let stub = start().await;
    for expected in 1..4 {
        let mut client = Client::connect(stub.address()).await;
        let reply = client.run(hello("a")).await;
        assert_eq!(reply.get_i32("connectionId").unwrap(), expected);
    }
}

#[tokio::test]
async fn every_field_can_be_set() {
    let stub = start().await;
    let id = ObjectId::from_bytes([7; 12]);
    let version = doc! { "processId": id, "counter": 3_i64 };
    let fields = doc! {
        "connectionId": 4_000_000_000_i64,
        "serviceId": id,
        "topologyVersion": &version,
        "saslSupportedMechs": ["SCRAM-SHA-1"],
    };
    stub.control(&doc! { "helloOverrides": &fields }).unwrap();
    let mut client = Client::connect(stub.address()).await;
    let command = doc! { "hello": 1, "saslSupportedMechs": "admin.root" };
    let reply = client.run(command).await;
    for (name, value) in &fields {
        assert_eq!(reply.get(name), Some(value), "{name}");
    }
}

async fn versioned() -> (StubHandle, Client, Document) {
    let hello = doc! { "topologyVersion": { "counter": 1 } };
    let options = Options {
        hello,
        ..Options::default()
    };
    let stub = Stub::start(options).await.unwrap();
    let mut client = Client::connect(stub.address()).await;
    let reply = client.run(doc! { "hello": 1 }).await;
    let version = reply.get_document("topologyVersion").unwrap().clone();
    (stub, client, version)
}

#[tokio::test]
async fn an_awaited_hello_waits_for_its_time() {
    let (_stub, mut client, version) = versioned().await;
    let began = Instant::now();
    let command = doc! { "hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 50 };
    client.run(command).await;
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn an_awaited_hello_returns_with_a_change() {
    let (stub, mut client, version) = versioned().await;
    let command = doc! { "hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 60_000 };
    client.send(command).await;
    let change = doc! { "helloOverrides": { "setName": "rs" } };
    stub.control(&change).unwrap();
    let reply = client.reply().await.unwrap().document;
    assert_eq!(reply.get_str("setName").unwrap(), "rs");
    let version = reply.get_document("topologyVersion").unwrap();
    assert_eq!(version.get_i64("counter").unwrap(), 2);
}

#[tokio::test]
async fn a_streamed_hello_goes_on_by_itself() {
    let (_stub, mut client, version) = versioned().await;
    let command = doc! { "hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 20 };
    let mut answered = client.send_flagged(command, flags::EXHAUST_ALLOWED).await;
    for _ in 0..3 {
        let reply = client.reply().await.unwrap();
        assert!(reply.is_more_to_come);
        assert_eq!(reply.response_to, answered);
        answered = reply.request_id;
    }
}
