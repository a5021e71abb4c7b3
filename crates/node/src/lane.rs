mod commands;
mod sessions;

pub(crate) use commands::Place;

#[cfg(unix)]
use crate::event_loop::EventLoop;
use crate::events::{Clocks, Contents, Documents};
use crate::exports::LentBuffers;
#[cfg(unix)]
use crate::memory::Buffers;
use crate::memory::{LentBytes, LentNumbers};
use crate::registers::{self, Answer, LANE, Registers};
use crate::shared::Shared;
use crate::tokio_lane::TokioLane;
use crate::{events, fork, options};
use ferropool_client::{
    Client, ClientOptions, Engine, Failure, Journal, OperationOptions, OptionError,
    OptionErrorKind, Subscription, Timeout,
};
use ferropool_connection::DriverInfo;
use ferropool_lane::Token;
use ferropool_pool::{CheckOutError, Origin, ServiceId};
use ferropool_topology::ReadPreferenceMode;
use napi::bindgen_prelude::{Buffer, FnArgs, Function, Uint8Array};
use napi::{Env, Error, JsValue, Result};
use parking_lot::Mutex;
use serde_json::json;
use std::cell::RefCell;
#[cfg(unix)]
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// One environment's way into the core. See `crates/lane` for what a lane is, and `ts/lane.ts` for the
/// layout of its buffers.
pub(crate) struct Lane {
    engine: Shared,
    driver: Driver,
    databases: RefCell<Vec<String>>,
    send: Uint8Array,
    events: RefCell<Events>,
}

enum Driver {
    #[cfg(unix)]
    EventLoop(EventLoop),
    Tokio(TokioLane),
}

/// How events that are drained from the engine reach TypeScript.
struct Events {
    records: LentNumbers,
    contents: Contents,
    /// One whose document found no room.
    put_by: Option<Journal>,
}

impl Lane {
    /// Opens a lane: driven by the environment's event loop, or else by tokio.
    pub(crate) fn new(
        env: Env,
        event_loop: bool,
        lent: LentBuffers,
        on_turn: Function<'_, FnArgs<(u32, u32, bool)>, ()>,
    ) -> Result<Self> {
        fork::watch_forks();
        let engine = Engine::new().map_err(|error| Error::from_reason(error.to_string()))?;
        let callback = on_turn.raw();
        let (slabs, records) = (lent.slabs, lent.records);
        let started = match event_loop {
            #[cfg(unix)]
            true => {
                let engine = Rc::new(RefCell::new(engine));
                let buffers = Buffers::new([slabs.0, slabs.1], [records.0, records.1]);
                EventLoop::start(env, callback, Rc::clone(&engine), buffers)
                    .map(|driver| (Shared::Here(engine), Driver::EventLoop(driver)))
            }
            #[cfg(not(unix))]
            true => None,
            false => {
                let engine = Arc::new(Mutex::new(engine));
                TokioLane::start(env, callback, Arc::clone(&engine), slabs.0, records.0)
                    .map(|driver| (Shared::Locked(engine), Driver::Tokio(driver)))
            }
        };
        let (engine, driver) = started
            .ok_or_else(|| Error::from_reason("the environment's event loop cannot be had"))?;
        let events = Events {
            records: LentNumbers(lent.events),
            contents: Contents {
                texts: Vec::new(),
                documents: Documents::new(LentBytes(lent.documents)),
            },
            put_by: None,
        };
        Ok(Self {
            engine,
            driver,
            databases: RefCell::default(),
            send: lent.send,
            events: RefCell::new(events),
        })
    }

    /// Opens a client from a connection string, or a pool from an address. Options are JSON.
    pub(crate) fn open(
        &self,
        monitored: bool,
        target: String,
        options_json: String,
        platform: String,
    ) -> Result<u32> {
        let options = options::parse(&options_json);
        let parse = if monitored {
            ClientOptions::from_uri
        } else {
            ClientOptions::from_address
        };
        let options = parse(&target, &options, &platform).map_err(|error| refuse_option(&error))?;
        let mut engine = self.engine.access();
        let client = Client::new(options, Arc::clone(engine.inbox()));
        Ok(engine.attach(client))
    }

    /// Forgets a client that is closed.
    pub(crate) fn detach(&self, client: u32) {
        self.engine.access().detach(client);
    }

    /// Where a client connects to: the hosts that it was told of, with commas between them.
    pub(crate) fn address(&self, client: u32) -> String {
        let client = self.engine.access().client(client).map(Arc::clone);
        let hosts = client.map_or_else(Vec::new, |client| client.options().hosts.clone());
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        hosts.join(",")
    }

    /// Where a client's server of this number is, or was.
    pub(crate) fn server_address(&self, client: u32, server: u32) -> String {
        let client = self.engine.access().client(client).map(Arc::clone);
        let address = client.and_then(|client| client.topology()?.address(server));
        address.map_or_else(String::new, |address| address.to_string())
    }

    /// Tells servers of a library that wraps the client.
    pub(crate) fn append_metadata(&self, client: u32, info: [Option<String>; 3]) -> Result<()> {
        let [name, version, platform] = info.each_ref().map(Option::as_deref);
        let client = self.engine.access().client(client).map(Arc::clone);
        let appended = DriverInfo::new(name, version, platform).and_then(|info| match client {
            Some(client) => client.append_metadata(info).map(drop),
            None => Ok(()),
        });
        appended.map_err(|error| refuse(&Failure::from(error)))
    }

    /// Answers a client's request for credentials: JSON, or the text of an error.
    pub(crate) fn supply(&self, client: u32, request: u32, answer: String, failed: bool) {
        let client = self.engine.access().client(client).map(Arc::clone);
        if let Some(client) = client {
            client.supply(request, if failed { Err(answer) } else { Ok(answer) });
        }
    }

    /// A client's options as JSON, with their secrets.
    pub(crate) fn describe(&self, client: u32) -> String {
        let engine = self.engine.access();
        let client = engine.client(client);
        client.map_or_else(|| "{}".to_owned(), |client| client.options().view())
    }

    /// What was ignored of a client's options.
    pub(crate) fn warnings(&self, client: u32) -> Vec<String> {
        let engine = self.engine.access();
        let client = engine.client(client);
        client.map_or_else(Vec::new, |client| client.options().warnings.clone())
    }

    /// A number for a database's name.
    pub(crate) fn intern_database(&self, name: String) -> u32 {
        let mut databases = self.databases.borrow_mut();
        databases.push(name);
        (databases.len() - 1) as u32
    }

    /// Says what somebody listens to of a client.
    pub(crate) fn subscribe(&self, client: u32, to: Subscription) {
        self.engine.access().subscribe(client, to);
    }

    /// Completes with a text when the client's server can be used.
    pub(crate) fn connect(&self, client: u32, slot: u32, timeout_ms: f64) {
        self.act(|engine| engine.connect(client, slot, timeout(timeout_ms)));
    }

    /// Completes with a text when so many connections are established; a negative number is
    /// `minPoolSize`.
    pub(crate) fn warm(&self, client: u32, slot: u32, connections: i32) {
        let connections = u32::try_from(connections).ok();
        self.act(|engine| engine.warm(client, slot, connections));
    }

    /// Completes with a text when the client is closed; a negative drain time is no limit.
    pub(crate) fn close(&self, client: u32, slot: u32, drain_ms: f64) {
        let drain = (drain_ms >= 0.0).then(|| Duration::from_secs_f64(drain_ms / 1e3));
        self.act(|engine| engine.close(client, slot, drain));
    }

    /// Completes with a connection.
    pub(crate) fn check_out(&self, client: u32, slot: u32, preference: u32, timeout_ms: f64) {
        let options = options_of(preference, timeout_ms);
        self.act(|engine| engine.check_out(client, slot, options));
    }

    /// Takes an available connection of the client and by the preference in the registers, and leaves its token's
    /// halves, its number and its server's there.
    pub(crate) fn try_check_out(&self, registers: &mut Registers) {
        let [client, preference, ..] = *registers;
        let mut engine = self.engine.access();
        match engine.try_check_out(client as u32, Origin::NONE.0, mode(preference as u32)) {
            Ok(Some(info)) => {
                let token = info.token.0;
                *registers = [
                    token as i32,
                    (token >> 32) as i32,
                    info.connection as i32,
                    info.server as i32,
                    Answer::Done as i32,
                ];
            }
            Ok(None) => registers[LANE] = Answer::Nothing as i32,
            Err(failure) => match *failure {
                Failure::Closed
                | Failure::CheckOut {
                    error: CheckOutError::PoolClosed,
                    ..
                } => registers[LANE] = Answer::Closed as i32,
                failure => registers::refuse(registers, failure.to_json()),
            },
        }
    }

    /// Returns the connection of the client and with the halves of a token in the registers.
    pub(crate) fn check_in(&self, registers: &mut Registers) {
        let [client, low, high, ..] = *registers;
        let token = token(low as u32, high as u32);
        let mut engine = self.engine.access();
        match engine.check_in(client as u32, token) {
            Ok(()) => registers[LANE] = Answer::Done as i32,
            Err(failure) => registers::refuse(registers, failure.to_json()),
        }
    }

    /// Gives an operation up.
    pub(crate) fn cancel(&self, slot: u32) {
        self.engine.access().cancel(slot);
    }

    /// Marks a pool as ready.
    pub(crate) fn ready(&self, client: u32) {
        self.with_client(client, |client| {
            if let Some(server) = client.server() {
                server.pool().ready();
            }
        });
    }

    /// Clears a pool, or one service of it.
    pub(crate) fn clear(
        &self,
        client: u32,
        interrupt_in_use: bool,
        service_id: Option<Uint8Array>,
    ) {
        let service = service_id
            .and_then(|id| <[u8; 12]>::try_from(&id[..]).ok())
            .map(ServiceId);
        self.with_client(client, |client| {
            if let Some(server) = client.server() {
                server.pool().clear(None, interrupt_in_use, service);
            }
        });
    }

    /// The statistics of each server's pool, as JSON.
    pub(crate) fn stats(&self, client: u32) -> String {
        let client = self.engine.access().client(client).map(Arc::clone);
        let stats = client.map_or_else(Vec::new, |client| client.stats());
        serde_json::to_string(&stats).unwrap_or_default()
    }

    /// Operations that have not completed.
    pub(crate) fn in_flight(&self) -> u32 {
        self.engine.access().in_flight()
    }

    /// A reply that no slab could hold, once.
    pub(crate) fn take_large(&self, number: u32) -> Option<Buffer> {
        self.engine.access().take_large(number).map(Buffer::from)
    }

    /// Puts the next events into the events buffer, and behind them 1 if the document of another one finds no room. Says how
    /// many.
    pub(crate) fn drain_events(&self) -> u32 {
        let mut events = self.events.borrow_mut();
        let Events {
            records,
            contents,
            put_by,
        } = &mut *events;
        contents.texts.clear();
        contents.documents.begin();
        let mut engine = self.engine.access();
        engine.gather_events();
        let (records, behind) = records.as_mut().as_chunks_mut();
        let mut records = records.iter_mut();
        let mut clocks = None;
        let mut count = 0;
        // Where there is no room left, TypeScript comes again.
        while records.len() > 0
            && let Some(event) = put_by.take().or_else(|| engine.next_event())
        {
            if !contents.documents.has_room_for(&event) {
                *put_by = Some(event);
                break;
            }
            let (Journal::Pool(id, ..)
            | Journal::Topology(id, ..)
            | Journal::CommandStarted { client: id, .. }
            | Journal::Selection { client: id, .. }
            | Journal::CommandEnded { client: id, .. }
            | Journal::CredentialWanted { client: id, .. }) = &event;
            let Some(client) = engine.client(*id) else {
                continue;
            };
            let Some(record) = records.next() else { break };
            let clocks = clocks.get_or_insert_with(Clocks::read);
            events::encode(&event, client, engine.sent(), clocks, contents, record);
            count += 1;
        }
        if let [no_room, ..] = behind {
            *no_room = f64::from(u8::from(put_by.is_some()));
        }
        count
    }

    /// Takes other memory for documents, in place of what is full.
    pub(crate) fn lend_documents(&self, documents: Uint8Array) {
        let mut events = self.events.borrow_mut();
        events.contents.documents.replace(LentBytes(documents));
    }

    /// The text of an event of the last drain.
    pub(crate) fn event_text(&self, index: u32) -> Option<String> {
        let events = self.events.borrow();
        events.contents.texts.get(index as usize).cloned()
    }

    /// A document of an event of the last drain that had no room among the others, once.
    pub(crate) fn event_document(&self, index: u32) -> Option<Buffer> {
        let mut events = self.events.borrow_mut();
        let document = events.contents.documents.take_apart(index as usize)?;
        Some(Buffer::from(document))
    }
}

impl Lane {
    /// Acts on the engine; the process stays alive while something is in flight.
    pub(crate) fn act<R>(&self, input: impl FnOnce(&mut Engine) -> R) -> R {
        let mut engine = self.engine.access();
        let before = engine.in_flight();
        let result = input(&mut engine);
        let after = engine.in_flight();
        drop(engine);
        match &self.driver {
            #[cfg(unix)]
            Driver::EventLoop(driver) => driver.keep_alive(after > 0),
            Driver::Tokio(driver) => driver.started(after - before),
        }
        result
    }

    fn with_client(&self, client: u32, input: impl FnOnce(&Client)) {
        let client = self.engine.access().client(client).map(Arc::clone);
        if let Some(client) = client {
            input(&client);
        }
    }
}

fn database_name(databases: &[String], database: u32) -> &str {
    databases
        .get(database as usize)
        .map_or("admin", String::as_str)
}

fn token(low: u32, high: u32) -> Token {
    Token(u64::from(high) << 32 | u64::from(low))
}

fn options_of(preference: u32, timeout_ms: f64) -> OperationOptions {
    OperationOptions {
        read_preference: mode(preference),
        timeout: timeout(timeout_ms),
    }
}

/// A read preference's mode by its number; what is none is "primary".
fn mode(number: u32) -> ReadPreferenceMode {
    let mode = ReadPreferenceMode::ALL.get(number as usize);
    mode.copied().unwrap_or_default()
}

/// Milliseconds, where a negative number is the client's own, and infinity no limit.
fn timeout(milliseconds: f64) -> Timeout {
    if milliseconds < 0.0 {
        return Timeout::Inherited;
    }
    match Duration::try_from_secs_f64(milliseconds / 1e3) {
        Ok(duration) => Timeout::After(duration),
        Err(_beyond) => Timeout::Unlimited,
    }
}

/// A failure as an exception, whose message TypeScript makes an error of.
fn refuse(failure: &Failure) -> Error {
    Error::from_reason(failure.to_json())
}

fn refuse_option(error: &OptionError) -> Error {
    let (name, code) = match error.kind {
        OptionErrorKind::ConnectionString => ("MongoParseError", "FERROPOOL_CONNECTION_STRING"),
        OptionErrorKind::Argument => ("MongoInvalidArgumentError", "FERROPOOL_INVALID_ARGUMENT"),
    };
    Error::from_reason(json!({ "name": name, "code": code, "message": error.message }).to_string())
}
