use crate::transport::Duplex;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};
use rustls::{ClientConfig, Error};
use std::cell::RefCell;
use std::io;
use std::sync::Arc;

/// One connection's TLS: records in, bytes out, and the reverse, with no I/O of its own.
///
/// **Buffers.** Whole records are decrypted and encrypted in a buffer of the thread. A session keeps only
/// what is left over: the beginning of a record that has not arrived whole, plaintext that found no
/// room, records that the socket did not take. A connection between two operations holds none of them.
pub(crate) struct Session {
    connection: UnbufferedClientConnection,
    /// The beginning of records that have not arrived whole.
    incoming: Vec<u8>,
    /// Decrypted bytes that found no room, from `taken` on.
    plaintext: Vec<u8>,
    taken: usize,
    /// Records that the socket did not take, from `sent` on.
    outgoing: Vec<u8>,
    sent: usize,
    established: bool,
    /// The peer has said that it sends no more.
    ended: bool,
}

/// What one read or write passes through the thread's buffer at most, in bytes.
const SCRATCH: usize = 64 << 10;
/// How much of a request is encrypted at a time: with the records' overhead it fits the buffer.
const CHUNK: usize = 60 << 10;
/// A left-over buffer above this size, in bytes, is given back once it is empty.
const KEPT: usize = 1 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

impl Session {
    pub(crate) fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Error> {
        Ok(Self {
            connection: UnbufferedClientConnection::new(config, name)?,
            incoming: Vec::new(),
            plaintext: Vec::new(),
            taken: 0,
            outgoing: Vec::new(),
            sent: 0,
            established: false,
            ended: false,
        })
    }

    /// Takes the handshake as far as it goes now. `true` when it is complete and all of it is sent.
    pub(crate) fn shake_hands(&mut self, stream: &impl Duplex) -> io::Result<bool> {
        loop {
            if !self.established {
                let mut incoming = std::mem::take(&mut self.incoming);
                let outcome = self.process(&mut incoming, |_| {});
                self.incoming = incoming;
                self.settle(outcome, stream)?;
            }
            self.flush(stream)?;
            if self.established {
                return Ok(true);
            }
            let read = self.fetch(stream)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads ciphertext behind what has arrived before.
    fn fetch(&mut self, stream: &impl Duplex) -> io::Result<usize> {
        BUFFER.with_borrow_mut(|buffer| {
            let read = stream.read(buffer)?;
            self.incoming.extend_from_slice(&buffer[..read]);
            Ok(read)
        })
    }

    /// Removes what was processed, and tells the peer why if it was not understood.
    fn settle(&mut self, outcome: Result<usize, Error>, stream: &impl Duplex) -> io::Result<()> {
        match outcome {
            Ok(processed) => {
                self.incoming.drain(..processed);
                Ok(())
            }
            Err(error) => {
                // The alert that says why is the next thing to encode. Best effort: the connection is lost.
                let mut incoming = std::mem::take(&mut self.incoming);
                let status = self.connection.process_tls_records(&mut incoming);
                if let Ok(ConnectionState::EncodeTlsData(mut alert)) = status.state {
                    encode(&mut self.outgoing, |room| alert.encode(room));
                }
                let _ = self.flush(stream);
                Err(invalid(error))
            }
        }
    }

    /// Gives decrypted bytes, reading the stream at most once; 0 is its end.
    pub(crate) fn read(&mut self, stream: &impl Duplex, into: &mut [u8]) -> io::Result<usize> {
        let left_over = self.take_plaintext(into);
        if left_over > 0 {
            return Ok(left_over);
        }
        if self.ended {
            return Ok(0);
        }
        BUFFER.with_borrow_mut(|buffer| {
            let held = self.incoming.len();
            // More than a record can only be held as parts of a long handshake message.
            if buffer.len() < held + CHUNK / 2 {
                buffer.resize(held + SCRATCH, 0);
            }
            let read = stream.read(&mut buffer[held..])?;
            if read == 0 {
                return Ok(0);
            }
            buffer[..held].copy_from_slice(&self.incoming);
            let arrived = &mut buffer[..held + read];
            let (mut filled, mut rest) = (0, std::mem::take(&mut self.plaintext));
            let processed = self.process(arrived, |payload| {
                let fits = payload.len().min(into.len() - filled);
                into[filled..filled + fits].copy_from_slice(&payload[..fits]);
                filled += fits;
                rest.extend_from_slice(&payload[fits..]);
            });
            self.plaintext = rest;
            let processed = processed.map_err(invalid)?;
            self.incoming.clear();
            self.incoming.extend_from_slice(&arrived[processed..]);
            release(&mut self.incoming);
            match filled {
                0 if !self.ended => Err(io::ErrorKind::WouldBlock.into()),
                filled => Ok(filled),
            }
        })
    }

    fn take_plaintext(&mut self, into: &mut [u8]) -> usize {
        let rest = &self.plaintext[self.taken..];
        let fits = rest.len().min(into.len());
        into[..fits].copy_from_slice(&rest[..fits]);
        self.taken += fits;
        if self.taken == self.plaintext.len() {
            self.taken = 0;
            self.plaintext.clear();
            release(&mut self.plaintext);
        }
        fits
    }

    /// Encrypts and sends as much of `bytes` as the stream takes now.
    pub(crate) fn write(&mut self, stream: &impl Duplex, bytes: &[u8]) -> io::Result<usize> {
        self.flush(stream)?;
        let chunk = &bytes[..bytes.len().min(CHUNK)];
        BUFFER.with_borrow_mut(|buffer| {
            let length = self.encrypt(chunk, buffer).map_err(invalid)?;
            // Key updates that were queued meanwhile go first.
            let written = match self.outgoing.is_empty() {
                true => write_all_now(stream, &buffer[..length])?,
                false => 0,
            };
            self.outgoing.extend_from_slice(&buffer[written..length]);
            Ok(chunk.len())
        })
    }

    fn encrypt(&mut self, plaintext: &[u8], into: &mut [u8]) -> Result<usize, Error> {
        let mut incoming = std::mem::take(&mut self.incoming);
        let mut at = 0;
        let outcome = loop {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(&mut incoming[at..]);
            match state {
                Err(error) => break Err(error),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    at += discard;
                    break traffic
                        .encrypt(plaintext, into)
                        .map_err(|error| match error {
                            EncryptError::InsufficientSize(_) => {
                                Error::General("a record exceeds its buffer".into())
                            }
                            EncryptError::EncryptExhausted => Error::EncryptError,
                        });
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    encode(&mut self.outgoing, |room| data.encode(room));
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(_) => break Err(Error::HandshakeNotComplete),
            }
            at += discard;
        };
        incoming.drain(..at);
        self.incoming = incoming;
        outcome
    }

    /// Sends the records that the stream has not taken.
    pub(crate) fn flush(&mut self, stream: &impl Duplex) -> io::Result<()> {
        while self.sent < self.outgoing.len() {
            match stream.write(&self.outgoing[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.sent = 0;
        self.outgoing.clear();
        release(&mut self.outgoing);
        Ok(())
    }

    pub(crate) fn is_flushed(&self) -> bool {
        self.outgoing.is_empty()
    }

    pub(crate) fn holds_bytes(&self) -> bool {
        !self.plaintext.is_empty()
    }

    /// Lets rustls look at `incoming`; gives how much of it is done with.
    fn process(
        &mut self,
        incoming: &mut [u8],
        mut take: impl FnMut(&[u8]),
    ) -> Result<usize, Error> {
        let mut at = 0;
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.connection.process_tls_records(&mut incoming[at..]);
            let blocked = match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        take(record.payload);
                    }
                    false
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    encode(&mut self.outgoing, |room| data.encode(room));
                    false
                }
                // What is encoded is in `outgoing`, in its order, whenever that is sent.
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    false
                }
                ConnectionState::PeerClosed => {
                    self.ended = true;
                    false
                }
                ConnectionState::WriteTraffic(_) => {
                    self.established = true;
                    true
                }
                _ => true,
            };
            at += discard;
            if blocked {
                return Ok(at);
            }
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("established", &self.established)
            .finish_non_exhaustive()
    }
}

/// Appends a record to `outgoing`, as long as it turns out to be.
fn encode(outgoing: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let start = outgoing.len();
    while let Err(EncodeError::InsufficientSize(error)) = encode(&mut outgoing[start..]) {
        outgoing.resize(start + error.required_size, 0);
    }
}

fn write_all_now(stream: &impl Duplex, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

fn release(buffer: &mut Vec<u8>) {
    if buffer.is_empty() && buffer.capacity() > KEPT {
        *buffer = Vec::new();
    }
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;
