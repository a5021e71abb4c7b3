//! Commands as a real server answers them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::{Bson, Document, doc};
use client::{Client, start};
use ferropool_stub::{Options, Stub};
use ferropool_wire::op_msg::{self, flags};

fn batch<'a>(reply: &'a Document, name: &str) -> &'a [Bson] {
    let cursor = reply.get_document("cursor").unwrap();
    cursor.get_array(name).unwrap()
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let mut sent = vec![];
    for number in 0..20 {
        sent.push(client.send(doc! { "echo": { "number": number } }).await);
    }
    for (number, request_id) in (0..).zip(sent) {
        let reply = client.reply().await.unwrap();
        assert_eq!(reply.response_to, request_id);
        let document = reply.document;
        assert_eq!(document.get_i32("requestId").unwrap(), request_id);
        let echo = document.get_document("echo").unwrap();
        assert_eq!(echo.get_i32("number").unwrap(), number);
    }
}

#[tokio::test]
async fn unknown_commands_are_not_found() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let reply = client.run(doc! { "frobnicate": 1 }).await;
    assert_eq!(reply.get_i32("code").unwrap(), 59);
    assert_eq!(reply.get_str("codeName").unwrap(), "CommandNotFound");
    assert_eq!(reply.get_f64("ok").unwrap(), 0.0);
}

#[tokio::test]
async fn a_message_that_is_none_ends_the_connection() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    client.send_bytes(&[20, 0, 0, 0].repeat(5)).await;
    client.end().await.unwrap();
}

#[tokio::test]
async fn replies_are_numbered_when_asked() {
    let options = Options {
        number_replies: true,
        ..Options::default()
    };
    let stub = Stub::start(options).await.unwrap();
    for expected in 1..4 {
        let mut client = Client::connect(stub.address()).await;
        let reply = client.run(doc! { "ping": 1 }).await;
        assert_eq!(reply.get_i32("requestNumber").unwrap(), expected);
    }
}

#[tokio::test]
async fn a_batch_is_found_over_several_messages() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let documents: Vec<_> = (0..5).map(|id| doc! { "_id": id }).collect();
    let reply = client
        .run(doc! { "insert": "c", "documents": documents })
        .await;
    assert_eq!(reply.get_i32("n").unwrap(), 5);

    let first = client.run(doc! { "find": "c", "batchSize": 2 }).await;
    assert_eq!(batch(&first, "firstBatch").len(), 2);
    let id = first.get_document("cursor").unwrap().get_i64("id").unwrap();
    let second = client.run(doc! { "getMore": id, "collection": "c" }).await;
    assert_eq!(batch(&second, "nextBatch").len(), 3);
    let gone = client.run(doc! { "getMore": id, "collection": "c" }).await;
    assert_eq!(gone.get_str("codeName").unwrap(), "CursorNotFound");
}

#[tokio::test]
async fn documents_come_in_sequences_too() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let body = doc! { "insert": "c", "$db": "test" }.to_vec().unwrap();
    let documents = [doc! { "_id": 1 }, doc! { "_id": 1 }, doc! { "_id": 2 }];
    let documents = documents.map(|document| document.to_vec().unwrap());
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 1, flags::CHECKSUM_PRESENT);
    op_msg::push_body(&mut message, &body);
    let slices = documents.iter().map(Vec::as_slice);
    op_msg::push_sequence(&mut message, "documents", slices);
    op_msg::finish(&mut message, start).unwrap();
    client.send_bytes(&message).await;

    let reply = client.reply().await.unwrap().document;
    assert_eq!(reply.get_i32("n").unwrap(), 1);
    let errors = reply.get_array("writeErrors").unwrap();
    let error = errors[0].as_document().unwrap();
    assert_eq!(error.get_i32("index").unwrap(), 1);
    assert_eq!(error.get_i32("code").unwrap(), 11000);
}

#[tokio::test]
async fn documents_are_deleted_and_collections_dropped() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let documents: Vec<_> = (0..5)
        .map(|id| doc! { "_id": id, "odd": id % 2 == 1 })
        .collect();
    client
        .run(doc! { "insert": "c", "documents": documents })
        .await;
    let deletes = vec![doc! { "q": { "odd": true }, "limit": 0 }];
    let reply = client.run(doc! { "delete": "c", "deletes": deletes }).await;
    assert_eq!(reply.get_i32("n").unwrap(), 2);
    let reply = client
        .run(doc! { "find": "c", "filter": { "odd": false }, "limit": 2 })
        .await;
    assert_eq!(batch(&reply, "firstBatch").len(), 2);
    let dropped = client.run(doc! { "drop": "c" }).await;
    assert_eq!(dropped.get_str("ns").unwrap(), "test.c");
    let again = client.run(doc! { "drop": "c" }).await;
    assert_eq!(again.get_str("codeName").unwrap(), "NamespaceNotFound");
}

#[tokio::test]
async fn a_tailing_get_more_waits_for_data() {
    let stub = start().await;
    let mut reader = Client::connect(stub.address()).await;
    let mut writer = Client::connect(stub.address()).await;
    let find = doc! { "find": "c", "tailable": true, "awaitData": true };
    let found = reader.run(find).await;
    let id = found.get_document("cursor").unwrap().get_i64("id").unwrap();
    let get_more = doc! { "getMore": id, "collection": "c", "maxTimeMS": 60_000 };
    reader.send(get_more).await;
    writer
        .run(doc! { "insert": "c", "documents": [{ "_id": 1 }] })
        .await;
    let reply = reader.reply().await.unwrap().document;
    assert_eq!(batch(&reply, "nextBatch").len(), 1);
}

#[tokio::test]
async fn an_unacknowledged_write_has_no_reply() {
    let stub = start().await;
    let mut client = Client::connect(stub.address()).await;
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    client.send_flagged(insert, flags::MORE_TO_COME).await;
    // The next reply answers the next request: `run` compares the ids.
    let reply = client.run(doc! { "find": "c" }).await;
    assert_eq!(batch(&reply, "firstBatch").len(), 1);
}
