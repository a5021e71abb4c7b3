//! Options, parsed once: a connection string and a user's options object in, [`ClientOptions`] out.
//!
//! The string is read first and the object after it, so that the object wins. Each value is checked by
//! what `table.rs` says of its option. What takes several options to decide is kept as it was stated, and
//! decided at the end (`check.rs`); a TXT record comes later, and has it decided again (`srv.rs`).
//!
//! A crate of its own, and not a part of the client, because no operation waits for it: it is compiled for size.

#![forbid(unsafe_code)]

mod apply;
mod check;
mod concerns;
mod credential;
mod error;
mod logging;
mod single;
mod spec;
mod srv;
mod stated;
mod table;
mod tls;
mod uri;
mod value;
mod view;

pub use concerns::{Acknowledgement, WriteConcern};
pub use error::{OptionError, OptionErrorKind};
pub use ferropool_topology::{ReadPreference, ReadPreferenceMode, TagSet};
pub use value::OptionValue;

use ferropool_connection::{
    Address, Application, ClientMetadata, Compressor, ConnectOptions, Credential, ProxyOptions,
    ServerApi, TlsConnector, TlsOptions, runs_as_function,
};
use ferropool_pool::PoolOptions;
use ferropool_topology::{
    MonitorOptions, SelectionOptions, ServerOptions, SrvOptions, TopologyOptions, TopologySettings,
};
use stated::Stated;
use std::sync::Arc;
use std::time::Duration;
use uri::Location;

/// Everything a client was asked to be, validated. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The servers to begin with; none before an SRV record was read.
    pub hosts: Vec<Address>,
    /// Where the hosts come from, with `mongodb+srv`.
    pub srv: Option<SrvOptions>,
    /// The database in the connection string, or `dbName`.
    pub default_database: Option<String>,
    /// Who connections authenticate as.
    pub credential: Option<Credential>,
    /// How connections are encrypted; `None` is not at all.
    pub tls: Option<TlsOptions>,
    /// The compressors to offer, the preferred one first. Default none.
    pub compressors: Vec<Compressor>,
    /// The proxy through which connections are dialled.
    pub proxy: Option<ProxyOptions>,
    /// The versioned API that every command declares.
    pub server_api: Option<ServerApi>,
    /// Whether the one host is used whatever it is; `None` where nothing was said.
    pub direct_connection: Option<bool>,
    /// Whether the host is a load balancer. Default false.
    pub load_balanced: bool,
    /// The replica set that the hosts have to be members of.
    pub replica_set: Option<String>,
    /// Which servers reads go to.
    pub read_preference: ReadPreference,
    /// `readConcernLevel`; `None` is the server's.
    pub read_concern_level: Option<String>,
    /// What writes wait for.
    pub write_concern: WriteConcern,
    /// Whether reads are retried once. Default true.
    pub retry_reads: bool,
    /// Whether writes are retried once. Default true.
    pub retry_writes: bool,
    /// How often an operation that met an overloaded server is retried. Default 2.
    pub max_adaptive_retries: u32,
    /// Whether such a retry prefers another server. Default false.
    pub enable_overload_retargeting: bool,
    /// How much slower than the fastest an eligible server may be. Default 15 ms.
    pub local_threshold: Duration,
    /// How monitors learn of changes.
    pub server_monitoring_mode: ServerMonitoringMode,
    /// The pool's options.
    pub pool: PoolOptions,
    /// Bounds an establishment; `None` is no limit. Default 30 s.
    pub connect_timeout: Option<Duration>,
    /// Bounds each exchange on a connection; `None` is no limit. Default none.
    pub socket_timeout: Option<Duration>,
    /// How long an operation waits for a server. Default 30 s.
    pub server_selection_timeout: Duration,
    /// How the server is watched; `None` for a pool without a topology.
    pub monitor: Option<MonitorOptions>,
    /// Bounds each operation as a whole, without limit where it is zero; `None` leaves it to the older options. Default none.
    pub timeout: Option<Duration>,
    /// The embedder.
    pub application: Application,
    /// The pool options that were given, by name, for `connectionPoolCreated`.
    pub given: Vec<(&'static str, f64)>,
    /// What was ignored: each text names the option and says why, and shows no secret.
    pub warnings: Vec<String>,
    stated: Stated,
}

/// How monitors learn of changes ("Server Monitoring", `serverMonitoringMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerMonitoringMode {
    /// Streaming, but polling where the process is frozen between calls (FaaS).
    #[default]
    Auto,
    /// By asking at intervals.
    Poll,
    /// By replies that the server sends as it changes.
    Stream,
}

impl ServerMonitoringMode {
    /// Whether servers that can are waited for, in this process.
    fn is_streaming(self) -> bool {
        match self {
            Self::Auto => !runs_as_function(),
            Self::Poll => false,
            Self::Stream => true,
        }
    }

    /// The name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Poll => "poll",
            Self::Stream => "stream",
        }
    }
}

impl ClientOptions {
    fn new(monitored: bool, platform: &str) -> Self {
        let monitor = MonitorOptions {
            heartbeat_frequency: Duration::from_secs(10),
            min_heartbeat_frequency: Duration::from_millis(500),
            streaming: true,
        };
        Self {
            hosts: Vec::new(),
            srv: None,
            default_database: None,
            credential: None,
            tls: None,
            compressors: Vec::new(),
            proxy: None,
            server_api: None,
            direct_connection: None,
            load_balanced: false,
            replica_set: None,
            read_preference: ReadPreference::default(),
            read_concern_level: None,
            write_concern: WriteConcern::default(),
            retry_reads: true,
            retry_writes: true,
            max_adaptive_retries: 2,
            enable_overload_retargeting: false,
            local_threshold: Duration::from_millis(15),
            server_monitoring_mode: ServerMonitoringMode::default(),
            pool: PoolOptions::default(),
            connect_timeout: Some(Duration::from_secs(30)),
            socket_timeout: None,
            server_selection_timeout: Duration::from_secs(30),
            monitor: monitored.then_some(monitor),
            timeout: None,
            application: Application {
                platform: platform.to_owned(),
                ..Application::default()
            },
            given: Vec::new(),
            warnings: Vec::new(),
            stated: Stated::default(),
        }
    }

    /// Parses a connection string and the options beside it, which win.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn from_uri(
        uri: &str,
        options: &[(String, OptionValue)],
        platform: &str,
    ) -> Result<Self, OptionError> {
        let uri = uri::parse(uri)?;
        let mut parsed = Self::new(true, platform);
        match uri.location {
            Location::Hosts(hosts) => parsed.hosts = hosts,
            Location::Srv(name) => parsed.srv = Some(SrvOptions::new(name)),
        }
        parsed.stated.user = uri.user;
        parsed.default_database = uri.database;
        parsed.apply_string(&uri.options, uri.is_ambiguous)?;
        parsed.apply_object(options)
    }

    /// Parses the address of a pool without a topology, and its options.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn from_address(
        address: &str,
        options: &[(String, OptionValue)],
        platform: &str,
    ) -> Result<Self, OptionError> {
        let mut parsed = Self::new(false, platform);
        parsed.hosts = vec![Address::parse(address)?];
        parsed.apply_object(options)
    }

    fn apply_object(mut self, options: &[(String, OptionValue)]) -> Result<Self, OptionError> {
        for (name, value) in options {
            self.apply(name, value)?;
        }
        self.decide()?;
        Ok(self)
    }

    /// The host, where there is exactly one.
    pub fn single_host(&self) -> Option<&Address> {
        match self.hosts.as_slice() {
            [host] => Some(host),
            _ => None,
        }
    }

    /// `authSource` as it was given, by the TXT record too, also where nobody authenticates.
    pub fn auth_source(&self) -> Option<&str> {
        self.stated.auth.source.as_deref()
    }

    /// What a topology needs of them.
    pub fn topology(&self) -> TopologyOptions {
        let heartbeat_frequency = self.monitor.map(|monitor| monitor.heartbeat_frequency);
        let selection = SelectionOptions::default();
        TopologyOptions {
            settings: TopologySettings {
                seeds: self.hosts.clone(),
                // A pool without a topology has one server, whatever that is.
                direct_connection: self.direct_connection == Some(true)
                    || (self.monitor.is_none() && !self.load_balanced),
                replica_set: self.replica_set.clone(),
                load_balanced: self.load_balanced,
            },
            server: ServerOptions {
                pool: self.pool.clone(),
                connect: ConnectOptions {
                    connect_timeout: self.connect_timeout,
                    metadata: ClientMetadata::new(&self.application),
                    load_balanced: self.pool.load_balanced,
                    tls: self.tls.clone().map(TlsConnector::new).map(Arc::new),
                    authenticator: None,
                    proxy: self.proxy.clone(),
                    compressors: self.compressors.clone(),
                    server_api: self.server_api.clone(),
                    auth_timeout: self.timeout.filter(|timeout| !timeout.is_zero()),
                },
            },
            monitor: self.monitor.map(|monitor| MonitorOptions {
                streaming: self.server_monitoring_mode.is_streaming(),
                ..monitor
            }),
            selection: SelectionOptions {
                local_threshold: self.local_threshold,
                heartbeat_frequency: heartbeat_frequency.unwrap_or(selection.heartbeat_frequency),
            },
        }
    }
}

#[cfg(test)]
mod tests;
