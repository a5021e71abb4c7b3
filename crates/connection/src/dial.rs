use crate::address::Address;
use crate::error::{Error, ErrorKind, Phase};
use crate::socks::ProxyOptions;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpStream, lookup_host};

/// A connected socket that tokio drives.
#[derive(Debug)]
pub(crate) enum Wire {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A connected socket and how long it took to get.
pub(crate) struct Dialled {
    pub(crate) socket: Wire,
    pub(crate) dns: Duration,
    pub(crate) tcp: Duration,
}

/// Idle time before the first keepalive probe, and between probes.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(10));

pub(crate) async fn dial(
    address: &Address,
    _proxy: Option<&ProxyOptions>,
    progress: &impl Fn(Phase),
) -> Result<Dialled, Error> {
    let started = Instant::now();
    let resolved = resolve(address).await?;
    let dns = started.elapsed();
    progress(Phase::Tcp);
    let socket = connect(address, &resolved).await?;
    Ok(Dialled {
        socket,
        dns,
        tcp: started.elapsed() - dns,
    })
}

async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, Error> {
    let Address::Tcp { host, port } = address else {
        return Ok(Vec::new());
    };
    let found = lookup_host((host.as_str(), *port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| Error::io(Phase::Dns, &error))?
        .collect();
    match found.is_empty() {
        true => Err(Error::new(
            ErrorKind::Network,
            Phase::Dns,
            format!("no addresses found for {host}"),
        )),
        false => Ok(found),
    }
}

async fn connect(address: &Address, resolved: &[SocketAddr]) -> Result<Wire, Error> {
    match address {
        Address::Tcp { .. } => {
            let stream = connect_first(resolved)
                .await
                .map_err(|error| Error::io(Phase::Tcp, &error))?;
            configure(&stream).map_err(|error| Error::io(Phase::Tcp, &error))?;
            Ok(Wire::Tcp(stream))
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).await;
            stream
                .map(Wire::Unix)
                .map_err(|error| Error::io(Phase::Tcp, &error))
        }
        #[cfg(not(unix))]
        Address::Unix(_) => Err(Error::new(
            ErrorKind::Network,
            Phase::Tcp,
            "Unix domain sockets are not supported on this platform",
        )),
    }
}

async fn connect_first(resolved: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in resolved {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn configure(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE.0)
        .with_interval(KEEPALIVE.1);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
