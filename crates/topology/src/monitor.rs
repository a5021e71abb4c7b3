use crate::server::{Server, Signals};
use ferropool_connection::{Address, ConnectOptions, Error, ErrorKind, Hello, Probe};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

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
    connection: Option<Probe>,
    succeeded: bool,
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
        if let Some(connection) = &mut self.connection {
            return connection.check(&self.address, &self.connect).await;
        }
        let (connection, hello) = Probe::open(&self.address, &self.connect).await?;
        self.connection = Some(connection);
        Ok(hello)
    }
}
