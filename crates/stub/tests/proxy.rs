//! The proxy between a client and a server: what it changes, and what it lets pass.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use bson::oid::ObjectId;
use bson::{Document, doc};
use client::{Client, PATIENCE};
use ferropool_stub::{Options, Proxy, ProxyHandle, ProxyOptions, Role, Stub, StubHandle};
use ferropool_wire::{OpMsg, op_msg, op_query, op_reply};

/// A stub that answers as the primary of a replica set, and a proxy in front of it.
async fn start(role: Role) -> (StubHandle, ProxyHandle) {
    let options = Options {
        hello: doc! {
            "setName": "rs", "hosts": ["a:1"], "me": "a:1", "primary": "a:1", "secondary": false,
            "electionId": ObjectId::from_bytes([7; 12]), "setVersion": 1, "topologyVersion": {},
        },
        ..Options::default()
    };
    let server = Stub::start(options).await.unwrap();
    let proxy = Proxy::start(ProxyOptions::new(server.address(), role))
        .await
        .unwrap();
    (server, proxy)
}

fn keys(document: &Document) -> Vec<&str> {
    document.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_router_is_no_member_of_a_set() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let reply = client.run(doc! { "hello": 1, "loadBalanced": true }).await;
    assert_eq!(
        keys(&reply),
        [
            "isWritablePrimary",
            "maxBsonObjectSize",
            "maxMessageSizeBytes",
            "maxWriteBatchSize",
            "localTime",
            "logicalSessionTimeoutMinutes",
            "connectionId",
            "minWireVersion",
            "maxWireVersion",
            "readOnly",
            "topologyVersion",
            "ok",
            "msg",
        ]
    );
    assert_eq!(reply.get_str("msg").ok(), Some("isdbgrid"));
}

#[tokio::test]
async fn the_legacy_hello_is_changed_too() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let command = doc! { "isMaster": 1, "compression": ["zlib"] }
        .to_vec()
        .unwrap();
    let mut bytes = vec![];
    op_query::write_command(&mut bytes, 1, 4, "admin", &command).unwrap();
    client.send_bytes(&bytes).await;
    let message = client.message().await.unwrap();
    let reply = op_reply::OpReply::parse(&message).unwrap();
    let reply = Document::from_reader(reply.document().unwrap().as_bytes()).unwrap();
    assert_eq!(reply.get_str("msg").ok(), Some("isdbgrid"));
    assert_eq!(reply.get_bool("ismaster").ok(), Some(true));
    assert!(!reply.contains_key("setName") && !reply.contains_key("compression"));
}

#[tokio::test]
async fn compression_is_not_agreed_on() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let reply = client
        .run(doc! { "hello": 1, "compression": ["zlib"] })
        .await;
    assert!(!reply.contains_key("compression"));
}

#[tokio::test]
async fn connections_belong_to_services_in_turn() {
    let services = [1, 2].map(|number| ObjectId::from_bytes([number; 12]));
    let role = Role::LoadBalancer {
        services: services.to_vec(),
    };
    let (_server, proxy) = start(role).await;
    for service in [services[0], services[1], services[0]] {
        let mut client = Client::connect(proxy.address()).await;
        for _ in 0..2 {
            let reply = client.run(doc! { "hello": 1, "loadBalanced": true }).await;
            assert_eq!(reply.get_object_id("serviceId").ok(), Some(service));
        }
        let reply = client.run(doc! { "hello": 1 }).await;
        assert!(!reply.contains_key("serviceId"));
        assert_eq!(reply.get_str("msg").ok(), Some("isdbgrid"));
    }
}

#[tokio::test]
async fn a_stream_of_replies_is_changed_to_its_end() {
    let (server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let hello = client.run(doc! { "hello": 1 }).await;
    let version = hello.get_document("topologyVersion").unwrap().clone();
    let awaited = doc! { "hello": 1, "topologyVersion": version, "maxAwaitTimeMS": 60_000 };
    client
        .send_flagged(awaited, op_msg::flags::EXHAUST_ALLOWED)
        .await;
    for number in 1..=3 {
        server
            .control(&doc! { "helloOverrides": { "tags": { "number": number } } })
            .unwrap();
        let reply = client.reply().await.unwrap();
        assert!(reply.is_more_to_come);
        assert_eq!(reply.document.get_str("msg").ok(), Some("isdbgrid"));
        assert!(!reply.document.contains_key("tags"));
    }
}

#[tokio::test]
async fn replies_in_transactions_have_a_token_of_their_request() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let transaction = doc! { "ping": 1, "txnNumber": 1_i64, "autocommit": false };
    let id = client.send(transaction.clone()).await;
    let reply = client.reply().await.unwrap().document;
    let token = reply.get_document("recoveryToken").unwrap();
    assert_eq!(*token, doc! { "recoveryShardId": format!("shard-{id}") });
    let next = client.run(transaction).await;
    assert_ne!(next.get_document("recoveryToken").unwrap(), token);
    let outside = client.run(doc! { "ping": 1, "txnNumber": 2_i64 }).await;
    assert!(!outside.contains_key("recoveryToken"));
}

#[tokio::test]
async fn documents_beside_a_command_pass() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let command = doc! { "insert": "c", "txnNumber": 1_i64, "autocommit": false, "$db": "test" };
    let document = doc! { "_id": 1 }.to_vec().unwrap();
    let mut bytes = vec![];
    let start = op_msg::begin(&mut bytes, 9, 0);
    op_msg::push_body(&mut bytes, &command.to_vec().unwrap());
    op_msg::push_sequence(&mut bytes, "documents", [&document[..]]);
    op_msg::finish(&mut bytes, start).unwrap();
    // In pieces, so that the message has to be put together.
    for piece in bytes.chunks(7) {
        client.send_bytes(piece).await;
        tokio::task::yield_now().await;
    }
    let reply = client.reply().await.unwrap().document;
    assert_eq!(reply.get_i32("n").ok(), Some(1));
    assert!(reply.contains_key("recoveryToken"));
}

#[tokio::test]
async fn what_is_no_hello_passes_as_it_is() {
    let (_server, proxy) = start(Role::Router).await;
    let mut client = Client::connect(proxy.address()).await;
    let id = client
        .send(doc! { "echo": { "setName": "x" }, "$readPreference": { "mode": "nearest" } })
        .await;
    let message = client.message().await.unwrap();
    let message = OpMsg::parse(&message).unwrap();
    assert_eq!(message.header.response_to, id);
    let reply = Document::from_reader(message.body).unwrap();
    assert_eq!(
        reply.get_document("echo").ok(),
        Some(&doc! { "setName": "x" })
    );
}

#[tokio::test]
async fn an_error_of_hello_passes_as_it_is() {
    let (server, proxy) = start(Role::Router).await;
    let data = doc! { "failCommands": ["hello"], "errorCode": 91 };
    server.fail_command("alwaysOn", data).unwrap();
    let mut client = Client::connect(proxy.address()).await;
    let reply = client.run(doc! { "hello": 1 }).await;
    assert_eq!(reply.get_i32("code").ok(), Some(91));
    assert!(!reply.contains_key("msg"));
}

#[tokio::test]
async fn either_side_ends_the_other() {
    let (server, proxy) = start(Role::Router).await;
    let mut closed_by_server = Client::greet(proxy.address(), "a").await;
    server.close_all();
    closed_by_server.end().await.unwrap();
    let closed_by_client = Client::greet(proxy.address(), "b").await;
    assert_eq!(server.status().open, 1);
    drop(closed_by_client);
    client::until(&server, |status| status.open == 0).await;
}

#[tokio::test]
async fn without_a_server_a_connection_is_closed() {
    let (server, proxy) = start(Role::Router).await;
    drop(server);
    // The listener goes when its task does, a moment later.
    let served = async {
        let mut client = Client::connect(proxy.address()).await;
        client.try_run(doc! { "ping": 1 }).await
    };
    assert!(
        tokio::time::timeout(PATIENCE, served)
            .await
            .unwrap()
            .is_err()
    );
}
