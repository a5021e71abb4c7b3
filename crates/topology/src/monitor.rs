use crate::server::{Server, Signals};
use ferropool_connection::{
    Address, ConnectOptions, Error, ErrorKind, Hello, HelloForm, Phase, Stream,
};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How a server is watched (Server Monitoring).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorOptions {
    /// Between checks. Default 10 s (`heartbeatFrequencyMS`).
    pub heartbeat_frequency: Duration,
    /// The least time between checks, however often one is requested. Default 500 ms
    /// (`minHeartbeatFrequencyMS`).
    pub min_heartbeat_frequency: Duration,
}

/// The task that checks one server, over a connection of its own. It does not keep the server alive.
pub(crate) struct Monitor {
    server: Weak<Server>,
    address: Address,
    signals: Arc<Signals>,
    connect: ConnectOptions,
    options: MonitorOptions,
    connection: Option<Watched>,
    succeeded: bool,
}

struct Watched {
    stream: Stream,
    form: HelloForm,
}

impl Monitor {
    pub(crate) fn new(
        server: Weak<Server>,
        address: Address,
        signals: Arc<Signals>,
        connect: ConnectOptions,
        options: MonitorOptions,
    ) -> Self {
        Self {
            server,
            address,
            signals,
            connect,
            options,
            connection: None,
            succeeded: false,
        }
    }

    pub(crate) async fn run(mut self) {
        let signals = Arc::clone(&self.signals);
        loop {
            let started = Instant::now();
            let outcome = tokio::select! {
                () = signals.stop.notified() => return,
                outcome = self.check() => outcome,
            };
            let Some(server) = self.server.upgrade() else {
                return;
            };
            match outcome {
                Ok(hello) => {
                    server.checked(&hello);
                    self.succeeded = true;
                }
                Err(error) => {
                    self.connection = None;
                    let timed_out = matches!(error.kind(), ErrorKind::NetworkTimeout);
                    let network = timed_out || matches!(error.kind(), ErrorKind::Network);
                    server.check_failed(error, timed_out);
                    // A known server's network error is retried at once: it may have restarted.
                    if network && std::mem::take(&mut self.succeeded) {
                        continue;
                    }
                    // Whoever waits for the server does not wait for a whole heartbeat.
                    if server.is_awaited() {
                        server.request_check();
                    }
                }
            }
            drop(server);
            let mut due = started + self.options.heartbeat_frequency;
            let earliest = started + self.options.min_heartbeat_frequency;
            loop {
                tokio::select! {
                    () = signals.stop.notified() => return,
                    () = sleep_until(due) => break,
                    () = signals.check.notified() => due = due.min(earliest),
                }
            }
        }
    }

    async fn check(&mut self) -> Result<Hello, Error> {
        let (limit, address) = (self.connect.connect_timeout, self.address.clone());
        let check = self.hello();
        let outcome = match limit {
            None => check.await,
            Some(limit) => timeout(limit, check).await.unwrap_or_else(|_elapsed| {
                let message = format!("monitor check timed out after {} ms", limit.as_millis());
                Err(Error::new(ErrorKind::NetworkTimeout, Phase::Hello, message))
            }),
        };
        outcome.map_err(|error| error.at(&address))
    }

    async fn hello(&mut self) -> Result<Hello, Error> {
        if let Some(watched) = &mut self.connection {
            return watched.stream.hello(watched.form, None).await;
        }
        let resolved = Stream::resolve(&self.address).await?;
        let mut stream = Stream::connect(&self.address, &resolved).await?;
        let hello = stream
            .hello(HelloForm::Legacy, Some(&self.connect.metadata))
            .await?;
        let form = if hello.hello_ok {
            HelloForm::Modern
        } else {
            HelloForm::Legacy
        };
        self.connection = Some(Watched { stream, form });
        Ok(hello)
    }
}
