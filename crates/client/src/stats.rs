use ferropool_pool::{PoolStats, Purpose, Status};
use ferropool_topology::EstablishmentStats;
use serde::Serialize;
use std::time::Duration;

/// A pool's statistics, as they cross the edge.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolStatsView {
    address: String,
    state: &'static str,
    generation: u32,
    total_connection_count: u32,
    pending_connection_count: u32,
    available_connection_count: u32,
    in_use_connection_count: u32,
    in_use: InUse,
    wait_queue_size: u32,
    check_outs_started: u64,
    checked_out: u64,
    check_outs_failed: Failed,
    connections_created: u64,
    connections_ready: u64,
    connections_closed: ClosedCounts,
    cleared: u64,
    events_lost: u64,
    #[serde(rename = "waitP50MS")]
    wait_p50_ms: f64,
    #[serde(rename = "waitP99MS")]
    wait_p99_ms: f64,
    establishment: Establishment,
}

/// How long establishing took, phase by phase.
#[derive(Debug, Serialize)]
struct Establishment {
    dns: PhaseTimes,
    tcp: PhaseTimes,
    tls: PhaseTimes,
    hello: PhaseTimes,
    auth: PhaseTimes,
}

#[derive(Debug, Serialize)]
struct PhaseTimes {
    #[serde(rename = "meanMS")]
    mean_ms: f64,
    #[serde(rename = "maxMS")]
    max_ms: f64,
}

impl Establishment {
    fn new(stats: EstablishmentStats) -> Self {
        let times = |sum: Duration, longest: Duration| PhaseTimes {
            mean_ms: sum.as_secs_f64() * 1e3 / stats.count.max(1) as f64,
            max_ms: longest.as_secs_f64() * 1e3,
        };
        let EstablishmentStats { sum, longest, .. } = stats;
        Self {
            dns: times(sum.dns, longest.dns),
            tcp: times(sum.tcp, longest.tcp),
            tls: times(sum.tls, longest.tls),
            hello: times(sum.hello, longest.hello),
            auth: times(sum.auth, longest.auth),
        }
    }
}

#[derive(Debug, Serialize)]
struct InUse {
    operation: u32,
    cursor: u32,
    transaction: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    pool_closed: u64,
    timeout: u64,
    connection_error: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClosedCounts {
    stale: u64,
    idle: u64,
    error: u64,
    pool_closed: u64,
}

impl PoolStatsView {
    /// The statistics of the pool for `address`.
    pub fn new(address: String, stats: &PoolStats, establishments: EstablishmentStats) -> Self {
        let counters = &stats.counters;
        let [operation, cursor, transaction] = stats.in_use;
        let [pool_closed, timeout, connection_error] = counters.failed;
        let [stale, idle, error, closed_with_pool] = counters.closed;
        Self {
            address,
            state: status_name(stats.status),
            generation: stats.generation,
            total_connection_count: stats.total(),
            pending_connection_count: stats.pending,
            available_connection_count: stats.available,
            in_use_connection_count: operation + cursor + transaction,
            in_use: InUse {
                operation,
                cursor,
                transaction,
            },
            wait_queue_size: stats.wait_queue,
            check_outs_started: counters.started,
            checked_out: counters.checked_out,
            check_outs_failed: Failed {
                pool_closed,
                timeout,
                connection_error,
            },
            connections_created: counters.created,
            connections_ready: counters.ready,
            connections_closed: ClosedCounts {
                stale,
                idle,
                error,
                pool_closed: closed_with_pool,
            },
            cleared: counters.cleared,
            events_lost: stats.events_lost,
            wait_p50_ms: stats.wait_p50.as_secs_f64() * 1e3,
            wait_p99_ms: stats.wait_p99.as_secs_f64() * 1e3,
            establishment: Establishment::new(establishments),
        }
    }
}

pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Paused => "paused",
        Status::Ready => "ready",
        Status::Closed => "closed",
    }
}

pub(crate) fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Operation => "operation",
        Purpose::Cursor => "cursor",
        Purpose::Transaction => "transaction",
    }
}
