use crate::memory::LentBytes;
use crate::{selection_events, topology_events};
use ferropool_client::{Client, CommandEnd, Failure, Journal};
use ferropool_connection::Error as ConnectionError;
use ferropool_pool::{CheckOutError, EventKind, FailedReason, Origin, ServiceId};
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

impl Contents {
    /// Says where the text is.
    fn say(&mut self, text: String) -> f64 {
        self.texts.push(text);
        (self.texts.len() - 1) as f64
    }
}

/// The documents of events, one behind the other in memory that was lent for them: whoever keeps an event keeps it.
pub(crate) struct Documents {
    lent: LentBytes,
    used: usize,
    /// Those of the last drain that are larger than what is lent.
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

    /// Takes other memory in place of what is full.
    pub(crate) fn replace(&mut self, lent: LentBytes) {
        (self.lent, self.used) = (lent, 0);
    }

    /// Forgets those of the last drain.
    pub(crate) fn begin(&mut self) {
        self.apart.clear();
    }

    /// Whether the document of an event finds room, if it has one.
    pub(crate) fn has_room_for(&mut self, event: &Journal) -> bool {
        let length = match event {
            Journal::CommandStarted {
                command, service, ..
            } => command.len() + service.map_or(0, |service| service.0.len()),
            Journal::CommandEnded {
                end: CommandEnd::Replied(reply),
                ..
            } => reply.len(),
            _ => return true,
        };
        let lent = self.lent.as_mut().len();
        self.used + length <= lent || length > lent
    }

    /// A document that is apart, once.
    pub(crate) fn take_apart(&mut self, index: usize) -> Option<Vec<u8>> {
        self.apart.get_mut(index).map(std::mem::take)
    }

    /// Puts a document there, and what belongs behind it. Says where it is: its first byte, or -1 less the index of one that is
    /// apart.
    fn put(&mut self, document: &[u8], behind: &[u8]) -> f64 {
        let start = self.used;
        let end = start + document.len() + behind.len();
        if let Some(room) = self.lent.as_mut().get_mut(start..end) {
            let (first, second) = room.split_at_mut(document.len());
            first.copy_from_slice(document);
            second.copy_from_slice(behind);
            self.used = end;
            return start as f64;
        }
        self.apart.push([document, behind].concat());
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

/// Writes an event as numbers, and what numbers cannot say as a text or a document. `sent` are the engine's commands.
pub(crate) fn encode(
    event: &Journal,
    client: &Client,
    sent: &[u8],
    clocks: &Clocks,
    contents: &mut Contents,
    record: &mut [f64; WIDTH],
) {
    *record = match event {
        Journal::Pool(id, server, event) => {
            let [kind, connection, duration, reason, origin, text] =
                of_pool(&event.kind, *server, client, contents);
            let (id, at) = (f64::from(*id), clocks.milliseconds(event.at));
            let server = f64::from(*server);
            [
                kind, id, connection, at, duration, reason, origin, text, server,
            ]
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
            let service = service.as_ref().map_or(&[][..], |service| &service.0);
            [
                if service.is_empty() { 11.0 } else { 14.0 },
                f64::from(*client),
                *connection as f64,
                clocks.milliseconds(*at),
                server_connection.map_or(-1.0, |id| id as f64),
                f64::from(*request_id),
                f64::from(*slot),
                contents.documents.put(&sent[command.clone()], service),
                f64::from(*server),
            ]
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
                CommandEnd::Replied(reply) => (15.0, contents.documents.put(reply, &[])),
                CommandEnd::Failed(failure) => (16.0, contents.say(failure.to_json())),
            };
            [
                kind,
                f64::from(*client),
                *connection as f64,
                clocks.milliseconds(*at),
                in_milliseconds(*duration),
                0.0,
                f64::from(*slot),
                place,
                f64::from(*server),
            ]
        }
        Journal::Topology(id, at, event) => {
            let text = contents.say(topology_events::event(event, client.options()).to_string());
            let (id, at) = (f64::from(*id), clocks.milliseconds(*at));
            [13.0, id, 0.0, at, 0.0, 0.0, NOBODY, text, 0.0]
        }
        Journal::Selection {
            client: id,
            slot,
            at,
            event,
        } => {
            let text = contents.say(selection_events::event(event, client.options()).to_string());
            let (id, at, slot) = (f64::from(*id), clocks.milliseconds(*at), f64::from(*slot));
            [17.0, id, 0.0, at, 0.0, 0.0, slot, text, 0.0]
        }
        Journal::CredentialWanted {
            client,
            request,
            what,
        } => {
            let text = contents.say(what.clone());
            let (client, request) = (f64::from(*client), f64::from(*request));
            [12.0, client, 0.0, 0.0, 0.0, request, NOBODY, text, 0.0]
        }
    };
}

const NOBODY: f64 = Origin::NONE.0 as f64;

/// Kind, connection, duration, reason, origin and text of a pool's event.
fn of_pool(
    event: &EventKind<ConnectionError>,
    server: u32,
    client: &Client,
    contents: &mut Contents,
) -> [f64; 6] {
    match event {
        EventKind::PoolCreated => {
            let text = contents.say(options_of(client));
            [0.0, 0.0, 0.0, 0.0, 0.0, text]
        }
        EventKind::PoolReady => [1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
        EventKind::PoolCleared {
            service,
            interrupt_in_use,
        } => {
            let text = service.map(|service| contents.say(cleared_for(&service)));
            let interrupts = f64::from(u8::from(*interrupt_in_use));
            [2.0, 0.0, 0.0, interrupts, 0.0, text.unwrap_or(-1.0)]
        }
        EventKind::PoolClosed => [3.0, 0.0, 0.0, 0.0, 0.0, -1.0],
        EventKind::ConnectionCreated { connection } => {
            [4.0, connection.0 as f64, 0.0, 0.0, 0.0, -1.0]
        }
        EventKind::ConnectionReady {
            connection,
            duration,
        } => {
            let (connection, duration) = (connection.0 as f64, in_milliseconds(*duration));
            [5.0, connection, duration, 0.0, 0.0, -1.0]
        }
        EventKind::ConnectionClosed {
            connection,
            reason,
            service,
            error,
        } => {
            let says_more = service.is_some() || error.is_some();
            let text = says_more.then(|| contents.say(closed_for(service.as_ref(), error)));
            let (connection, reason) = (connection.0 as f64, f64::from(*reason as u8));
            [6.0, connection, 0.0, reason, 0.0, text.unwrap_or(-1.0)]
        }
        EventKind::CheckOutStarted { origin } => [7.0, 0.0, 0.0, 0.0, f64::from(origin.0), -1.0],
        EventKind::CheckOutFailed {
            origin,
            error,
            duration,
        } => {
            let text = failed_with(error, server, client).map(|text| contents.say(text));
            let (reason, duration) = (FailedReason::of(error) as u8, in_milliseconds(*duration));
            let (reason, origin) = (f64::from(reason), f64::from(origin.0));
            [8.0, 0.0, duration, reason, origin, text.unwrap_or(-1.0)]
        }
        EventKind::CheckedOut {
            origin,
            connection,
            duration,
        } => {
            let (connection, duration) = (connection.0 as f64, in_milliseconds(*duration));
            [9.0, connection, duration, 0.0, f64::from(origin.0), -1.0]
        }
        EventKind::CheckedIn { connection } => [10.0, connection.0 as f64, 0.0, 0.0, 0.0, -1.0],
    }
}

// The texts of events that do not come with each operation.

#[cold]
fn options_of(client: &Client) -> String {
    let given = client.options().given.iter();
    let options: serde_json::Map<_, _> = given
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({ "options": options }).to_string()
}

#[cold]
fn cleared_for(service: &ServiceId) -> String {
    json!({ "serviceId": hex(&service.0) }).to_string()
}

#[cold]
fn closed_for(service: Option<&ServiceId>, error: &Option<ConnectionError>) -> String {
    let error = error
        .clone()
        .map(|error| shown(&Failure::Connection(error)));
    let service = service.map(|service| hex(&service.0));
    json!({ "error": error, "serviceId": service }).to_string()
}

#[cold]
fn failed_with(
    error: &CheckOutError<ConnectionError>,
    server: u32,
    client: &Client,
) -> Option<String> {
    let (error, address) = (error.clone(), client.topology()?.address(server)?);
    let failure = Failure::CheckOut { error, address };
    Some(json!({ "error": shown(&failure) }).to_string())
}

fn shown(failure: &Failure) -> serde_json::Value {
    serde_json::to_value(failure.view()).unwrap_or_default()
}

fn in_milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
