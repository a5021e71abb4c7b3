use crate::dial::Wire;
use crate::error::{Error, ErrorKind, Phase};
use crate::socket::Socket;
use crate::tls::Session;
use crate::transport::{Duplex, Transport};
use ferropool_wire::{
    DEFAULT_MAX_MESSAGE_SIZE, OpMsg, frame_length, op_msg, op_query, op_reply::OpReply,
};
use std::io;

/// A connected socket that tokio drives: while it is established, or for a monitor's whole life. One
/// command at a time.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: Wire,
    transport: Transport,
    last_request: i32,
}

/// The message that carries a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// OP_QUERY, as the first message to a server that may be old.
    Query,
    /// OP_MSG.
    Message,
}

/// A reply that has arrived.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) document: Vec<u8>,
    /// What the next reply answers, where that comes without being asked for ("moreToCome").
    pub(crate) next: Option<i32>,
}

impl Stream {
    /// Plain, until [`Self::secure`].
    pub(crate) fn new(socket: Wire) -> Self {
        Self {
            socket,
            transport: Transport::Plain,
            last_request: 0,
        }
    }

    /// Shakes hands for TLS; all that follows is encrypted.
    ///
    /// # Errors
    /// A network failure, or what is wrong with the server's certificate.
    pub(crate) async fn secure(&mut self, mut session: Box<Session>) -> Result<(), Error> {
        loop {
            let shaken = session.shake_hands(&self.socket);
            match shaken {
                Ok(true) => {
                    self.transport = Transport::Tls(session);
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(failure(Phase::Tls, error)),
            }
            let waited = match session.is_flushed() {
                true => self.socket.readable().await,
                false => self.socket.writable().await,
            };
            waited.map_err(|error| failure(Phase::Tls, error))?;
        }
    }

    /// Sends a command, whose `$db` OP_MSG carries inside, and gives the reply's document, whatever it
    /// says.
    ///
    /// # Errors
    /// A network failure, or a malformed reply.
    pub(crate) async fn command(
        &mut self,
        phase: Phase,
        form: Form,
        database: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let request = self.send(phase, form, database, body, 0).await?;
        let reply = self.receive(phase, form, request).await?;
        Ok(reply.document)
    }

    /// Sends a command with the flags of OP_MSG, which the older form does not have; gives the number
    /// that its reply answers.
    ///
    /// # Errors
    /// A network failure, or a command that is too large.
    pub(crate) async fn send(
        &mut self,
        phase: Phase,
        form: Form,
        database: &str,
        body: &[u8],
        flags: u32,
    ) -> Result<i32, Error> {
        let wire = |error| Error::wire(phase, &error);
        self.last_request = self.last_request.wrapping_add(1);
        let request = self.last_request;
        let mut message = Vec::new();
        match form {
            Form::Query => {
                let flags = op_query::flags::SECONDARY_OK;
                op_query::write_command(&mut message, request, flags, database, body)
                    .map_err(wire)?;
            }
            Form::Message => {
                let start = op_msg::begin(&mut message, request, flags);
                op_msg::push_body(&mut message, body);
                op_msg::finish(&mut message, start).map_err(wire)?;
            }
        }
        self.write_all(&message)
            .await
            .map_err(|error| failure(phase, error))?;
        Ok(request)
    }

    /// Reads the reply to `request`: what was sent, or the reply before this one in a stream of them.
    ///
    /// # Errors
    /// A network failure, or a malformed reply.
    pub(crate) async fn receive(
        &mut self,
        phase: Phase,
        form: Form,
        request: i32,
    ) -> Result<Reply, Error> {
        let wire = |error| Error::wire(phase, &error);
        let reply = self.read_message(phase).await?;
        let (header, document, more_to_come) = match form {
            Form::Query => {
                let reply = OpReply::parse(&reply).map_err(wire)?;
                let document = reply.document().ok_or_else(|| {
                    let message = "the reply has no document";
                    Error::new(ErrorKind::Protocol, phase, message)
                })?;
                (reply.header, document, false)
            }
            Form::Message => {
                let reply = OpMsg::parse(&reply).map_err(wire)?;
                (reply.header, reply.document(), reply.more_to_come())
            }
        };
        let response_to = header.response_to;
        match response_to == request {
            true => Ok(Reply {
                document: document.as_bytes().to_vec(),
                next: more_to_come.then_some(header.request_id),
            }),
            false => {
                let message = format!("the reply answers request {response_to}, not {request}");
                Err(Error::new(ErrorKind::Protocol, phase, message))
            }
        }
    }

    async fn read_message(&mut self, phase: Phase) -> Result<Vec<u8>, Error> {
        /// What one read asks for at most, in bytes: a length alone reserves no more.
        const STEP: usize = 16 << 10;
        let mut message = Vec::new();
        let mut whole = 4;
        while message.len() < whole {
            let filled = message.len();
            message.resize(whole.min(filled + STEP), 0);
            let read = self
                .read(&mut message[filled..])
                .await
                .map_err(|error| failure(phase, error))?;
            if read == 0 {
                return Err(Error::closed_by_peer(phase));
            }
            message.truncate(filled + read);
            if let Some(length) = frame_length(&message, DEFAULT_MAX_MESSAGE_SIZE)
                .map_err(|error| Error::wire(phase, &error))?
            {
                whole = length;
            }
        }
        Ok(message)
    }

    async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.transport.read(&self.socket, into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.socket.readable().await?;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let outcome = match bytes.is_empty() {
                true => self.transport.flush(&self.socket).map(|()| 0),
                false => self.transport.write(&self.socket, bytes),
            };
            match outcome {
                Ok(_) if bytes.is_empty() => return Ok(()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.socket.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Leaves tokio; the socket stays non-blocking.
    ///
    /// # Errors
    /// A failed deregistration.
    pub(crate) fn into_parts(self) -> io::Result<(Socket, Transport)> {
        Ok((self.socket.into_socket()?, self.transport))
    }
}

/// A failed read or write. What TLS does not accept is no matter of load.
fn failure(phase: Phase, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::closed_by_peer(phase),
        io::ErrorKind::InvalidData => Error::io(phase, &error).not_by_load(),
        _ => Error::io(phase, &error),
    }
}

impl Wire {
    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            #[cfg(unix)]
            Self::Unix(stream) => stream.readable().await,
        }
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            #[cfg(unix)]
            Self::Unix(stream) => stream.writable().await,
        }
    }

    fn into_socket(self) -> io::Result<Socket> {
        match self {
            Self::Tcp(stream) => stream.into_std().map(Socket::tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.into_std().map(Socket::Unix),
        }
    }
}

impl Duplex for Wire {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_read(into),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }
}
