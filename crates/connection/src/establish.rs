use crate::address::Address;
use crate::auth::{Authenticator, Exchange};
use crate::channel::Channel;
use crate::compression::Compressor;
use crate::dial::{Dialled, dial};
use crate::error::{Error, ErrorKind, Phase};
use crate::hello::Hello;
use crate::metadata::ClientMetadata;
use crate::server_api::ServerApi;
use crate::socks::ProxyOptions;
use crate::stream::{Form, Stream};
use crate::tls::TlsConnector;
use ferropool_wire::{Appender, Document};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// How connections are established. One for a client: its connections share what is made once, such as
/// the TLS configuration and the salted passwords.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Bounds the whole of it; `None` is no limit. Default 30 s (`connectTimeoutMS`).
    pub connect_timeout: Option<Duration>,
    /// The handshake's `client` document.
    pub metadata: ClientMetadata,
    /// Whether `serviceId` is expected, which the legacy hello does not carry.
    pub load_balanced: bool,
    /// Encryption. Default none.
    pub tls: Option<Arc<TlsConnector>>,
    /// Who connections authenticate as. Default nobody.
    pub authenticator: Option<Arc<Authenticator>>,
    /// What dials in the client's place. Default none.
    pub proxy: Option<ProxyOptions>,
    /// What to offer the server, the preferred one first. Default none.
    pub compressors: Vec<Compressor>,
    /// Declared with every command. Default none.
    pub server_api: Option<ServerApi>,
    /// Bounds each command of the authentication; `None` is no limit but that of the whole. Default none (`timeoutMS`, for
    /// connections that nobody waits for: "Background Connection Pooling"). Not `hello`, of which the specification's tests
    /// expect that it may take longer.
    pub auth_timeout: Option<Duration>,
}

/// A connection that has completed its handshake.
#[derive(Debug)]
pub struct Established {
    /// The connection.
    pub channel: Channel,
    /// What the server said.
    pub hello: Hello,
    /// How long each phase took.
    pub timings: Timings,
}

/// How long the phases of an establishment took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Resolving the name.
    pub dns: Duration,
    /// Connecting the socket, a proxy's part included.
    pub tcp: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// `hello` and its reply.
    pub hello: Duration,
    /// Authentication after `hello`.
    pub auth: Duration,
}

/// Dials `address` and shakes hands ("Establishing a Connection").
///
/// # Errors
/// The failure, with its phase and the address. Dropping the future closes the socket.
pub async fn establish(address: &Address, options: &ConnectOptions) -> Result<Established, Error> {
    let progress = Progress::new();
    let attempt = pin!(attempt(address, options, &progress));
    let outcome = progress.bound(options, attempt).await;
    outcome.map_err(|error| error.at(address))
}

async fn attempt(
    address: &Address,
    options: &ConnectOptions,
    progress: &Progress,
) -> Result<Established, Error> {
    let authentication = match &options.authenticator {
        Some(authenticator) => Some(authenticator.begin(address)?),
        None => None,
    };
    let (mut stream, mut timings) = connect(address, options, progress).await?;
    let mut lap = Lap::start();
    progress.enter(Phase::Hello);
    let reply = greet(&mut stream, options, |hello| {
        if !options.compressors.is_empty() {
            hello.array("compression", &options.compressors, |names, at, offered| {
                names.string(at, offered.name());
            });
        }
        if let Some(authentication) = &authentication {
            authentication.append_hello(hello);
        }
    })
    .await?;
    let hello = Hello::parse(document(&reply)?)?;
    timings.hello = lap.next();
    if options.load_balanced && hello.service_id.is_none() {
        let message = "Driver attempted to initialize in load balancing mode, but the server does not support this mode.";
        return Err(Error::configuration(Phase::Hello, message));
    }
    if let Some(authentication) = authentication {
        progress.enter(Phase::Auth);
        let mut commands = Commands {
            stream: &mut stream,
            options,
            progress,
        };
        // Boxed: it is large, and many have none.
        let conversation = Box::pin(authentication.finish(document(&reply)?, &mut commands));
        let outcome = conversation.await;
        outcome.map_err(|error| match hello.service_id {
            Some(service) if options.load_balanced => error.of(service),
            _ => error,
        })?;
        timings.auth = lap.next();
    }
    let (socket, transport) = stream
        .into_parts()
        .map_err(|error| Error::io(Phase::Auth, &error))?;
    let offered = options.compressors.iter().copied();
    let compressor = { offered }.find(|offered| hello.accepts(*offered));
    Ok(Established {
        channel: Channel::new(Arc::new(socket), transport, compressor, &hello),
        hello,
        timings,
    })
}

/// Dials, and encrypts what follows if the client is to.
pub(crate) async fn connect(
    address: &Address,
    options: &ConnectOptions,
    progress: &Progress,
) -> Result<(Stream, Timings), Error> {
    // Before any I/O: a file that cannot be read is not the server's fault.
    let session = match &options.tls {
        Some(tls) => Some(tls.session(address).await?),
        None => None,
    };
    let enter = |phase| progress.enter(phase);
    let proxy = options.proxy.as_ref();
    let Dialled { socket, dns, tcp } = dial(address, proxy, &enter).await?;
    let mut timings = Timings {
        dns,
        tcp,
        ..Timings::default()
    };
    let mut stream = Stream::new(socket);
    if let Some(session) = session {
        let mut lap = Lap::start();
        progress.enter(Phase::Tls);
        stream.secure(session).await?;
        timings.tls = lap.next();
    }
    Ok((stream, timings))
}

/// The first `hello` on a connection, with what `extend` adds; gives the reply's document.
pub(crate) async fn greet(
    stream: &mut Stream,
    options: &ConnectOptions,
    extend: impl FnOnce(&mut Appender<'_>),
) -> Result<Vec<u8>, Error> {
    // A server that is asked for an API or a service is new enough for OP_MSG ("Initial Handshake").
    let modern = options.load_balanced || options.server_api.is_some();
    let (form, name) = match modern {
        true => (Form::Message, "hello"),
        false => (Form::Query, "isMaster"),
    };
    let body = command(options, form, "admin", |hello| {
        hello
            .int32(name, 1)
            .boolean("helloOk", true)
            .string("backpressure", "2")
            .raw_document("client", &options.metadata.document());
        if options.load_balanced {
            hello.boolean("loadBalanced", true);
        }
        extend(hello);
    });
    stream.command(Phase::Hello, form, "admin", &body).await
}

/// The commands of an authentication.
struct Commands<'a> {
    stream: &'a mut Stream,
    options: &'a ConnectOptions,
    progress: &'a Progress,
}

impl Exchange for Commands<'_> {
    async fn command(&mut self, database: &str, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        let malformed = |error| Error::wire(Phase::Auth, &error);
        let mut body = body;
        let mut fields = Appender::reopen(&mut body, 0).map_err(malformed)?;
        if let Some(api) = &self.options.server_api {
            api.append(&mut fields);
        }
        fields.string("$db", database);
        fields.finish();
        let Self {
            stream,
            options,
            progress,
        } = self;
        let command = pin!(stream.command(Phase::Auth, Form::Message, database, &body));
        progress
            .within(options.auth_timeout, options, command)
            .await
    }
}

/// A command's document, with what every command says.
pub(crate) fn command(
    options: &ConnectOptions,
    form: Form,
    database: &str,
    build: impl FnOnce(&mut Appender<'_>),
) -> Vec<u8> {
    let mut body = Vec::new();
    let mut document = Appender::begin(&mut body);
    build(&mut document);
    if let Some(api) = &options.server_api {
        api.append(&mut document);
    }
    if form == Form::Message {
        document.string("$db", database);
    }
    document.finish();
    body
}

pub(crate) fn document(reply: &[u8]) -> Result<Document<'_>, Error> {
    Document::new(reply).map_err(|error| Error::wire(Phase::Hello, &error))
}

/// The phase that an establishment is in, for the error of a deadline that ends it.
pub(crate) struct Progress(AtomicU8);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Dns as u8))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    /// Ends `work` at `connectTimeoutMS`, with the phase that it was in. Pinned by the caller: a future that is handed on by
    /// value has its room in each that it is handed to.
    pub(crate) async fn bound<T>(
        &self,
        options: &ConnectOptions,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        self.within(options.connect_timeout, options, work).await
    }

    /// The same, with a limit of its own.
    pub(crate) async fn within<T>(
        &self,
        limit: Option<Duration>,
        options: &ConnectOptions,
        work: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        let Some(limit) = limit else {
            return work.await;
        };
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(|_elapsed| {
                let (phase, limit) = (self.phase(), limit.as_millis());
                let message = format!("connection timed out after {limit} ms ({})", phase.name());
                let error = Error::new(ErrorKind::NetworkTimeout, phase, message);
                // A proxy that is silent says nothing about the server.
                Err(match phase == Phase::Tcp && options.proxy.is_some() {
                    true => error.not_by_load(),
                    false => error,
                })
            })
    }
}

struct Lap(Instant);

impl Lap {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn next(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.0, now)
    }
}
