use crate::compression::{self, Compressor};
use crate::error::{Error, ErrorKind, Phase};
use crate::hello::{Abilities, Hello, Limits};
use crate::socket::Socket;
use crate::transport::Transport;
use ferropool_pool::ServiceId;
use ferropool_wire::op_compressed::{is_compressed, may_compress};
use ferropool_wire::{Frame, frame_length, op_msg};
use std::io;
use std::sync::Arc;

/// An established connection: a non-blocking socket, TLS if its client uses it, the request on its way
/// out, the reply on its way in. One request and one reply at a time ("Single Track").
///
/// Owned by value: by the pool while available, by a lane while in use. Dropping it closes the socket.
#[derive(Debug)]
pub struct Channel {
    socket: Arc<Socket>,
    transport: Transport,
    compressor: Option<Compressor>,
    /// The last request, kept until its reply is there, so that a retry needs no copy.
    request: Vec<u8>,
    /// The same compressed, where it is.
    packed: Vec<u8>,
    /// How much of the one or the other is with the kernel, or with the transport.
    sent: usize,
    reply: Frame,
    home: Option<Home>,
    limits: Limits,
    abilities: Abilities,
    server_connection_id: Option<i64>,
    service: Option<ServiceId>,
}

/// Where a channel's readiness is watched. Removed explicitly, and before the socket closes.
#[derive(Debug)]
pub struct Home {
    watcher: Arc<dyn Watcher>,
    token: u64,
}

/// A readiness set, as a channel knows it.
pub trait Watcher: std::fmt::Debug + Send + Sync {
    /// Stops watching `socket`; `token` may be given to another one from now on.
    fn unwatch(&self, socket: &Socket, token: u64);
}

impl Home {
    /// The channel is watched by `watcher` under `token`.
    pub fn new(watcher: Arc<dyn Watcher>, token: u64) -> Self {
        Self { watcher, token }
    }

    /// The token, if it is `watcher` that watches.
    pub fn token_at(&self, watcher: &Arc<dyn Watcher>) -> Option<u64> {
        Arc::ptr_eq(&self.watcher, watcher).then_some(self.token)
    }
}

/// How far a request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// All of it is with the kernel.
    Whole,
    /// The socket takes no more now.
    Blocked,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing, or not all of a reply.
    Incomplete,
    /// A whole reply, in the caller's buffer: this many bytes.
    Lent(usize),
    /// A whole reply, in the channel's own buffer: it was long, or compressed.
    Buffered,
}

impl Channel {
    /// A request buffer above this size, in bytes, is not kept for the next request.
    pub const KEPT: usize = 16 << 10;

    pub(crate) fn new(
        socket: Arc<Socket>,
        transport: Transport,
        compressor: Option<Compressor>,
        hello: &Hello,
    ) -> Self {
        Self {
            socket,
            transport,
            compressor,
            request: Vec::new(),
            packed: Vec::new(),
            sent: 0,
            reply: Frame::default(),
            home: None,
            limits: hello.limits,
            abilities: hello.abilities,
            server_connection_id: hello.connection_id,
            service: hello.service_id,
        }
    }

    /// The socket, for whoever watches or ends it.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// The limits that the server announced.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What the server can do.
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// The server's own number for the connection, where it gives one.
    pub fn server_connection_id(&self) -> Option<i64> {
        self.server_connection_id
    }

    /// The service behind a load balancer that it leads to.
    pub fn service(&self) -> Option<ServiceId> {
        self.service
    }

    /// Where it is watched.
    pub fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    /// Moves to another readiness set, which watches it already.
    pub fn move_home(&mut self, home: Home) {
        self.leave_home();
        self.home = Some(home);
    }

    /// Stops being watched.
    pub fn leave_home(&mut self) {
        if let Some(home) = self.home.take() {
            home.watcher.unwatch(&self.socket, home.token);
        }
    }

    /// Starts a request: `request` is a whole message but for its header, whose room stands at its
    /// beginning. The channel takes its content and leaves its own buffer for reuse. `flags` are those of
    /// [`op_msg::flags`].
    ///
    /// # Errors
    /// A request that the server would not accept, or an OP_MSG that is too long to be one.
    pub fn begin(
        &mut self,
        request: &mut Vec<u8>,
        request_id: i32,
        flags: u32,
    ) -> Result<(), Error> {
        let wire = |error| Error::wire(Phase::Established, &error);
        let total = request.len();
        op_msg::write_header(request, total, request_id, flags).map_err(wire)?;
        std::mem::swap(&mut self.request, request);
        request.clear();
        self.sent = 0;
        self.packed.clear();
        if let Some(compressor) = self.compressor
            && may_compress(command_name(&self.request))
        {
            compression::compress(compressor, &self.request, &mut self.packed).map_err(wire)?;
        }
        Ok(())
    }

    /// The last request, whole, while its reply is not there or not done with; empty after [`Self::finish`].
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// The same, taken back for another attempt. The channel must not be sent on any more.
    pub fn reclaim(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.request)
    }

    /// Writes as much of the request as the socket takes.
    ///
    /// # Errors
    /// A failed write; the connection is then of no more use.
    pub fn send(&mut self) -> Result<Sent, Error> {
        loop {
            let bytes = outgoing(&self.request, &self.packed);
            let rest = &bytes[self.sent..];
            let outcome = match rest.is_empty() {
                true => self.transport.flush(&*self.socket).map(|()| 0),
                false => self.transport.write(&*self.socket, rest),
            };
            match outcome {
                Ok(_) if rest.is_empty() => return Ok(Sent::Whole),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Sent::Blocked);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(Phase::Established, &error)),
            }
        }
    }

    /// Whether some of the request is still to be sent.
    pub fn wants_to_write(&self) -> bool {
        self.sent < outgoing(&self.request, &self.packed).len() || !self.transport.is_flushed()
    }

    /// Reads the socket once. A reply that arrives whole stays in `lent`, where it is read without a copy;
    /// the beginning of a longer one is kept by the channel.
    ///
    /// # Errors
    /// A failed read, the end of the stream, a length that the protocol or the server's limit does not
    /// allow, bytes behind the reply.
    pub fn receive(&mut self, lent: &mut [u8]) -> Result<Received, Error> {
        loop {
            let received = self.receive_some(lent)?;
            // What is decrypted and here is nothing that readiness would tell of.
            if received == Received::Incomplete && self.transport.holds_bytes() {
                continue;
            }
            return match received {
                Received::Lent(length) if is_compressed(&lent[..length]) => {
                    self.unpack(Some(&lent[..length]))
                }
                Received::Buffered if is_compressed(self.reply.bytes()) => self.unpack(None),
                received => Ok(received),
            };
        }
    }

    /// Replaces the compressed reply, lent or buffered, by what it holds.
    fn unpack(&mut self, lent: Option<&[u8]>) -> Result<Received, Error> {
        if self.compressor.is_none() {
            let message = "the server compressed a reply, and no compressor was agreed on";
            return Err(Error::new(ErrorKind::Protocol, Phase::Established, message));
        }
        let mut unpacked = Vec::new();
        let packed = lent.unwrap_or_else(|| self.reply.bytes());
        compression::decompress(packed, self.limits.max_message_size, &mut unpacked)
            .map_err(|error| Error::wire(Phase::Established, &error))?;
        self.reply.replace(unpacked);
        Ok(Received::Buffered)
    }

    fn receive_some(&mut self, lent: &mut [u8]) -> Result<Received, Error> {
        let limit = self.limits.max_message_size;
        let wire = |error| Error::wire(Phase::Established, &error);
        if !self.reply.is_empty() {
            let spare = self.reply.spare(limit).map_err(wire)?;
            return match read(&mut self.transport, &self.socket, spare)? {
                None => Ok(Received::Incomplete),
                Some(read) => match self.reply.advance(read, limit).map_err(wire)? {
                    true => Ok(Received::Buffered),
                    false => Ok(Received::Incomplete),
                },
            };
        }
        let Some(read) = read(&mut self.transport, &self.socket, lent)? else {
            return Ok(Received::Incomplete);
        };
        match frame_length(&lent[..read], limit).map_err(wire)? {
            Some(length) if length == read => Ok(Received::Lent(read)),
            Some(length) if length < read => {
                let message = format!("{} bytes arrived behind the reply", read - length);
                Err(Error::new(ErrorKind::Protocol, Phase::Established, message))
            }
            _ => {
                self.reply.start(&lent[..read]);
                Ok(Received::Incomplete)
            }
        }
    }

    /// The whole reply after [`Received::Buffered`].
    pub fn buffered(&self) -> &[u8] {
        self.reply.bytes()
    }

    /// The same, moved out.
    pub fn take_buffered(&mut self) -> Vec<u8> {
        self.reply.take()
    }

    /// Request and reply are done with.
    pub fn finish(&mut self) {
        self.reply.clear();
        self.sent = 0;
        for buffer in [&mut self.request, &mut self.packed] {
            buffer.clear();
            if buffer.capacity() > Self::KEPT {
                *buffer = Vec::new();
            }
        }
    }
}

/// The form of a request that goes out.
fn outgoing<'a>(request: &'a [u8], packed: &'a [u8]) -> &'a [u8] {
    if packed.is_empty() { request } else { packed }
}

/// The first key of the body of a message that begins with one.
fn command_name(message: &[u8]) -> &[u8] {
    /// A document's length and its first element's type.
    const BEFORE: usize = op_msg::PREFIX_LENGTH + 4 + 1;
    let name = message.get(BEFORE..).unwrap_or_default();
    let end = name.iter().position(|byte| *byte == 0);
    &name[..end.unwrap_or(name.len())]
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.leave_home();
    }
}

/// One read; `None` when nothing is there.
fn read(
    transport: &mut Transport,
    socket: &Socket,
    into: &mut [u8],
) -> Result<Option<usize>, Error> {
    loop {
        return match transport.read(socket, into) {
            Ok(0) => Err(Error::closed_by_peer(Phase::Established)),
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(Error::io(Phase::Established, &error)),
        };
    }
}
