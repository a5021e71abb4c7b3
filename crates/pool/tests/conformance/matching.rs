//! "Spec Test Match Function", and the pool's outputs as the JSON that it is applied to.

use crate::support::Fault;
use ferropool_pool::{CheckOutError, ClosedReason, Event, EventKind, FailedReason, PoolOptions};
use serde_json::{Map, Value, json};

/// What a pool for one address adds to its events and errors.
const ADDRESS: &str = "mock:27017";

/// Whether `actual` MATCHES `expected`; otherwise where it does not.
pub(crate) fn matches(expected: &Value, actual: Option<&Value>) -> Result<(), String> {
    let actual = actual.filter(|actual| !actual.is_null());
    if *expected == json!(42) || *expected == json!("42") {
        return match actual {
            Some(_) => Ok(()),
            None => Err("is missing".to_owned()),
        };
    }
    match (expected, actual) {
        (Value::Array(expected), Some(Value::Array(actual))) => {
            for (index, expected) in expected.iter().enumerate() {
                matches(expected, actual.get(index)).map_err(|why| format!("[{index}]{why}"))?;
            }
            Ok(())
        }
        (Value::Object(expected), Some(Value::Object(actual))) => {
            for (key, expected) in expected {
                matches(expected, actual.get(key)).map_err(|why| format!(".{key} {why}"))?;
            }
            Ok(())
        }
        (expected, Some(actual)) if expected == actual => Ok(()),
        (expected, None) => Err(format!("is missing instead of {expected}")),
        (expected, Some(actual)) => Err(format!("is {actual} instead of {expected}")),
    }
}

/// An event's name in the test format.
pub(crate) fn name(event: &Event<Fault>) -> &'static str {
    match event.kind {
        EventKind::PoolCreated => "ConnectionPoolCreated",
        EventKind::PoolReady => "ConnectionPoolReady",
        EventKind::PoolCleared { .. } => "ConnectionPoolCleared",
        EventKind::PoolClosed => "ConnectionPoolClosed",
        EventKind::ConnectionCreated { .. } => "ConnectionCreated",
        EventKind::ConnectionReady { .. } => "ConnectionReady",
        EventKind::ConnectionClosed { .. } => "ConnectionClosed",
        EventKind::CheckOutStarted { .. } => "ConnectionCheckOutStarted",
        EventKind::CheckOutFailed { .. } => "ConnectionCheckOutFailed",
        EventKind::CheckedOut { .. } => "ConnectionCheckedOut",
        EventKind::CheckedIn { .. } => "ConnectionCheckedIn",
    }
}

/// An event of a pool that was made with `options`.
pub(crate) fn event(event: &Event<Fault>, options: &PoolOptions) -> Value {
    let fields = match &event.kind {
        EventKind::PoolCreated => json!({ "options": self::options(options) }),
        EventKind::PoolReady | EventKind::PoolClosed | EventKind::CheckOutStarted { .. } => {
            json!({})
        }
        EventKind::PoolCleared {
            interrupt_in_use, ..
        } => json!({ "interruptInUseConnections": interrupt_in_use }),
        EventKind::ConnectionCreated { connection } | EventKind::CheckedIn { connection } => {
            json!({ "connectionId": connection.0 })
        }
        EventKind::ConnectionReady {
            connection,
            duration,
        }
        | EventKind::CheckedOut {
            connection,
            duration,
            ..
        } => json!({ "connectionId": connection.0, "duration": duration.as_secs_f64() * 1e3 }),
        EventKind::ConnectionClosed {
            connection, reason, ..
        } => {
            let reason = match reason {
                ClosedReason::Stale => "stale",
                ClosedReason::Idle => "idle",
                ClosedReason::Error => "error",
                ClosedReason::PoolClosed => "poolClosed",
            };
            json!({ "connectionId": connection.0, "reason": reason })
        }
        EventKind::CheckOutFailed {
            error, duration, ..
        } => {
            let reason = match FailedReason::of(error) {
                FailedReason::PoolClosed => "poolClosed",
                FailedReason::Timeout => "timeout",
                FailedReason::ConnectionError => "connectionError",
            };
            json!({ "reason": reason, "duration": duration.as_secs_f64() * 1e3 })
        }
    };
    with_address(name(event), fields)
}

/// An error as its class and message.
pub(crate) fn error(error: &CheckOutError<Fault>) -> Value {
    let class = match error {
        CheckOutError::PoolClosed => "PoolClosedError",
        CheckOutError::PoolCleared { .. } => "PoolClearedError",
        CheckOutError::Timeout(_) => "WaitQueueTimeoutError",
        CheckOutError::Connection(_) => "ConnectionError",
        CheckOutError::Cancelled => "AbortError",
    };
    with_address(class, json!({ "message": error.to_string() }))
}

fn with_address(class: &str, mut fields: Value) -> Value {
    fields["type"] = json!(class);
    fields["address"] = json!(ADDRESS);
    fields
}

/// "Any non-default pool options that were set."
fn options(options: &PoolOptions) -> Value {
    let defaults = PoolOptions::default();
    let mut set = Map::new();
    let mut put = |name: &str, value: Value, default: Value| {
        if value != default {
            set.insert(name.to_owned(), value);
        }
    };
    let ms = |duration: Option<std::time::Duration>| duration.map(|it| it.as_millis() as u64);
    put(
        "maxPoolSize",
        json!(options.max_pool_size.unwrap_or(0)),
        json!(defaults.max_pool_size),
    );
    put(
        "minPoolSize",
        json!(options.min_pool_size),
        json!(defaults.min_pool_size),
    );
    put(
        "maxConnecting",
        json!(options.max_connecting),
        json!(defaults.max_connecting),
    );
    put(
        "maxIdleTimeMS",
        json!(ms(options.max_idle_time)),
        json!(null),
    );
    put(
        "waitQueueTimeoutMS",
        json!(ms(options.wait_queue_timeout)),
        json!(null),
    );
    Value::Object(set)
}
