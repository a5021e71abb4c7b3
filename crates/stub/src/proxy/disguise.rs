//! What a client sees changed of a server behind a proxy.
//!
//! | message | change |
//! |---|---|
//! | `hello`, however it is spelt and sent | `compression` is not asked for, so that all other messages can be read |
//! | its reply | `msg: "isdbgrid"`; nothing of a replica set; `serviceId` behind a load balancer where the client asked with `loadBalanced` |
//! | reply to a command of a transaction | has a `recoveryToken`, of another shard for each request |
//!
//! The reply keeps its `topologyVersion`, and streams of replies pass: routers have both.

use std::collections::HashMap;

use bson::oid::ObjectId;
use bson::{Document, doc};
use ferropool_wire::{Header, Value};

use super::message::Message;

/// Fields by which a member of a replica set is known.
const OF_A_MEMBER: [&str; 17] = [
    "arbiterOnly",
    "arbiters",
    "compression",
    "electionId",
    "hidden",
    "hosts",
    "isreplicaset",
    "lastWrite",
    "me",
    "passive",
    "passives",
    "primary",
    "secondary",
    "secondaryDelaySecs",
    "setName",
    "setVersion",
    "tags",
];

/// One connection's changes.
pub(super) struct Disguise {
    service: Option<ObjectId>,
    /// By the id of the request that is not answered yet.
    awaited: HashMap<i32, Awaited>,
}

/// A reply that is to be changed.
#[derive(Clone, Copy)]
enum Awaited {
    Hello { is_balanced: bool },
    Transaction,
}

impl Disguise {
    pub(super) fn new(service: Option<ObjectId>) -> Disguise {
        Disguise {
            service,
            awaited: HashMap::new(),
        }
    }

    /// The request as the server is to see it; `None` if that is as it came.
    pub(super) fn request(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let message = Message::parse(bytes)?;
        let awaited = Awaited::of(message.document)?;
        self.awaited.insert(message.header.request_id, awaited);
        message.document.get("compression").ok()??;
        let mut command = decoded(&message)?;
        command.remove("compression");
        message.with(&command)
    }

    /// The reply as the client is to see it; `None` if that is as it came.
    pub(super) fn reply(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let request_id = Header::parse(bytes).ok()?.response_to;
        let awaited = self.awaited.remove(&request_id)?;
        let message = Message::parse(bytes)?;
        if message.more_to_come {
            // Each reply of a stream answers the one before.
            self.awaited.insert(message.header.request_id, awaited);
        }
        let mut reply = decoded(&message)?;
        if reply.get_f64("ok").ok() != Some(1.0) {
            return None;
        }
        match awaited {
            Awaited::Hello { is_balanced } => self.hello(&mut reply, is_balanced),
            Awaited::Transaction => {
                let shard = format!("shard-{request_id}");
                reply.insert("recoveryToken", doc! { "recoveryShardId": shard });
            }
        }
        message.with(&reply)
    }

    fn hello(&self, reply: &mut Document, is_balanced: bool) {
        for field in OF_A_MEMBER {
            reply.remove(field);
        }
        reply.insert("msg", "isdbgrid");
        if let Some(service) = self.service.filter(|_| is_balanced) {
            reply.insert("serviceId", service);
        }
    }
}

impl Awaited {
    fn of(command: ferropool_wire::Document<'_>) -> Option<Awaited> {
        let name = command.elements().next()?.ok()?;
        let field = |name| command.get(name).ok().flatten();
        match name.key_str().ok()? {
            "hello" | "isMaster" | "ismaster" => Some(Awaited::Hello {
                is_balanced: field("loadBalanced") == Some(Value::Boolean(true)),
            }),
            _ if field("autocommit") == Some(Value::Boolean(false)) => Some(Awaited::Transaction),
            _ => None,
        }
    }
}

fn decoded(message: &Message<'_>) -> Option<Document> {
    Document::from_reader(message.document.as_bytes()).ok()
}
