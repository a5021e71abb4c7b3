//! A proxy that makes a real server look like a router, or like services behind a load balancer.
//!
//! Every client's connection has one to the server of its own; when either ends, so does the other. Messages pass as they
//! are, but for `hello` and transactions, see [`disguise`]. What a router does beyond that, the server does:
//! a replica set's primary knows sessions, transactions and the fail points of test servers.

mod disguise;
mod message;
mod relay;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bson::oid::ObjectId;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::listener::RETRY;
use crate::stub::AbortOnDrop;
use disguise::Disguise;

/// What a proxy stands for, and in front of whom.
#[derive(Debug, Clone)]
pub struct ProxyOptions {
    /// Where to listen. Port 0 takes a free one.
    pub address: SocketAddr,
    /// The server behind it.
    pub to: SocketAddr,
    /// What clients are to take it for.
    pub role: Role,
}

/// What clients take a proxy for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A mongos.
    Router,
    /// Load-balanced routers: connections belong to them in turn. Their `hello` names the service where the client says
    /// `loadBalanced`.
    LoadBalancer {
        /// An id for each; without any, no `hello` names one, as where load balancing is not supported.
        services: Vec<ObjectId>,
    },
}

impl ProxyOptions {
    /// A proxy on a free port of the loopback address.
    pub fn new(to: SocketAddr, role: Role) -> ProxyOptions {
        ProxyOptions {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            to,
            role,
        }
    }
}

/// Something between clients and a real server.
#[derive(Debug)]
pub struct Proxy;

impl Proxy {
    /// Begins to listen, on the caller's tokio runtime; serves until the handle is dropped.
    ///
    /// A server that cannot be reached is no error: the client's connection is closed.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(options: ProxyOptions) -> io::Result<ProxyHandle> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, options));
        Ok(ProxyHandle {
            address,
            _task: AbortOnDrop(task),
        })
    }
}

/// A running proxy; it ends, with every connection, when this is dropped.
#[derive(Debug)]
pub struct ProxyHandle {
    address: SocketAddr,
    _task: AbortOnDrop,
}

impl ProxyHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, options: ProxyOptions) {
    let mut connections = JoinSet::new();
    let mut services = match options.role {
        Role::Router => vec![],
        Role::LoadBalancer { services } => services,
    }
    .into_iter()
    .cycle();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let disguise = Disguise::new(services.next());
                    connections.spawn(connect(client, options.to, disguise));
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(client: TcpStream, to: SocketAddr, disguise: Disguise) -> io::Result<()> {
    let server = TcpStream::connect(to).await?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    relay::relay(client, server, disguise).await
}
