use crate::description::ServerDescription;
use crate::round_trip_time::RoundTripTimes;
use crate::server::{Server, Signals};
use crate::topology::Topology;
use ferropool_connection::{Address, Checked, ConnectOptions, Error, ErrorKind, Probe};
use ferropool_wire::Document;
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

/// The task that checks one server, over a connection of its own. It keeps neither the server nor the
/// topology alive.
pub(crate) struct Monitor {
    topology: Weak<Topology>,
    server: Weak<Server>,
    address: Address,
    signals: Arc<Signals>,
    connect: ConnectOptions,
    options: MonitorOptions,
    connection: Option<Probe>,
    round_trip_times: RoundTripTimes,
    succeeded: bool,
}

impl Monitor {
    pub(crate) fn new(
        topology: &Weak<Topology>,
        server: &Arc<Server>,
        connect: ConnectOptions,
        options: MonitorOptions,
    ) -> Self {
        Self {
            topology: Weak::clone(topology),
            server: Arc::downgrade(server),
            address: server.address().clone(),
            signals: Arc::clone(&server.signals),
            connect,
            options,
            connection: None,
            round_trip_times: RoundTripTimes::default(),
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
            let (Some(topology), Some(server)) = (self.topology.upgrade(), self.server.upgrade())
            else {
                return;
            };
            match outcome {
                Ok(description) => {
                    self.succeeded = true;
                    topology.checked(&server, description);
                }
                Err(error) => {
                    self.connection = None;
                    self.round_trip_times.reset();
                    let timed_out = matches!(error.kind(), ErrorKind::NetworkTimeout);
                    let network = timed_out || matches!(error.kind(), ErrorKind::Network);
                    topology.check_failed(&server, error, timed_out);
                    // A known server's network error is retried at once: it may have restarted.
                    if network && std::mem::take(&mut self.succeeded) {
                        continue;
                    }
                }
            }
            // Whoever waits does not wait for a whole heartbeat.
            if topology.is_awaited() {
                server.request_check();
            }
            drop((topology, server));
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

    async fn check(&mut self) -> Result<ServerDescription, Error> {
        let checked = match &mut self.connection {
            Some(connection) => connection.check(&self.address, &self.connect).await?,
            None => {
                let (connection, checked) = Probe::open(&self.address, &self.connect).await?;
                self.connection = Some(connection);
                checked
            }
        };
        let Checked {
            reply,
            round_trip_time,
        } = checked;
        self.round_trip_times.add(round_trip_time);
        let reply = Document::new(&reply).map_err(|error| {
            let phase = ferropool_connection::Phase::Hello;
            Error::wire(phase, &error).at(&self.address)
        })?;
        Ok(ServerDescription::from_hello(
            self.address.clone(),
            reply,
            self.round_trip_times.current(),
            std::time::Instant::now(),
        ))
    }
}
