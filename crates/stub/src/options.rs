//! What a stub is from its start.

use std::net::{Ipv4Addr, SocketAddr};

use bson::Document;
use bson::oid::ObjectId;

/// How a stub begins; the faults of [`control`](crate::control) come later.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0, the default, takes a free one.
    pub address: SocketAddr,
    /// Answers with prepared bytes as fast as possible, without faults or collections.
    pub canned: bool,
    /// Adds `requestNumber`, counted over all connections from 1, to every reply.
    pub number_replies: bool,
    /// Fields merged into the hello reply of a standalone; a null removes a field.
    pub hello: Document,
    /// Given to connections in turn as `serviceId`, as a load balancer would; none by default.
    pub service_ids: Vec<ObjectId>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            canned: false,
            number_replies: false,
            hello: Document::new(),
            service_ids: vec![],
        }
    }
}

/// Merges `fields` into `document`; a null removes a field.
pub(crate) fn merge(document: &mut Document, fields: &Document) {
    for (key, value) in fields {
        match value {
            bson::Bson::Null => {
                document.remove(key);
            }
            value => {
                document.insert(key, value.clone());
            }
        }
    }
}
