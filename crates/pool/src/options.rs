use std::time::Duration;

/// A pool's options, validated by whoever parsed them (CMAP, "Connection Pool Options").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The most connections that may exist at a time, pending ones included; `None` is no limit.
    /// Default 100.
    pub max_pool_size: Option<u32>,
    /// The connections that exist at any time while the pool is ready. Default 0.
    pub min_pool_size: u32,
    /// The most connections that may be pending at a time, at least 1. Default 2.
    pub max_connecting: u32,
    /// How long a connection may stay available before it is removed; `None` is no limit. Default
    /// none.
    pub max_idle_time: Option<Duration>,
    /// How long a check-out may wait; `None` is no limit. Default none.
    pub wait_queue_timeout: Option<Duration>,
    /// When the background work runs. Default [`Background::Driven`].
    pub background: Background,
    /// Whether generations are counted for each service ("Load Balancer Mode"). Default false.
    pub load_balanced: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_pool_size: Some(100),
            min_pool_size: 0,
            max_connecting: 2,
            max_idle_time: None,
            wait_queue_timeout: None,
            background: Background::Driven,
            load_balanced: false,
        }
    }
}

/// When perished connections are removed and the pool is populated ("Background Thread").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// As soon as there is something to do.
    Driven,
    /// At intervals, at `ready` and at `clear` (a test's `backgroundThreadIntervalMS` above 0).
    Every(Duration),
    /// Never: check-out must find perished connections (`backgroundThreadIntervalMS` below 0).
    Never,
}
