//! The format of the test files. What it does not know fails to parse, so that no operation and no
//! option is passed over.

use ferropool_pool::{Background, PoolOptions};
use serde::Deserialize;
use serde_json::Value;
use std::num::NonZeroU32;
use std::time::Duration;

/// A file of style `unit`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Test {
    version: u32,
    #[serde(rename = "style")]
    _style: Style,
    #[serde(rename = "description")]
    _description: String,
    #[serde(default)]
    pub(crate) pool_options: Options,
    pub(crate) operations: Vec<Operation>,
    pub(crate) error: Option<Value>,
    #[serde(default)]
    pub(crate) events: Vec<Value>,
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
enum Style {
    Unit,
    Integration,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    #[serde(rename = "maxPoolSize")]
    max_pool_size: Option<u32>,
    #[serde(rename = "minPoolSize")]
    min_pool_size: Option<u32>,
    #[serde(rename = "maxConnecting")]
    max_connecting: Option<NonZeroU32>,
    #[serde(rename = "maxIdleTimeMS")]
    max_idle_time_ms: Option<u64>,
    #[serde(rename = "waitQueueTimeoutMS")]
    wait_queue_timeout_ms: Option<u64>,
    #[serde(rename = "backgroundThreadIntervalMS")]
    background_thread_interval_ms: Option<i64>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Operation {
    pub(crate) thread: Option<String>,
    #[serde(flatten)]
    pub(crate) action: Action,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "name", rename_all = "camelCase")]
pub(crate) enum Action {
    Start {
        target: String,
    },
    Wait {
        ms: u64,
    },
    WaitForThread {
        target: String,
    },
    WaitForEvent {
        event: String,
        count: usize,
        timeout: Option<u64>,
    },
    CheckOut {
        label: Option<String>,
    },
    CheckIn {
        connection: String,
    },
    Clear {
        #[serde(default, rename = "interruptInUseConnections")]
        interrupt_in_use: bool,
    },
    Close,
    Ready,
}

/// The test in `text`, or `None` if it is one for a real server.
pub(crate) fn parse(text: &str) -> Result<Option<Test>, String> {
    #[derive(Deserialize)]
    struct Head {
        style: Style,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.style == Style::Integration {
        return Ok(None);
    }
    let test: Test = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match test.version {
        1 => Ok(Some(test)),
        version => Err(format!("version {version} of the format is unknown")),
    }
}

impl Options {
    /// Zero is no limit, as in a connection string.
    pub(crate) fn parsed(&self) -> PoolOptions {
        let defaults = PoolOptions::default();
        let limit = |ms: Option<u64>| ms.filter(|ms| *ms > 0).map(Duration::from_millis);
        PoolOptions {
            max_pool_size: match self.max_pool_size {
                None => defaults.max_pool_size,
                Some(0) => None,
                max => max,
            },
            min_pool_size: self.min_pool_size.unwrap_or(defaults.min_pool_size),
            max_connecting: self
                .max_connecting
                .map_or(defaults.max_connecting, NonZeroU32::get),
            max_idle_time: limit(self.max_idle_time_ms),
            wait_queue_timeout: limit(self.wait_queue_timeout_ms),
            background: match self.background_thread_interval_ms {
                None | Some(0) => defaults.background,
                Some(ms) if ms < 0 => Background::Never,
                Some(ms) => Background::Every(Duration::from_millis(ms.unsigned_abs())),
            },
            load_balanced: defaults.load_balanced,
        }
    }
}
