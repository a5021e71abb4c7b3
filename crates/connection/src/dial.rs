//! Dialling: from an address to a connected socket.
//!
//! A name is resolved at each dial, so that a deployment may move. All its addresses are raced
//! ([`race`]), in an order that gives each family its turn ([`order`]). A SOCKS5 proxy is dialled in
//! the same way, and then asked for the target.

mod order;
mod race;
#[cfg(test)]
mod tests;

use crate::address::Address;
use crate::error::{Error, ErrorKind, Phase};
use crate::socks::{ProxyOptions, Tunnel};
use order::interleave;
use race::race;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpStream, lookup_host};

/// A connected socket and how long it took to get.
#[derive(Debug)]
pub(crate) struct Dialled {
    /// To the server, or to a proxy that has connected to it.
    pub(crate) socket: Wire,
    /// Resolving the name: the server's, or the proxy's.
    pub(crate) dns: Duration,
    /// Connecting, a proxy's part in it included.
    pub(crate) tcp: Duration,
}

/// A connected socket that tokio drives.
#[derive(Debug)]
pub(crate) enum Wire {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Idle time before the first keepalive probe, and between probes.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(10));

/// Connects to `address`, by way of `proxy` if there is one and the address is not a Unix domain
/// socket. `progress` hears of each phase as it begins. Dropping the future closes every socket.
///
/// # Errors
/// A name that cannot be resolved, in [`Phase::Dns`]. Anything else in [`Phase::Tcp`]: no address
/// that accepts, a proxy that refuses, a proxy that cannot be asked for this target
/// ([`ErrorKind::Configuration`]). What happens on the way through a proxy is never due to the
/// server's load ("Connection Pool", "Backpressure-enabled").
pub(crate) async fn dial(
    address: &Address,
    proxy: Option<&ProxyOptions>,
    progress: &impl Fn(Phase),
) -> Result<Dialled, Error> {
    match (address, proxy) {
        (Address::Tcp { host, port }, None) => dial_tcp(host, *port, progress).await,
        (Address::Tcp { host, port }, Some(proxy)) => {
            let tunnel = Tunnel::to(host, *port, proxy)?;
            dial_through(&tunnel, proxy, progress).await
        }
        #[cfg(unix)]
        (Address::Unix(path), _) => {
            progress(Phase::Tcp);
            let begun = Instant::now();
            let socket = UnixStream::connect(path).await;
            Ok(Dialled {
                socket: Wire::Unix(socket.map_err(|error| Error::io(Phase::Tcp, &error))?),
                dns: Duration::ZERO,
                tcp: begun.elapsed(),
            })
        }
        #[cfg(not(unix))]
        (Address::Unix(_), _) => Err(Error::new(
            ErrorKind::Network,
            Phase::Tcp,
            "Unix domain sockets are not supported on this platform",
        )),
    }
}

async fn dial_tcp(host: &str, port: u16, progress: &impl Fn(Phase)) -> Result<Dialled, Error> {
    let begun = Instant::now();
    progress(Phase::Dns);
    let addresses = resolve(host, port)
        .await
        .map_err(|error| Error::io(Phase::Dns, &error))?;
    let resolved = Instant::now();
    progress(Phase::Tcp);
    let socket = connect(&addresses)
        .await
        .map_err(|reason| Error::new(ErrorKind::Network, Phase::Tcp, reason))?;
    Ok(Dialled {
        socket: Wire::Tcp(socket),
        dns: resolved - begun,
        tcp: resolved.elapsed(),
    })
}

async fn dial_through(
    tunnel: &Tunnel,
    proxy: &ProxyOptions,
    progress: &impl Fn(Phase),
) -> Result<Dialled, Error> {
    let begun = Instant::now();
    progress(Phase::Dns);
    let addresses = resolve(&proxy.host, proxy.port)
        .await
        .map_err(|error| proxy.error(Phase::Dns, error))?;
    let resolved = Instant::now();
    progress(Phase::Tcp);
    let mut socket = connect(&addresses)
        .await
        .map_err(|reason| proxy.error(Phase::Tcp, reason))?;
    tunnel
        .open(&mut socket)
        .await
        .map_err(|failure| proxy.error(Phase::Tcp, failure))?;
    Ok(Dialled {
        socket: Wire::Tcp(socket),
        dns: resolved - begun,
        tcp: resolved.elapsed(),
    })
}

/// The addresses of a name, at least one; an IP address is its own and is not looked up.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    match found.is_empty() {
        true => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("no addresses found for {host}"),
        )),
        false => Ok(interleave(&found)),
    }
}

/// A socket to the first of `addresses` that accepts, or the reason why none does.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let attempt = |address| async move {
        let socket = TcpStream::connect(address).await?;
        configure(&socket)?;
        Ok(socket)
    };
    race(addresses, attempt)
        .await
        .map_err(|unreached| unreached.to_string())
}

fn configure(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE.0)
        .with_interval(KEEPALIVE.1);
    SockRef::from(socket).set_tcp_keepalive(&keepalive)
}
