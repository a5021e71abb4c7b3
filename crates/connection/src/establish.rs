use crate::address::Address;
use crate::channel::Channel;
use crate::error::{Error, ErrorKind, Phase};
use crate::hello::Hello;
use crate::metadata::ClientMetadata;
use crate::stream::{HelloForm, Stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// How connections are established.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Bounds the whole of it; `None` is no limit. Default 30 s (`connectTimeoutMS`).
    pub connect_timeout: Option<Duration>,
    /// The handshake's `client` document.
    pub metadata: ClientMetadata,
    /// Whether `serviceId` is expected, which the legacy hello does not carry.
    pub load_balanced: bool,
}

/// A connection that has completed its handshake.
#[derive(Debug)]
pub struct Established {
    /// The connection.
    pub channel: Channel,
    /// What the server said.
    pub hello: Hello,
}

/// How long the phases of an establishment took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Resolving the name.
    pub dns: Duration,
    /// Connecting the socket.
    pub tcp: Duration,
    /// `hello` and its reply.
    pub hello: Duration,
}

/// Dials `address` and shakes hands ("Establishing a Connection").
///
/// # Errors
/// The failure, with its phase and the address. Dropping the future closes the socket.
pub async fn establish(address: &Address, options: &ConnectOptions) -> Result<Established, Error> {
    let progress = Progress(AtomicU8::new(Phase::Dns as u8));
    let attempt = attempt(address, options, &progress);
    let result = match options.connect_timeout {
        None => attempt.await,
        Some(limit) => tokio::time::timeout(limit, attempt)
            .await
            .unwrap_or_else(|_elapsed| {
                let phase = progress.phase();
                let message = format!(
                    "connection timed out after {} ms ({})",
                    limit.as_millis(),
                    phase.name()
                );
                Err(Error::new(ErrorKind::NetworkTimeout, phase, message))
            }),
    };
    result.map_err(|error| error.at(address))
}

async fn attempt(
    address: &Address,
    options: &ConnectOptions,
    progress: &Progress,
) -> Result<Established, Error> {
    let mut lap = Lap(Instant::now());
    let resolved = Stream::resolve(address).await?;
    let dns = lap.next();
    progress.enter(Phase::Tcp);
    let mut stream = Stream::connect(address, &resolved).await?;
    let tcp = lap.next();
    progress.enter(Phase::Hello);
    let form = if options.load_balanced {
        HelloForm::Modern
    } else {
        HelloForm::Legacy
    };
    let hello = stream.hello(form, Some(&options.metadata)).await?;
    let timings = Timings {
        dns,
        tcp,
        hello: lap.next(),
    };
    let socket = stream
        .into_socket()
        .map_err(|error| Error::io(Phase::Hello, &error))?;
    Ok(Established {
        channel: Channel::new(Arc::new(socket), hello.limits, timings),
        hello,
    })
}

/// The phase that an establishment is in, for the error of a deadline that ends it.
struct Progress(AtomicU8);

impl Progress {
    fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }
}

struct Lap(Instant);

impl Lap {
    fn next(&mut self) -> Duration {
        let now = Instant::now();
        now - std::mem::replace(&mut self.0, now)
    }
}
