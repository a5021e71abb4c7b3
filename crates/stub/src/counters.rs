//! What has happened, for tests to assert on.

use std::collections::{BTreeMap, VecDeque};

use bson::{Bson, Document, doc};
use ferropool_wire::CompressorId;

/// Counts since the start or the last `resetCounters`, without those of control connections.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Connections accepted.
    pub accepted: i64,
    /// Connections open now.
    pub open: i64,
    /// The most connections that were open at once.
    pub max_open: i64,
    /// Open connections whose first hello is not answered yet.
    pub hello_unanswered: i64,
    /// The most of them at once.
    pub max_hello_unanswered: i64,
    /// Hello commands received, legacy ones included.
    pub hello_seen: i64,
    /// Commands received, hello included.
    pub commands: i64,
    /// The same by name, as the client spelled it.
    pub commands_by_name: BTreeMap<String, i64>,
    /// Commands that came compressed, by name.
    pub compressed_commands_by_name: BTreeMap<String, i64>,
    /// Compressed messages received, by the compressor's name.
    pub compressed_in: BTreeMap<String, i64>,
    /// Compressed replies, by the compressor's name.
    pub compressed_out: BTreeMap<String, i64>,
    /// Bytes of the messages received, as they came.
    pub bytes_in: i64,
    /// Bytes sent.
    pub bytes_out: i64,
    /// Open connections by `application.name`; those without one, or without hello yet, under "".
    pub connections_by_app_name: BTreeMap<String, i64>,
    /// The `client` document of the last handshake.
    pub last_client_metadata: Option<Document>,
    /// The first hello of each of the last connections, the oldest first.
    pub handshakes: Vec<Document>,
}

impl Status {
    /// The reply to `stubStatus`, without `ok`.
    pub fn to_document(&self) -> Document {
        let counts = |counts: &BTreeMap<String, i64>| {
            let fields = counts.iter();
            fields
                .map(|(name, count)| (name.clone(), number(*count)))
                .collect::<Document>()
        };
        doc! {
            "accepted": number(self.accepted),
            "open": number(self.open),
            "maxOpen": number(self.max_open),
            "helloUnanswered": number(self.hello_unanswered),
            "maxHelloUnanswered": number(self.max_hello_unanswered),
            "helloSeen": number(self.hello_seen),
            "commands": number(self.commands),
            "commandsByName": counts(&self.commands_by_name),
            "compressedCommandsByName": counts(&self.compressed_commands_by_name),
            "compressedIn": counts(&self.compressed_in),
            "compressedOut": counts(&self.compressed_out),
            "bytesIn": number(self.bytes_in),
            "bytesOut": number(self.bytes_out),
            "connectionsByAppName": counts(&self.connections_by_app_name),
            "lastClientMetadata": self.last_client_metadata.clone(),
            "handshakes": self.handshakes.clone(),
        }
    }
}

/// An int32 where it fits, so that JavaScript sees a number whatever its decoder promotes.
pub(crate) fn number(count: i64) -> Bson {
    i32::try_from(count).map_or(Bson::Int64(count), Bson::Int32)
}

/// The counters behind a [`Status`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    accepted: i64,
    open: i64,
    max_open: i64,
    pub(crate) hello_unanswered: i64,
    max_hello_unanswered: i64,
    pub(crate) hello_seen: i64,
    commands: i64,
    commands_by_name: BTreeMap<String, i64>,
    compressed_commands_by_name: BTreeMap<String, i64>,
    compressed_in: BTreeMap<String, i64>,
    compressed_out: BTreeMap<String, i64>,
    pub(crate) bytes_in: i64,
    pub(crate) bytes_out: i64,
    pub(crate) last_client_metadata: Option<Document>,
    handshakes: VecDeque<Document>,
}

/// So that a status stays small after a thousand connections.
const KEPT_HANDSHAKES: usize = 16;

impl Counters {
    pub(crate) fn opened(&mut self) {
        self.accepted += 1;
        self.open += 1;
        self.max_open = self.max_open.max(self.open);
        self.hello_unanswered += 1;
        self.max_hello_unanswered = self.max_hello_unanswered.max(self.hello_unanswered);
    }

    pub(crate) fn closed(&mut self) {
        self.open -= 1;
    }

    /// Takes back [`Counters::opened`], all but its unanswered hello and the highest counts.
    pub(crate) fn forget_opened(&mut self) {
        self.accepted -= 1;
        self.open -= 1;
    }

    /// Gives the number of this command, from 1.
    pub(crate) fn command(&mut self, name: &str, is_hello: bool, length: usize) -> i64 {
        self.commands += 1;
        self.hello_seen += i64::from(is_hello);
        self.bytes_in += i64::try_from(length).unwrap_or(i64::MAX);
        count(&mut self.commands_by_name, name);
        self.commands
    }

    /// Keeps the first hello of a connection.
    pub(crate) fn shake_hands(&mut self, hello: &Document) {
        if self.handshakes.len() == KEPT_HANDSHAKES {
            self.handshakes.pop_front();
        }
        self.handshakes.push_back(hello.clone());
    }

    /// Notes that a command came compressed.
    pub(crate) fn compressed_in(&mut self, name: &str, compressor: CompressorId) {
        count(&mut self.compressed_commands_by_name, name);
        count(&mut self.compressed_in, compressor.name());
    }

    pub(crate) fn compressed_out(&mut self, compressor: CompressorId) {
        count(&mut self.compressed_out, compressor.name());
    }

    /// Adds what was counted elsewhere, without names.
    pub(crate) fn add(&mut self, commands: i64, bytes_in: i64, bytes_out: i64) {
        self.commands += commands;
        self.bytes_in += bytes_in;
        self.bytes_out += bytes_out;
    }

    /// Begins anew; what is open stays counted as open.
    pub(crate) fn reset(&mut self) {
        *self = Counters {
            open: self.open,
            max_open: self.open,
            hello_unanswered: self.hello_unanswered,
            max_hello_unanswered: self.hello_unanswered,
            ..Counters::default()
        };
    }

    pub(crate) fn status(&self, connections_by_app_name: BTreeMap<String, i64>) -> Status {
        Status {
            accepted: self.accepted,
            open: self.open,
            max_open: self.max_open,
            hello_unanswered: self.hello_unanswered,
            max_hello_unanswered: self.max_hello_unanswered,
            hello_seen: self.hello_seen,
            commands: self.commands,
            commands_by_name: self.commands_by_name.clone(),
            compressed_commands_by_name: self.compressed_commands_by_name.clone(),
            compressed_in: self.compressed_in.clone(),
            compressed_out: self.compressed_out.clone(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            connections_by_app_name,
            last_client_metadata: self.last_client_metadata.clone(),
            handshakes: self.handshakes.iter().cloned().collect(),
        }
    }
}

/// Adds one; a name is copied only when it is new.
fn count(counts: &mut BTreeMap<String, i64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_counts_stay() {
        let mut counters = Counters::default();
        counters.opened();
        counters.opened();
        counters.hello_unanswered -= 2;
        counters.closed();
        counters.opened();
        let status = counters.status(BTreeMap::new());
        assert_eq!((status.accepted, status.open, status.max_open), (3, 2, 2));
        assert_eq!(
            (status.hello_unanswered, status.max_hello_unanswered),
            (1, 2)
        );
    }

    #[test]
    fn a_reset_keeps_what_is_open() {
        let mut counters = Counters::default();
        counters.opened();
        counters.command("ping", false, 40);
        counters.reset();
        let status = counters.status(BTreeMap::new());
        assert_eq!((status.accepted, status.open, status.commands), (0, 1, 0));
        assert_eq!(status.max_hello_unanswered, 1);
    }
}
