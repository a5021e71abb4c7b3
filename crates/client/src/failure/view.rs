//! A failure as a code and fields.

use super::Failure;
use ferropool_connection::{Address, Error, ErrorKind};
use ferropool_pool::{CheckOutError, Ended, Timeout};
use ferropool_topology::{SelectionError, ServerError, TopologyDescription};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Instant;

/// A failure's fields, as they cross the edge.
#[derive(Debug, Serialize)]
pub struct FailureView {
    /// The official driver's class.
    pub name: &'static str,
    /// Stable; a server's own code where it gave one.
    pub code: Value,
    /// The specification's text.
    pub message: String,
    /// The server's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Error labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Explanations.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
    /// What caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<FailureView>>,
}

impl Failure {
    /// The failure's fields.
    pub fn view(&self) -> FailureView {
        match self {
            Self::Connection(error) => view_error(error),
            Self::CheckOut { error, address } => view_check_out(error, address),
            Self::Ended {
                ended,
                address,
                connection,
            } => view_ended(*ended, address, *connection),
            Self::ServerSelection {
                waited_ms,
                topology,
            } => view_selection(*waited_ms, topology.as_deref()),
            Self::Selection(error) => view(
                match error {
                    SelectionError::Incompatible(_) => "MongoServerSelectionError",
                    _ => "MongoInvalidArgumentError",
                },
                match error {
                    SelectionError::Incompatible(_) => "FERROPOOL_SERVER_SELECTION",
                    _ => "FERROPOOL_INVALID_ARGUMENT",
                },
                error.to_string(),
                None,
            ),
            Self::ServerGone { address } => view(
                "MongoNetworkError",
                "FERROPOOL_SERVER_GONE",
                "The server has left the deployment".to_owned(),
                address.as_ref(),
            ),
            Self::OperationTimeout { cause } => view_timeout(cause.as_deref()),
            Self::SessionEnded => view(
                "MongoExpiredSessionError",
                "FERROPOOL_SESSION_ENDED",
                "Cannot use a session that has ended".to_owned(),
                None,
            ),
            Self::Transaction(message) => view(
                "MongoTransactionError",
                "FERROPOOL_TRANSACTION",
                (*message).to_owned(),
                None,
            ),
            Self::Incompatible(message) => view(
                "MongoCompatibilityError",
                "FERROPOOL_INCOMPATIBLE",
                message.clone().into_owned(),
                None,
            ),
            Self::Closed => view(
                "MongoPoolClosedError",
                "FERROPOOL_POOL_CLOSED",
                CheckOutError::<Error>::PoolClosed.to_string(),
                None,
            ),
            Self::Parse(message) => view(
                "MongoParseError",
                "FERROPOOL_CONNECTION_STRING",
                message.clone(),
                None,
            ),
            Self::InvalidArgument(message) => view(
                "MongoInvalidArgumentError",
                "FERROPOOL_INVALID_ARGUMENT",
                message.clone(),
                None,
            ),
            Self::Aborted => view(
                "AbortError",
                "FERROPOOL_ABORTED",
                "The operation was aborted".to_owned(),
                None,
            ),
        }
    }

    /// The failure as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.view()).unwrap_or_default()
    }
}

fn view(
    name: &'static str,
    code: &'static str,
    message: String,
    address: Option<&Address>,
) -> FailureView {
    FailureView {
        name,
        code: Value::from(code),
        message,
        address: address.map(ToString::to_string),
        labels: Vec::new(),
        details: Value::Null,
        cause: None,
    }
}

fn view_error(error: &Error) -> FailureView {
    let (name, code) = match error.kind() {
        ErrorKind::Network => ("MongoNetworkError", "FERROPOOL_NETWORK"),
        ErrorKind::NetworkTimeout => ("MongoNetworkTimeoutError", "FERROPOOL_NETWORK_TIMEOUT"),
        ErrorKind::Protocol => ("MongoParseError", "FERROPOOL_PROTOCOL"),
        ErrorKind::Server(_) => ("MongoServerError", "FERROPOOL_SERVER"),
        ErrorKind::Authentication => ("MongoRuntimeError", "FERROPOOL_AUTHENTICATION"),
        ErrorKind::Configuration => ("MongoInvalidArgumentError", "FERROPOOL_INVALID_ARGUMENT"),
    };
    let mut view = view(name, code, error.message().to_owned(), error.address());
    view.labels = error
        .labels()
        .iter()
        .map(|label| label.name().to_owned())
        .collect();
    view.details = json!({ "phase": error.phase().name() });
    if let ErrorKind::Server(failure) = error.kind() {
        if let Some(code) = failure.code {
            view.code = Value::from(code);
        }
        view.labels.extend(failure.labels.iter().cloned());
        view.details["codeName"] = Value::from(failure.code_name.clone());
    }
    view
}

/// `timeoutMS` passed: what it was spent on is the cause.
fn view_timeout(cause: Option<&Failure>) -> FailureView {
    let cause = cause.map(Failure::view);
    FailureView {
        address: cause.as_ref().and_then(|cause| cause.address.clone()),
        details: cause
            .as_ref()
            .map_or(Value::Null, |cause| cause.details.clone()),
        ..view(
            "MongoOperationTimeoutError",
            "FERROPOOL_OPERATION_TIMEOUT",
            match &cause {
                Some(cause) => cause.message.clone(),
                None => "Timed out before the command could be sent".to_owned(),
            },
            None,
        )
    }
    .caused_by(cause)
}

impl FailureView {
    fn caused_by(mut self, cause: Option<Self>) -> Self {
        self.cause = cause.map(Box::new);
        self
    }
}

/// What was waited for: the first server's error stands for all, the details show every one.
fn view_selection(waited_ms: u64, topology: Option<&TopologyDescription>) -> FailureView {
    let errors = topology.iter().flat_map(|topology| &topology.servers);
    let cause = { errors }.find_map(|server| match &server.error {
        Some(ServerError::Connection(error)) => Some(error),
        _ => None,
    });
    let overview = topology.map(|topology| topology.overview(Instant::now()).to_string());
    let only = topology.and_then(|topology| match topology.servers.as_slice() {
        [only] => Some(&only.address),
        _ => None,
    });
    FailureView {
        details: json!({ "waitedMS": waited_ms, "topology": overview }),
        cause: cause.map(|cause| Box::new(view_error(cause))),
        ..view(
            "MongoServerSelectionError",
            "FERROPOOL_SERVER_SELECTION",
            match cause {
                Some(cause) => cause.message().to_owned(),
                None => format!("Server selection timed out after {waited_ms} ms"),
            },
            only,
        )
    }
}

fn view_check_out(error: &CheckOutError<Error>, address: &Address) -> FailureView {
    match error {
        CheckOutError::PoolClosed => view(
            "MongoPoolClosedError",
            "FERROPOOL_POOL_CLOSED",
            error.to_string(),
            Some(address),
        ),
        CheckOutError::PoolCleared { cause } => FailureView {
            labels: vec!["PoolRequestedRetry".to_owned()],
            cause: cause.as_ref().map(|cause| Box::new(view_error(cause))),
            ..view(
                "MongoPoolClearedError",
                "FERROPOOL_POOL_CLEARED",
                match cause {
                    Some(cause) => format!(
                        "Connection pool for {address} was cleared because another operation failed with: {}",
                        cause.message()
                    ),
                    None => format!("Connection pool for {address} is paused"),
                },
                Some(address),
            )
        },
        CheckOutError::Timeout(timeout) => FailureView {
            details: explain(timeout),
            ..view(
                "MongoWaitQueueTimeoutError",
                "FERROPOOL_WAIT_QUEUE_TIMEOUT",
                format!("{error}{}", keepers(timeout)),
                Some(address),
            )
        },
        CheckOutError::Connection(error) => view_error(error),
        CheckOutError::Cancelled => Failure::Aborted.view(),
    }
}

fn view_ended(ended: Ended, address: &Address, connection: u64) -> FailureView {
    match ended {
        Ended::Interrupted => FailureView {
            labels: vec!["PoolRequestedRetry".to_owned()],
            ..view(
                "MongoPoolClearedError",
                "FERROPOOL_POOL_CLEARED",
                format!("Connection to {address} interrupted due to server monitor timeout"),
                Some(address),
            )
        },
        Ended::Deadline => view(
            "MongoNetworkTimeoutError",
            "FERROPOOL_NETWORK_TIMEOUT",
            format!("connection {connection} to {address} timed out"),
            Some(address),
        ),
        Ended::PoolClosed => view(
            "MongoPoolClosedError",
            "FERROPOOL_POOL_CLOSED",
            format!("Connection to {address} was interrupted because its pool was closed"),
            Some(address),
        ),
    }
}

/// Who keeps connections behind a load balancer ("Load Balancers", "Wait Queue Timeout Errors"); elsewhere nobody does.
fn keepers(timeout: &Timeout<Error>) -> String {
    let [operations, cursors, transactions] = timeout.pool.in_use;
    if cursors + transactions == 0 {
        return String::new();
    }
    let most = timeout.max_pool_size.unwrap_or_default();
    format!(
        ". maxPoolSize: {most}, connections in use by cursors: {cursors}, connections in use by transactions: {transactions}, connections in use by other operations: {operations}"
    )
}

/// What there was to wait for, so that a time-out says something.
fn explain(timeout: &Timeout<Error>) -> Value {
    let pool = &timeout.pool;
    let holders: Vec<Value> = timeout
        .holders
        .iter()
        .map(|holder| {
            json!({
                "connectionId": holder.connection.0,
                "purpose": crate::stats::purpose_name(holder.purpose),
                "ageMS": holder.age.as_millis() as u64,
            })
        })
        .collect();
    let last_clear = timeout.last_clear.as_ref().map(|(ago, cause)| {
        json!({
            "agoMS": ago.as_millis() as u64,
            "cause": cause.as_ref().map(|cause| cause.message().to_owned()),
        })
    });
    json!({
        "waitedMS": timeout.waited.as_millis() as u64,
        "state": crate::stats::status_name(pool.status),
        "total": pool.total(),
        "pending": pool.pending,
        "available": pool.available,
        "inUse": pool.in_use.iter().sum::<u32>(),
        "waitQueueSize": pool.wait_queue,
        "holders": holders,
        "lastClear": last_clear,
    })
}
