use crate::address::Address;
use crate::error::{Error, ErrorKind, Phase};
use crate::hello::Hello;
use crate::metadata::ClientMetadata;
use crate::socket::Socket;
use ferropool_wire::{
    Appender, DEFAULT_MAX_MESSAGE_SIZE, OpMsg, frame_length, op_msg, op_query, op_reply::OpReply,
};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::net::{TcpStream, lookup_host};

/// A connected socket that tokio drives: while it is established, or for a monitor's whole life.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// In which form `hello` is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloForm {
    /// The legacy command by OP_QUERY, as the first message to a server that may be old.
    Legacy,
    /// `hello` by OP_MSG.
    Modern,
}

/// Idle time before the first keepalive probe, and between probes.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(10));

impl Stream {
    /// The addresses of `address`'s host; none for a Unix domain socket.
    ///
    /// # Errors
    /// A name that cannot be resolved.
    pub async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, Error> {
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

    /// Connects to the first of `resolved` that accepts.
    ///
    /// # Errors
    /// The last address's failure.
    pub async fn connect(address: &Address, resolved: &[SocketAddr]) -> Result<Self, Error> {
        match address {
            Address::Tcp { .. } => {
                let stream = connect_first(resolved)
                    .await
                    .map_err(|error| Error::io(Phase::Tcp, &error))?;
                configure(&stream).map_err(|error| Error::io(Phase::Tcp, &error))?;
                Ok(Self::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                stream
                    .map(Self::Unix)
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

    /// One `hello` and its reply.
    ///
    /// # Errors
    /// A network failure, a malformed reply, or the server's refusal.
    pub async fn hello(
        &mut self,
        form: HelloForm,
        metadata: Option<&ClientMetadata>,
    ) -> Result<Hello, Error> {
        const REQUEST_ID: i32 = 1;
        let wire = |error| Error::wire(Phase::Hello, &error);
        let mut message = Vec::new();
        match form {
            HelloForm::Legacy => {
                let mut body = Vec::new();
                append_hello(Appender::begin(&mut body), "isMaster", metadata).finish();
                op_query::write_command(
                    &mut message,
                    REQUEST_ID,
                    op_query::flags::SECONDARY_OK,
                    "admin",
                    &body,
                )
                .map_err(wire)?;
            }
            HelloForm::Modern => {
                let mut body = Vec::new();
                let mut hello = append_hello(Appender::begin(&mut body), "hello", metadata);
                hello.string("$db", "admin");
                hello.finish();
                let start = op_msg::begin(&mut message, REQUEST_ID, 0);
                op_msg::push_body(&mut message, &body);
                op_msg::finish(&mut message, start).map_err(wire)?;
            }
        }
        let reply = self.exchange(&message).await?;
        match form {
            HelloForm::Legacy => {
                let reply = OpReply::parse(&reply).map_err(wire)?;
                check_response_to(reply.header.response_to, REQUEST_ID)?;
                let missing = || {
                    Error::new(
                        ErrorKind::Protocol,
                        Phase::Hello,
                        "the reply to hello has no document",
                    )
                };
                Hello::parse(reply.document().ok_or_else(missing)?)
            }
            HelloForm::Modern => {
                let reply = OpMsg::parse(&reply).map_err(wire)?;
                check_response_to(reply.header.response_to, REQUEST_ID)?;
                Hello::parse(reply.document())
            }
        }
    }

    async fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Tcp(stream) => exchange(stream, message).await,
            #[cfg(unix)]
            Self::Unix(stream) => exchange(stream, message).await,
        }
    }

    /// Leaves tokio; the socket stays non-blocking.
    ///
    /// # Errors
    /// A failed deregistration.
    pub fn into_socket(self) -> io::Result<Socket> {
        match self {
            Self::Tcp(stream) => stream.into_std().map(Socket::tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.into_std().map(Socket::Unix),
        }
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

fn append_hello<'a>(
    mut hello: Appender<'a>,
    name: &str,
    metadata: Option<&ClientMetadata>,
) -> Appender<'a> {
    hello
        .int32(name, 1)
        .boolean("helloOk", true)
        .string("backpressure", "2");
    if let Some(metadata) = metadata {
        hello.raw_document("client", &metadata.document());
    }
    hello
}

async fn exchange<S>(stream: &mut S, message: &[u8]) -> Result<Vec<u8>, Error>
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::closed_by_peer(Phase::Hello),
        _ => Error::io(Phase::Hello, &error),
    };
    stream.write_all(message).await.map_err(io)?;
    let mut reply = vec![0; 4];
    stream.read_exact(&mut reply).await.map_err(io)?;
    let length = frame_length(&reply, DEFAULT_MAX_MESSAGE_SIZE)
        .map_err(|error| Error::wire(Phase::Hello, &error))?;
    let length = length.unwrap_or_default();
    // Grows with what arrives: a length alone reserves nothing.
    let mut rest = AsyncReadExt::take(&mut *stream, length.saturating_sub(4) as u64);
    rest.read_to_end(&mut reply).await.map_err(io)?;
    match reply.len() == length {
        true => Ok(reply),
        false => Err(Error::closed_by_peer(Phase::Hello)),
    }
}

fn check_response_to(response_to: i32, request_id: i32) -> Result<(), Error> {
    match response_to == request_id {
        true => Ok(()),
        false => {
            let message = format!("the reply answers request {response_to}, not {request_id}");
            Err(Error::new(ErrorKind::Protocol, Phase::Hello, message))
        }
    }
}
