//! "Initial DNS Seedlist Discovery" and "Polling SRV Records for mongos Discovery": the hosts behind one
//! name.
//!
//! [`resolve`] asks once, [`SrvPoller`] asks again. `lookup.rs` alone talks to name servers; `rules.rs`
//! and `choice.rs` say what becomes of an answer.

#![forbid(unsafe_code)]

mod choice;
mod error;
mod lookup;
mod poller;
mod rules;

pub use error::SrvError;
pub use poller::{LEAST_RESCAN_INTERVAL, PollOptions, SeedListObserver, SrvPoller};

use choice::{Draw, choose, draw};
use ferropool_connection::Address;
use lookup::SrvAnswer;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;

/// What a `mongodb+srv` connection string says of its hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvOptions {
    /// The name whose records are looked up.
    pub host_name: String,
    /// `srvServiceName`. Default `mongodb`.
    pub service_name: String,
    /// The most hosts to take, chosen at random; 0 is no limit (`srvMaxHosts`). Default 0.
    pub max_hosts: u32,
    /// The name servers to ask; the system's where there are none. Default none.
    pub nameservers: Vec<SocketAddr>,
}

/// The hosts of a seed list and the options beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// At least one.
    pub hosts: Vec<Address>,
    /// The text of the name's TXT record, if it has one.
    pub txt: Option<String>,
    /// How long the hosts may be believed: the least time to live of their records.
    pub ttl: Duration,
}

impl SrvOptions {
    /// The name `mongodb`, no limit, the system's name servers.
    pub fn new(host_name: impl Into<String>) -> Self {
        Self {
            host_name: host_name.into(),
            service_name: "mongodb".to_owned(),
            max_hosts: 0,
            nameservers: Vec::new(),
        }
    }

    /// The name of the SRV records.
    pub fn record_name(&self) -> String {
        format!("_{}._tcp.{}", self.service_name, self.host_name)
    }
}

/// Looks the hosts and the options of a name up, within `limit`. Nothing is remembered: the next call asks
/// the name servers again.
///
/// The future is boxed because whoever awaits an unboxed one compiles it once more, the resolver with it.
///
/// # Errors
/// [`SrvError`].
pub fn resolve(
    options: &SrvOptions,
    limit: Option<Duration>,
) -> Pin<Box<dyn Future<Output = Result<Seeds, SrvError>> + Send + '_>> {
    Box::pin(async move { resolve_with(options, limit, &mut draw()).await })
}

async fn resolve_with(
    options: &SrvOptions,
    limit: Option<Duration>,
    draw: &mut Draw<'_>,
) -> Result<Seeds, SrvError> {
    let both = async {
        let resolver = lookup::resolver(options, limit)?;
        tokio::try_join!(
            lookup::srv(&resolver, options),
            lookup::txt(&resolver, options),
        )
    };
    let (SrvAnswer { hosts, ttl }, texts) = within(options, limit, both).await?;
    let hosts = hosts
        .into_iter()
        .map(|host| rules::check_host(&options.host_name, host))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Seeds {
        hosts: choose(rules::distinct(hosts), options.max_hosts, draw),
        txt: rules::only_text(&options.host_name, texts)?,
        ttl,
    })
}

async fn within<T>(
    options: &SrvOptions,
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, SrvError>>,
) -> Result<T, SrvError> {
    match limit {
        None => work.await,
        Some(limit) => timeout(limit, work).await.unwrap_or_else(|_elapsed| {
            Err(SrvError::Timeout {
                name: options.record_name(),
                limit,
            })
        }),
    }
}
