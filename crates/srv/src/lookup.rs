//! Questions to name servers.

use super::{SrvError, SrvOptions};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::{Resolver, TokioResolver};
use std::time::Duration;

/// A host as a record names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SrvHost {
    pub(super) name: String,
    pub(super) port: u16,
}

/// The strings of a TXT record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) Vec<Vec<u8>>);

/// At least one host, unchecked.
#[derive(Debug)]
pub(super) struct SrvAnswer {
    pub(super) hosts: Vec<SrvHost>,
    pub(super) ttl: Duration,
}

/// A resolver for one resolution. It remembers nothing, so that the next one sees what has changed.
pub(super) fn resolver(
    options: &SrvOptions,
    limit: Option<Duration>,
) -> Result<TokioResolver, SrvError> {
    let refuse = |error: NetError| SrvError::Lookup {
        name: options.record_name(),
        reason: error.to_string(),
    };
    let provider = TokioRuntimeProvider::default();
    let mut builder = match options.nameservers.as_slice() {
        [] => Resolver::builder(provider).map_err(refuse)?,
        servers => {
            let servers = servers.iter().map(|server| {
                let at = |mut connection: ConnectionConfig| {
                    connection.port = server.port();
                    connection
                };
                let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
                NameServerConfig::new(server.ip(), true, connections)
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            Resolver::builder_with_config(config, provider)
        }
    };
    limit_queries(builder.options_mut(), limit);
    builder.build().map_err(refuse)
}

fn limit_queries(options: &mut ResolverOpts, limit: Option<Duration>) {
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    if let Some(limit) = limit {
        // A datagram may be lost: every attempt has to fit in.
        let attempts = u32::try_from(options.attempts).unwrap_or(u32::MAX);
        options.timeout = options.timeout.min(limit / attempts.saturating_add(1));
    }
}

pub(super) async fn srv(
    resolver: &TokioResolver,
    options: &SrvOptions,
) -> Result<SrvAnswer, SrvError> {
    let name = options.record_name();
    let lookup = match resolver.srv_lookup(parse(&name)?).await {
        Ok(lookup) => lookup,
        Err(error) if error.is_no_records_found() => return Err(SrvError::NoRecords { name }),
        Err(error) => return Err(failed(name, &error)),
    };
    let mut ttl = u32::MAX;
    let mut hosts = Vec::new();
    for record in lookup.answers() {
        if let RData::SRV(srv) = &record.data {
            ttl = ttl.min(record.ttl);
            hosts.push(SrvHost {
                name: srv.target.to_ascii(),
                port: srv.port,
            });
        }
    }
    if hosts.is_empty() {
        return Err(SrvError::NoRecords { name });
    }
    let ttl = Duration::from_secs(ttl.into());
    Ok(SrvAnswer { hosts, ttl })
}

pub(super) async fn txt(
    resolver: &TokioResolver,
    options: &SrvOptions,
) -> Result<Vec<Text>, SrvError> {
    let lookup = match resolver.txt_lookup(parse(&options.host_name)?).await {
        Ok(lookup) => lookup,
        Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
        Err(error) => return Err(failed(options.host_name.clone(), &error)),
    };
    let texts = lookup
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(Text(
                txt.txt_data.iter().map(|string| string.to_vec()).collect(),
            )),
            _ => None,
        });
    Ok(texts.collect())
}

/// The name as it is, without the search list of the system.
fn parse(name: &str) -> Result<Name, SrvError> {
    let mut parsed = Name::from_utf8(name).map_err(|error| SrvError::Name {
        name: name.to_owned(),
        reason: error.to_string(),
    })?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

fn failed(name: String, error: &NetError) -> SrvError {
    let reason = match error {
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the name server says {code}"),
        error => error.to_string(),
    };
    SrvError::Lookup { name, reason }
}
