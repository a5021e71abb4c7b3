use crate::memory::LentBytes;
use crate::{selection_events, topology_events};
use ferropool_client::{CommandEnd, Failure, Journal};
use ferropool_pool::{EventKind, FailedReason, Origin};
use serde_json::json;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Numbers in an event's record: kind, client, connection, time (ms since the epoch), duration (ms),
/// reason, origin, index of its text or -1, server. A command's start has the server's number for the connection,
/// or -1, in place of the duration, the request's in place of the reason, and the place of its document in place of the
/// text's index; the service behind a load balancer is behind the document, where the kind is 14.
pub(crate) const WIDTH: usize = 9;

/// What numbers cannot say of the events of one drain.
pub(crate) struct Contents {
    pub(crate) texts: Vec<String>,
    pub(crate) documents: Documents,
}

/// The documents of one drain, one behind the other in memory that was lent for them.
pub(crate) struct Documents {
    lent: LentBytes,
    used: usize,
    /// Those that had no room there.
    apart: Vec<Vec<u8>>,
}

impl Documents {
    pub(crate) fn new(lent: LentBytes) -> Self {
        Self {
            lent,
            used: 0,
            apart: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.apart.clear();
    }

    /// How much of what was lent is used.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// A document that had no room, once.
    pub(crate) fn take_apart(&mut self, index: usize) -> Option<Vec<u8>> {
        self.apart.get_mut(index).map(std::mem::take)
    }

    /// Says where the document is: its first byte, or -1 less the index of one that is apart.
    fn put(&mut self, document: Vec<u8>) -> f64 {
        let end = self.used + document.len();
        if let Some(room) = self.lent.as_mut().get_mut(self.used..end) {
            room.copy_from_slice(&document);
            return std::mem::replace(&mut self.used, end) as f64;
        }
        self.apart.push(document);
        -(self.apart.len() as f64)
    }
}

/// What both clocks said at once: an instant has no date of its own.
pub(crate) struct Clocks {
    instant: Instant,
    /// Since the epoch.
    milliseconds: f64,
}

impl Clocks {
    /// As they stand now.
    pub(crate) fn read() -> Self {
        let date = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            instant: Instant::now(),
            milliseconds: in_milliseconds(date),
        }
    }

    /// An instant that has passed, as milliseconds since the epoch.
    fn milliseconds(&self, at: Instant) -> f64 {
        self.milliseconds - in_milliseconds(self.instant.saturating_duration_since(at))
    }
}

/// Turns an event into numbers, and what numbers cannot say into a text or a document.
pub(crate) fn encode(
    event: &mut Journal,
    client: &ferropool_client::Client,
    clocks: &Clocks,
    Contents { texts, documents }: &mut Contents,
) -> [f64; WIDTH] {
    let mut record = [0.0; WIDTH];
    record[7] = -1.0;
    let mut say = |value: serde_json::Value| {
        texts.push(value.to_string());
        (texts.len() - 1) as f64
    };
    let (server, event) = match event {
        Journal::Pool(id, server, event) => {
            (record[1], record[3]) = (f64::from(*id), clocks.milliseconds(event.at));
            record[8] = f64::from(server.number());
            (server, &event.kind)
        }
        Journal::CommandStarted {
            client,
            slot,
            connection,
            server,
            server_connection,
            request_id,
            service,
            command,
            at,
        } => {
            let mut command = std::mem::take(command);
            command.extend(service.iter().flat_map(|service| service.0));
            return [
                if service.is_some() { 14.0 } else { 11.0 },
                f64::from(*client),
                *connection as f64,
                clocks.milliseconds(*at),
                server_connection.map_or(-1.0, |id| id as f64),
                f64::from(*request_id),
                f64::from(*slot),
                documents.put(command),
                f64::from(*server),
            ];
        }
        Journal::CommandEnded {
            client,
            slot,
            connection,
            server,
            duration,
            end,
            at,
        } => {
            let (kind, place) = match end {
                CommandEnd::Replied(reply) => (15.0, documents.put(std::mem::take(reply))),
                CommandEnd::Failed(failure) => {
                    texts.push(failure.to_json());
                    (16.0, (texts.len() - 1) as f64)
                }
            };
            return [
                kind,
                f64::from(*client),
                *connection as f64,
                clocks.milliseconds(*at),
                in_milliseconds(*duration),
                0.0,
                f64::from(*slot),
                place,
                f64::from(*server),
            ];
        }
        Journal::Topology(id, at, event) => {
            let text = say(topology_events::event(event, client.options()));
            let nobody = f64::from(Origin::NONE.0);
            let (id, at) = (f64::from(*id), clocks.milliseconds(*at));
            return [13.0, id, 0.0, at, 0.0, 0.0, nobody, text, 0.0];
        }
        Journal::Selection {
            client: id,
            slot,
            at,
            event,
        } => {
            let text = say(selection_events::event(event, client.options()));
            let (id, at, slot) = (f64::from(*id), clocks.milliseconds(*at), f64::from(*slot));
            return [17.0, id, 0.0, at, 0.0, 0.0, slot, text, 0.0];
        }
        Journal::CredentialWanted {
            client,
            request,
            what,
        } => {
            texts.push(std::mem::take(what));
            let text = (texts.len() - 1) as f64;
            let (client, request) = (f64::from(*client), f64::from(*request));
            let nobody = f64::from(Origin::NONE.0);
            return [12.0, client, 0.0, 0.0, 0.0, request, nobody, text, 0.0];
        }
    };
    let failure = |failure: &Failure| serde_json::to_value(failure.view()).unwrap_or_default();
    match event {
        EventKind::PoolCreated => {
            let options: serde_json::Map<_, _> = client
                .options()
                .given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            (record[0], record[7]) = (0.0, say(json!({ "options": options })));
        }
        EventKind::PoolReady => record[0] = 1.0,
        EventKind::PoolCleared {
            service,
            interrupt_in_use,
        } => {
            (record[0], record[5]) = (2.0, f64::from(u8::from(*interrupt_in_use)));
            if let Some(service) = service {
                record[7] = say(json!({ "serviceId": hex(&service.0) }));
            }
        }
        EventKind::PoolClosed => record[0] = 3.0,
        EventKind::ConnectionCreated { connection } => {
            (record[0], record[2]) = (4.0, connection.0 as f64)
        }
        EventKind::ConnectionReady {
            connection,
            duration,
        } => {
            (record[0], record[2], record[4]) =
                (5.0, connection.0 as f64, in_milliseconds(*duration));
        }
        EventKind::ConnectionClosed {
            connection,
            reason,
            service,
            error,
        } => {
            (record[0], record[2], record[5]) =
                (6.0, connection.0 as f64, f64::from(*reason as u8));
            if service.is_some() || error.is_some() {
                let error = error
                    .as_ref()
                    .map(|error| failure(&Failure::Connection(error.clone())));
                record[7] = say(
                    json!({ "error": error, "serviceId": service.map(|service| hex(&service.0)) }),
                );
            }
        }
        EventKind::CheckOutStarted { origin } => {
            (record[0], record[6]) = (7.0, f64::from(origin.0))
        }
        EventKind::CheckOutFailed {
            origin,
            error,
            duration,
        } => {
            (record[0], record[4]) = (8.0, in_milliseconds(*duration));
            (record[5], record[6]) = (
                f64::from(FailedReason::of(error) as u8),
                f64::from(origin.0),
            );
            let (error, address) = (error.clone(), server.address().clone());
            let error = Failure::CheckOut { error, address };
            record[7] = say(json!({ "error": failure(&error) }));
        }
        EventKind::CheckedOut {
            origin,
            connection,
            duration,
        } => {
            (record[0], record[2], record[4]) =
                (9.0, connection.0 as f64, in_milliseconds(*duration));
            record[6] = f64::from(origin.0);
        }
        EventKind::CheckedIn { connection } => (record[0], record[2]) = (10.0, connection.0 as f64),
    }
    record
}

fn in_milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
