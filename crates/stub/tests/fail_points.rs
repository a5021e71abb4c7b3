//! The fail point `failCommand`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use std::time::{Duration, Instant};

use bson::{Document, doc};
use client::{Client, start};

async fn configure(client: &mut Client, mode: impl Into<bson::Bson>, data: Document) {
    let mode: bson::Bson = mode.into();
    let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
    let reply = client.run(command).await;
    assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
}

#[tokio::test]
async fn an_error_is_given_so_many_times() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let data = doc! { "failCommands": ["find"], "errorCode": 189, "errorLabels": ["X"] };
    configure(&mut client, doc! { "times": 1 }, data).await;
    let reply = client.run(doc! { "find": "c" }).await;
    assert_eq!(reply.get_str("codeName").unwrap(), "PrimarySteppedDown");
    assert_eq!(reply.get_array("errorLabels").unwrap().len(), 1);
    let reply = client.run(doc! { "find": "c" }).await;
    assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
}

#[tokio::test]
async fn a_connection_is_closed_without_a_reply() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let data = doc! { "failCommands": ["ping"], "closeConnection": true };
    configure(&mut client, "alwaysOn", data).await;
    client.send(doc! { "ping": 1 }).await;
    client.end().await.unwrap();
}

#[tokio::test]
async fn a_blocked_command_takes_its_time_and_succeeds() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let data = doc! { "failCommands": ["ping"], "blockConnection": true, "blockTimeMS": 50 };
    configure(&mut client, doc! { "times": 1 }, data).await;
    let began = Instant::now();
    let reply = client.run(doc! { "ping": 1 }).await;
    assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_hello_fails_for_its_application_alone() {
    let stub = start().await;
    let data = doc! { "failCommands": ["hello"], "errorCode": 91, "appName": "mine" };
    stub.fail_command("alwaysOn", data).unwrap();
    let mut other = Client::connect(stub.address()).await;
    let reply = other.run(client::hello("other")).await;
    assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
    let mut mine = Client::connect(stub.address()).await;
    let reply = mine.run(client::hello("mine")).await;
    assert_eq!(reply.get_i32("code").unwrap(), 91);
}

#[tokio::test]
async fn a_write_concern_error_leaves_the_write_done() {
    let stub = start().await;
    let mut client = Client::greet(stub.address(), "a").await;
    let error = doc! { "code": 91, "errmsg": "shutting down" };
    let data = doc! { "failCommands": ["insert"], "writeConcernError": error };
    configure(&mut client, "alwaysOn", data).await;
    let insert = doc! { "insert": "c", "documents": [{ "_id": 1 }] };
    let reply = client.run(insert).await;
    assert_eq!(reply.get_i32("n").unwrap(), 1);
    assert!(reply.contains_key("writeConcernError"));
}

#[tokio::test]
async fn control_connections_are_spared() {
    let stub = start().await;
    let mut control = Client::greet(stub.address(), "stub-control").await;
    let data = doc! { "failCommands": ["ping"], "errorCode": 1 };
    configure(&mut control, "alwaysOn", data).await;
    let reply = control.run(doc! { "ping": 1 }).await;
    assert_eq!(reply.get_f64("ok").unwrap(), 1.0);
}
