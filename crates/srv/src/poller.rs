use super::choice::{draw, rescan};
use super::lookup::SrvAnswer;
use super::{SrvError, SrvOptions, lookup, rules, within};
use ferropool_connection::Address;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// The least time between rescans, whatever the records' time to live.
pub const LEAST_RESCAN_INTERVAL: Duration = Duration::from_secs(60);

/// Asks for the hosts of a name again and again, on a task of its own ("Polling SRV Records for mongos
/// Discovery"). Dropping it stops it.
#[derive(Debug)]
pub struct SrvPoller {
    task: AbortHandle,
}

/// How a seed list is kept up to date.
#[derive(Clone, Debug)]
pub struct PollOptions {
    /// Whose records.
    pub srv: SrvOptions,
    /// Bounds each rescan; `None` is no limit.
    pub limit: Option<Duration>,
    /// Between rescans while they give no hosts (`heartbeatFrequencyMS`).
    pub heartbeat_frequency: Duration,
    /// The least time between rescans; tests shorten it. Default [`LEAST_RESCAN_INTERVAL`].
    pub least_interval: Duration,
}

/// Hears of what rescans find, on the core's threads.
pub trait SeedListObserver: Send + Sync + 'static {
    /// Whether hosts are wanted at all: the topology is sharded, or nobody knows yet. Asked before each
    /// rescan.
    fn is_polled(&self) -> bool;
    /// The hosts have changed to these. Those that were there before are still the same.
    fn hosts_changed(&self, hosts: &[Address]);
    /// A rescan gave no hosts, or a host was left out. The hosts have not changed by it.
    fn refused(&self, error: &SrvError);
}

impl SrvPoller {
    /// Polls on `runtime`, beginning when the `hosts` of the initial resolution have lived for `ttl`.
    pub fn start(
        options: PollOptions,
        hosts: Vec<Address>,
        ttl: Duration,
        observer: Arc<dyn SeedListObserver>,
        runtime: &Handle,
    ) -> Self {
        let poll = poll(options, hosts, ttl, observer);
        Self {
            task: runtime.spawn(poll).abort_handle(),
        }
    }
}

impl Drop for SrvPoller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(
    options: PollOptions,
    mut hosts: Vec<Address>,
    ttl: Duration,
    observer: Arc<dyn SeedListObserver>,
) -> ! {
    let mut last = Some(ttl);
    loop {
        sleep(interval(last, &options)).await;
        if !observer.is_polled() {
            continue;
        }
        last = match scan(&options, observer.as_ref()).await {
            Ok((valid, ttl)) => {
                let found = rescan(&hosts, &valid, options.srv.max_hosts, &mut draw());
                if found != hosts {
                    hosts = found;
                    observer.hosts_changed(&hosts);
                }
                Some(ttl)
            }
            Err(error) => {
                observer.refused(&error);
                None
            }
        };
    }
}

/// How long to wait after a rescan whose records live for `ttl`; none is one that gave no hosts.
fn interval(ttl: Option<Duration>, options: &PollOptions) -> Duration {
    ttl.map_or(options.heartbeat_frequency, |ttl| {
        ttl.max(options.least_interval)
    })
}

/// The hosts that may be connected to: at least one.
async fn scan(
    options: &PollOptions,
    observer: &dyn SeedListObserver,
) -> Result<(Vec<Address>, Duration), SrvError> {
    let srv = &options.srv;
    let question = async {
        let resolver = lookup::resolver(srv, options.limit)?;
        lookup::srv(&resolver, srv).await
    };
    let SrvAnswer { hosts, ttl } = within(srv, options.limit, question).await?;
    let mut valid = Vec::new();
    let mut refused = None;
    for host in hosts {
        match rules::check_host(&srv.host_name, host) {
            Ok(host) => valid.push(host),
            Err(error) => {
                if let Some(earlier) = refused.replace(error) {
                    observer.refused(&earlier);
                }
            }
        }
    }
    match (valid.is_empty(), refused) {
        (true, Some(error)) => Err(error),
        (_, refused) => {
            if let Some(error) = refused {
                observer.refused(&error);
            }
            Ok((rules::distinct(valid), ttl))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SrvOptions;
    use super::{LEAST_RESCAN_INTERVAL, PollOptions, interval};
    use std::time::Duration;

    #[test]
    fn records_are_believed_for_their_time_to_live_and_never_for_less_than_a_minute() {
        let options = PollOptions {
            srv: SrvOptions::new("a.b.c"),
            limit: None,
            heartbeat_frequency: Duration::from_secs(10),
            least_interval: LEAST_RESCAN_INTERVAL,
        };
        for (ttl, expected) in [
            (Some(0), 60),
            (Some(59), 60),
            (Some(61), 61),
            (Some(86_400), 86_400),
            (None, 10),
        ] {
            let ttl = ttl.map(Duration::from_secs);
            assert_eq!(interval(ttl, &options), Duration::from_secs(expected));
        }
    }
}
