//! A server on threads of its own, that goes along with an establishment up to some point and then says nothing.

use bson::{Binary, Document, doc, spec::BinarySubtype};
use ferropool_wire::{Header, OpMsg, op_code, op_msg, op_query::OpQuery, op_reply};
use parking_lot::{Condvar, Mutex};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stall {
    /// Accepts.
    Accepted,
    /// Begins to answer a ClientHello.
    Tls,
    /// Sends half of the reply to `hello`.
    HalfOfHello,
    /// Answers `hello`, and nothing behind it.
    SaslStart,
    /// Answers `saslStart` as well.
    SaslContinue,
}

/// Far longer than anything takes; a test that gets there has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// It listens until it is dropped.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    books: Arc<Books>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Books {
    counts: Mutex<Counts>,
    changed: Condvar,
    stopped: AtomicBool,
}

/// Connections.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: usize,
    pub(crate) stalled: usize,
    pub(crate) open: usize,
}

impl Peer {
    pub(crate) fn start(stall: Stall) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let books = Arc::new(Books::default());
        let own = Arc::clone(&books);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map(Result::unwrap) {
                if own.stopped.load(Ordering::Acquire) {
                    break;
                }
                own.count(|counts| {
                    counts.accepted += 1;
                    counts.open += 1;
                });
                let books = Arc::clone(&own);
                std::thread::spawn(move || {
                    // A client that gives up in the middle may well reset.
                    let _ended = serve(stream, stall, &books);
                    books.count(|counts| counts.open -= 1);
                });
            }
        });
        Self {
            address,
            books,
            accepting: Some(accepting),
        }
    }

    /// Waits until its counts are as described.
    pub(crate) fn until(&self, holds: impl Fn(Counts) -> bool) -> Counts {
        let mut counts = self.books.counts.lock();
        while !holds(*counts) {
            let waited = self.books.changed.wait_for(&mut counts, PATIENCE);
            assert!(!waited.timed_out(), "{counts:?}");
        }
        *counts
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.books.stopped.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _panicked = accepting.join();
        }
    }
}

impl Books {
    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock());
        self.changed.notify_all();
    }
}

fn serve(mut stream: TcpStream, stall: Stall, books: &Books) -> io::Result<()> {
    match stall {
        Stall::Accepted => {}
        Stall::Tls => {
            // A record's header: its type, version and length.
            read_rest(&mut stream, 5, |header| {
                u16::from_be_bytes([header[3], header[4]]).into()
            })?;
            // Of a handshake record of 122 bytes, the header and the beginning of a ServerHello.
            stream.write_all(&[22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3])?;
        }
        Stall::HalfOfHello => {
            let reply = reply(&read_message(&mut stream)?, &hello());
            stream.write_all(&reply[..reply.len() / 2])?;
        }
        Stall::SaslStart | Stall::SaslContinue => loop {
            let message = read_message(&mut stream)?;
            let command = command(&message);
            let answer = match command.keys().next().map(String::as_str) {
                Some("saslStart") if stall == Stall::SaslContinue => server_first(&command),
                Some("saslStart" | "saslContinue") => break,
                _ => hello(),
            };
            stream.write_all(&reply(&message, &answer))?;
        },
    }
    books.count(|counts| counts.stalled += 1);
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    read_rest(stream, 4, |length| {
        u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize - 4
    })
}

/// Reads a beginning that says how many bytes follow, and those.
fn read_rest(
    stream: &mut TcpStream,
    beginning: usize,
    rest: impl FnOnce(&[u8]) -> usize,
) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; beginning];
    stream.read_exact(&mut bytes)?;
    bytes.resize(beginning + rest(&bytes), 0);
    stream.read_exact(&mut bytes[beginning..])?;
    Ok(bytes)
}

fn command(message: &[u8]) -> Document {
    let body = match Header::parse(message).unwrap().op_code {
        op_code::OP_QUERY => OpQuery::parse(message).unwrap().query.as_bytes(),
        _ => OpMsg::parse(message).unwrap().body,
    };
    Document::from_reader(body).unwrap()
}

/// The reply in the form of the request.
fn reply(request: &[u8], document: &Document) -> Vec<u8> {
    let header = Header::parse(request).unwrap();
    let document = document.to_vec().unwrap();
    let mut reply = Vec::new();
    if header.op_code == op_code::OP_QUERY {
        op_reply::write(&mut reply, 1, header.request_id, 0, [&document[..]]).unwrap();
    } else {
        let start = op_msg::begin_reply(&mut reply, 1, header.request_id, 0);
        op_msg::push_body(&mut reply, &document);
        op_msg::finish(&mut reply, start).unwrap();
    }
    reply
}

fn hello() -> Document {
    doc! { "ok": 1, "helloOk": true, "isWritablePrimary": true, "minWireVersion": 0, "maxWireVersion": 21 }
}

/// SCRAM's first message of a server: the client's nonce and more, a salt, a count.
fn server_first(sasl_start: &Document) -> Document {
    let client_first = sasl_start.get_binary_generic("payload").unwrap();
    let client_first = std::str::from_utf8(client_first).unwrap();
    let (_, nonce) = client_first.split_once(",r=").unwrap();
    let payload = format!("r={nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    let payload = Binary {
        subtype: BinarySubtype::Generic,
        bytes: payload.into_bytes(),
    };
    doc! { "ok": 1, "conversationId": 1, "done": false, "payload": payload }
}
