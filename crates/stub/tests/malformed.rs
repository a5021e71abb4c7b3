//! Replies that are wrong in a way that is asked for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::{Document, doc};
use client::{Client, hello, start};
use ferropool_stub::StubHandle;

async fn spoiled(control: Document) -> (StubHandle, Client) {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    stub.control(&control).unwrap();
    client.send(doc! { "ping": 1 }).await;
    (stub, client)
}

#[tokio::test]
async fn malformed_replies_do_not_parse() {
    for mode in [
        "wrongLength",
        "hugeLength",
        "truncatedBson",
        "unknownOpcode",
    ] {
        let (_stub, mut client) = spoiled(doc! { "replyMode": mode }).await;
        assert!(client.reply().await.is_err(), "{mode}");
    }
}

#[tokio::test]
async fn a_reply_answers_another_request() {
    let (_stub, mut client) = spoiled(doc! { "replyMode": "wrongRequestId" }).await;
    assert_ne!(client.reply().await.unwrap().response_to, 2);
}

#[tokio::test]
async fn half_a_reply_is_followed_by_silence() {
    let (_stub, mut client) = spoiled(doc! { "replyMode": "halfReply" }).await;
    let half = client.bytes_after_a_moment().await;
    assert!((10..30).contains(&half.len()), "{}", half.len());
    client.send(doc! { "ping": 1 }).await;
    assert!(client.bytes_after_a_moment().await.is_empty());
}

#[tokio::test]
async fn half_a_reply_is_followed_by_the_end() {
    let (_stub, mut client) = spoiled(doc! { "replyMode": "closeMidReply" }).await;
    assert!(client.message().await.is_err());
}

#[tokio::test]
async fn garbage_stands_for_so_many_replies() {
    let (_stub, mut client) = spoiled(doc! { "garbage": "c0ffee", "times": 2 }).await;
    assert_eq!(client.bytes_after_a_moment().await, [0xc0, 0xff, 0xee]);
    client.send(doc! { "ping": 1 }).await;
    assert_eq!(client.bytes_after_a_moment().await, [0xc0, 0xff, 0xee]);
    client.run(doc! { "ping": 1 }).await;
}

#[tokio::test]
async fn commands_and_applications_can_be_chosen() {
    let stub = start().await;
    let control = doc! { "garbage": "00", "commands": ["hello"], "appName": "b" };
    stub.control(&control).unwrap();
    let mut spared = Client::greet(stub.address(), "a").await;
    spared.run(doc! { "ping": 1 }).await;
    let mut chosen = Client::connect(stub.address()).await;
    chosen.send(hello("b")).await;
    assert_eq!(chosen.bytes_after_a_moment().await, [0]);
}
