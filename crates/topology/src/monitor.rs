use crate::description::{ServerDescription, ServerError};
use crate::events::{Heartbeat, MonitorConnection};
use crate::pinger::Pinger;
use crate::round_trip_time::RoundTripTimes;
use crate::server::{Server, Signals};
use crate::topology::Topology;
use ferropool_connection::{
    Address, Checked, ConnectOptions, Error, ErrorKind, Phase, Probe, TopologyVersion,
};
use ferropool_wire::Document;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How a server is watched (Server Monitoring).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorOptions {
    /// Between checks, or between the replies of a server that streams them and does not change. Default
    /// 10 s (`heartbeatFrequencyMS`).
    pub heartbeat_frequency: Duration,
    /// The least time between checks, however often one is requested. Default 500 ms
    /// (`minHeartbeatFrequencyMS`).
    pub min_heartbeat_frequency: Duration,
    /// Whether servers that can tell of their changes are waited for, rather than asked at intervals
    /// (`serverMonitoringMode`).
    pub streaming: bool,
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
    /// The number of the connection, or of the next one.
    number: u64,
    /// What the last reply on the connection was recent as; none where the server does not say.
    version: Option<TopologyVersion>,
    /// Shared with the pinger of the connection; a new one after a failure.
    round_trip_times: Arc<Mutex<RoundTripTimes>>,
    pinger: Option<Pinger>,
    /// Whether the last check succeeded.
    is_known: bool,
    /// When the last check ended that was not cancelled.
    ended: Option<Instant>,
}

/// When the next check begins.
enum Next {
    Never,
    AtOnce,
    /// After the heartbeat frequency, or earlier if that is requested.
    Later,
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
            number: 1,
            version: None,
            round_trip_times: Arc::default(),
            pinger: None,
            is_known: false,
            ended: None,
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            let signals = Arc::clone(&self.signals);
            let (started, awaited) = (Instant::now(), self.awaits());
            if !self.begin(awaited) {
                return;
            }
            let outcome = tokio::select! {
                biased;
                () = signals.stop.notified() => return,
                // A network error of an application's connection has made the server unknown: this one
                // is likely to be broken too ("hello or legacy hello Cancellation").
                () = signals.cancel.notified() => None,
                outcome = self.check() => Some(outcome),
            };
            let duration = started.elapsed();
            let heartbeat = Heartbeat {
                connection: self.connection(),
                awaited,
                duration,
            };
            let next = match outcome {
                None => self.give_up(heartbeat),
                Some(outcome) => {
                    // What was requested meanwhile, this check has answered.
                    signals.forget_requests();
                    self.ended = Some(Instant::now());
                    self.conclude(outcome, heartbeat)
                }
            };
            let goes_on = match next {
                Next::Never => false,
                Next::AtOnce => true,
                Next::Later => self.rest().await,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Tells the topology that a check begins; `false` if there is none any more.
    fn begin(&self, awaited: bool) -> bool {
        match (self.topology.upgrade(), self.server.upgrade()) {
            (Some(topology), Some(server)) => {
                topology.check_started(&server, self.connection(), awaited);
                true
            }
            _ => false,
        }
    }

    fn give_up(&mut self, heartbeat: Heartbeat) -> Next {
        self.disconnect();
        if let (Some(topology), Some(server)) = (self.topology.upgrade(), self.server.upgrade()) {
            let message = "the check was cancelled: a connection to the server has failed";
            let error = Error::new(ErrorKind::Network, Phase::Hello, message).at(&self.address);
            topology.check_cancelled(&server, error, heartbeat);
        }
        Next::Later
    }

    /// Tells the topology how a check ended.
    fn conclude(
        &mut self,
        outcome: Result<(ServerDescription, Vec<u8>), Error>,
        heartbeat: Heartbeat,
    ) -> Next {
        let (Some(topology), Some(server)) = (self.topology.upgrade(), self.server.upgrade())
        else {
            return Next::Never;
        };
        match outcome {
            Ok((description, reply)) => {
                self.is_known = true;
                topology.checked(&server, description, heartbeat, &reply);
                match self.is_streaming() {
                    true => Next::AtOnce,
                    false => Next::Later,
                }
            }
            Err(error) => {
                let was_known = self.is_known;
                self.disconnect();
                // What a pinger still finds out belongs to the past.
                (self.pinger, self.round_trip_times) = (None, Arc::default());
                let timed_out = matches!(error.kind(), ErrorKind::NetworkTimeout);
                let network = timed_out || matches!(error.kind(), ErrorKind::Network);
                topology.check_failed(&server, error, timed_out, heartbeat);
                // A known server's network error is retried at once: it may have restarted.
                match network && was_known {
                    true => Next::AtOnce,
                    false => Next::Later,
                }
            }
        }
    }

    /// Waits for the next check's time; `false` if there is to be none.
    async fn rest(&mut self) -> bool {
        let signals = Arc::clone(&self.signals);
        // Whoever waits for a server does not wait for a whole heartbeat.
        let is_awaited = { self.topology.upgrade() }.is_some_and(|topology| topology.is_awaited());
        let earliest = self
            .ended
            .map(|ended| ended + self.options.min_heartbeat_frequency);
        let mut due = Instant::now() + self.options.heartbeat_frequency;
        let expedite =
            |due: &mut Instant| *due = earliest.map_or_else(Instant::now, |at| at.min(*due));
        if is_awaited {
            expedite(&mut due);
        }
        loop {
            tokio::select! {
                () = signals.stop.notified() => return false,
                () = signals.cancel.notified() => self.disconnect(),
                () = sleep_until(due) => return true,
                () = signals.check.notified() => expedite(&mut due),
            }
        }
    }

    /// As events show it.
    fn connection(&self) -> MonitorConnection {
        MonitorConnection {
            id: self.number,
            server_id: { &self.connection }
                .as_ref()
                .and_then(Probe::server_connection_id),
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
        self.number += 1;
        self.version = None;
        self.is_known = false;
    }

    fn is_streaming(&self) -> bool {
        self.options.streaming && self.version.is_some()
    }

    /// Whether the next check waits for the server to change.
    fn awaits(&self) -> bool {
        self.connection.is_some() && self.is_streaming()
    }

    async fn check(&mut self) -> Result<(ServerDescription, Vec<u8>), Error> {
        let limit = self.options.heartbeat_frequency;
        let version = self.version.filter(|_| self.options.streaming);
        let (reply, time) = match (&mut self.connection, version) {
            (Some(connection), Some(known)) => {
                let awaited = connection.await_change(&self.address, &self.connect, known, limit);
                (awaited.await?, None)
            }
            (Some(connection), None) => {
                let Checked {
                    reply,
                    round_trip_time,
                } = connection.check(&self.address, &self.connect).await?;
                (reply, Some(round_trip_time))
            }
            (None, _) => {
                let opening = Probe::open(&self.address, &self.connect);
                let (connection, checked) = opening.await?;
                self.connection = Some(connection);
                (checked.reply, Some(checked.round_trip_time))
            }
        };
        if let Some(time) = time {
            self.round_trip_times.lock().add(time);
        }
        let description = self.describe(&reply)?;
        Ok((description, reply))
    }

    fn describe(&mut self, reply: &[u8]) -> Result<ServerDescription, Error> {
        let malformed = |error| Error::wire(Phase::Hello, &error).at(&self.address);
        let description = ServerDescription::from_hello(
            self.address.clone(),
            Document::new(reply).map_err(malformed)?,
            self.round_trip_times.lock().current(),
            std::time::Instant::now(),
        );
        if let Some(ServerError::Connection(error)) = description.error {
            return Err(error);
        }
        let is_streamed = { &self.connection }
            .as_ref()
            .is_some_and(Probe::is_streaming);
        // A stream goes on, even where a reply does not say how recent it is.
        self.version = { description.topology_version }.or(self.version.filter(|_| is_streamed));
        self.measure();
        Ok(description)
    }

    /// Measures round-trip times elsewhere, as long as replies say nothing about them.
    fn measure(&mut self) {
        match self.is_streaming() {
            true => {
                self.pinger.get_or_insert_with(|| {
                    Pinger::start(
                        self.address.clone(),
                        self.connect.clone(),
                        self.options.heartbeat_frequency,
                        Arc::clone(&self.round_trip_times),
                    )
                });
            }
            false => self.pinger = None,
        }
    }
}
