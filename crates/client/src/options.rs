//! Options, parsed once: a connection string and a user's options object in, [`ClientOptions`] out.

mod table;
mod uri;

use ferropool_connection::{Address, AddressError, Application, ClientMetadata, ConnectOptions};
use ferropool_pool::PoolOptions;
use ferropool_topology::{MonitorOptions, ServerOptions};
use std::time::Duration;

/// Everything a client was asked to be, validated.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The server.
    pub address: Address,
    /// The pool's options.
    pub pool: PoolOptions,
    /// Bounds an establishment; `None` is no limit. Default 30 s.
    pub connect_timeout: Option<Duration>,
    /// How long an operation waits for a server. Default 30 s.
    pub server_selection_timeout: Duration,
    /// How the server is watched; `None` for a pool without a topology.
    pub monitor: Option<MonitorOptions>,
    /// Bounds each operation as a whole; `None` is no limit. Default none.
    pub timeout: Option<Duration>,
    /// The embedder.
    pub application: Application,
    /// The pool options that were given, by name, for `connectionPoolCreated`.
    pub given: Vec<(&'static str, f64)>,
}

/// A user's value, as it crossed the edge.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// A number, NaN and infinities included.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// A string.
    Text(String),
    /// Anything else, as the user would recognise it.
    Other(String),
}

/// An option that is not what it may be. The text names it, the value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// What was wrong.
    pub kind: OptionErrorKind,
    /// The text.
    pub message: String,
}

/// Where the wrong value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionErrorKind {
    /// The connection string or address.
    ConnectionString,
    /// The options object.
    Argument,
}

impl ClientOptions {
    fn new(address: Address, monitored: bool) -> Self {
        let monitor = MonitorOptions {
            heartbeat_frequency: Duration::from_secs(10),
            min_heartbeat_frequency: Duration::from_millis(500),
        };
        Self {
            address,
            pool: PoolOptions::default(),
            connect_timeout: Some(Duration::from_secs(30)),
            server_selection_timeout: Duration::from_secs(30),
            monitor: monitored.then_some(monitor),
            timeout: None,
            application: Application::default(),
            given: Vec::new(),
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
        let mut parsed = Self::new(uri.address, true);
        parsed.application.platform = platform.to_owned();
        for (name, text) in &uri.options {
            table::apply_text(&mut parsed, name, text)?;
        }
        parsed.apply(options)
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
        let mut parsed = Self::new(Address::parse(address).map_err(OptionError::from)?, false);
        parsed.application.platform = platform.to_owned();
        parsed.apply(options)
    }

    fn apply(mut self, options: &[(String, OptionValue)]) -> Result<Self, OptionError> {
        for (name, value) in options {
            table::apply(&mut self, name, value)?;
        }
        table::check(&self)?;
        Ok(self)
    }

    pub(crate) fn server(&self) -> ServerOptions {
        ServerOptions {
            pool: self.pool.clone(),
            connect: ConnectOptions {
                connect_timeout: self.connect_timeout,
                metadata: ClientMetadata::new(&self.application),
                load_balanced: self.pool.load_balanced,
                tls: None,
                proxy: None,
                compressors: Vec::new(),
                server_api: None,
            },
            monitor: self.monitor,
        }
    }
}

impl OptionError {
    fn argument(message: String) -> Self {
        Self {
            kind: OptionErrorKind::Argument,
            message,
        }
    }

    fn uri(message: impl Into<String>) -> Self {
        Self {
            kind: OptionErrorKind::ConnectionString,
            message: message.into(),
        }
    }
}

impl From<AddressError> for OptionError {
    fn from(error: AddressError) -> Self {
        Self::uri(error.to_string())
    }
}
