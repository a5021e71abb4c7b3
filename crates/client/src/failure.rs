mod view;

pub use view::FailureView;

use ferropool_connection::{Address, Error, ErrorKind, MetadataError, Phase};
use ferropool_options::{OptionError, OptionErrorKind};
use ferropool_pool::{CheckOutError, Ended};
use ferropool_topology::{SelectionError, SrvError, TopologyDescription};
use std::borrow::Cow;
use std::sync::Arc;

/// Why an operation failed, as a code and fields. The edge makes an error of it.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The connection failed, or never came to be.
    Connection(Error),
    /// No connection was checked out.
    CheckOut {
        /// Why.
        error: CheckOutError<Error>,
        /// Of which pool.
        address: Address,
    },
    /// The connection was taken away while the operation used it.
    Ended {
        /// Why.
        ended: Ended,
        /// The server.
        address: Address,
        /// The connection's number.
        connection: u64,
    },
    /// No server could be selected in time.
    ServerSelection {
        /// How long it took, in milliseconds.
        waited_ms: u64,
        /// What was known at the end, if anything ever was.
        topology: Option<Arc<TopologyDescription>>,
    },
    /// No server can be selected, however long one waits.
    Selection(SelectionError),
    /// The server that a cursor or a transaction is bound to has left the deployment.
    ServerGone {
        /// Where it was.
        address: Option<Address>,
    },
    /// `timeoutMS` passed.
    OperationTimeout {
        /// What was waited for.
        cause: Option<Box<Failure>>,
    },
    /// The session has ended.
    SessionEnded,
    /// A transaction cannot do that now.
    Transaction(&'static str),
    /// The server cannot do what is asked for.
    Incompatible(Cow<'static, str>),
    /// The client is closed, and never had a server.
    Closed,
    /// The connection string, or the DNS records that it leads to, say what they may not.
    Parse(String),
    /// What was asked for cannot be done, whatever the server says.
    InvalidArgument(String),
    /// The caller gave up before anything was sent.
    Aborted,
}

impl From<SrvError> for Failure {
    fn from(error: SrvError) -> Self {
        let message = error.to_string();
        let kind = match error {
            error if error.is_violation() => return Self::Parse(message),
            SrvError::Timeout { .. } => ErrorKind::NetworkTimeout,
            _ => ErrorKind::Network,
        };
        Self::Connection(Error::new(kind, Phase::Dns, message))
    }
}

impl From<OptionError> for Failure {
    fn from(error: OptionError) -> Self {
        match error.kind {
            OptionErrorKind::ConnectionString => Self::Parse(error.message),
            OptionErrorKind::Argument => Self::InvalidArgument(error.message),
        }
    }
}

impl From<MetadataError> for Failure {
    fn from(error: MetadataError) -> Self {
        Self::InvalidArgument(error.to_string())
    }
}
