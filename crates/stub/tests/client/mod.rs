//! A client that does what it is told: one message at a time over one socket.

#![allow(dead_code, reason = "every test file uses a part of it")]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bson::{Document, doc};
use ferropool_stub::{Options, Status, Stub, StubHandle};
use ferropool_wire::{DEFAULT_MAX_MESSAGE_SIZE, OpMsg, frame, op_msg};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far longer than anything takes; a test that gets there has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough to see that nothing happens.
pub(crate) const MOMENT: Duration = Duration::from_millis(100);

pub(crate) struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    last_request_id: i32,
}

/// A reply and its header's ids.
pub(crate) struct Reply {
    pub(crate) document: Document,
    pub(crate) request_id: i32,
    pub(crate) response_to: i32,
    pub(crate) is_more_to_come: bool,
}

pub(crate) async fn start() -> StubHandle {
    Stub::start(Options::default()).await.unwrap()
}

impl Client {
    /// Connects, and says nothing.
    pub(crate) async fn connect(address: SocketAddr) -> Client {
        Client {
            stream: TcpStream::connect(address).await.unwrap(),
            input: vec![],
            last_request_id: 0,
        }
    }

    /// Connects, and says hello in the name of an application.
    pub(crate) async fn greet(address: SocketAddr, application: &str) -> Client {
        let mut client = Client::connect(address).await;
        client.run(hello(application)).await;
        client
    }

    /// Sends a command for the database `test`; gives its request id.
    pub(crate) async fn send(&mut self, command: Document) -> i32 {
        self.send_flagged(command, 0).await
    }

    pub(crate) async fn send_flagged(&mut self, mut command: Document, flags: u32) -> i32 {
        if !command.contains_key("$db") {
            command.insert("$db", "test");
        }
        self.last_request_id += 1;
        let mut message = vec![];
        let start = op_msg::begin(&mut message, self.last_request_id, flags);
        op_msg::push_body(&mut message, &command.to_vec().unwrap());
        op_msg::finish(&mut message, start).unwrap();
        self.send_bytes(&message).await;
        self.last_request_id
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next whole message.
    pub(crate) async fn message(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let complete = frame::first_frame(&self.input, DEFAULT_MAX_MESSAGE_SIZE);
            if let Some(message) = complete.map_err(io::Error::other)? {
                let length = message.len();
                return Ok(self.input.drain(..length).collect());
            }
            let read = self.stream.read_buf(&mut self.input);
            if tokio::time::timeout(PATIENCE, read).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
        let message = self.message().await?;
        let message = OpMsg::parse(&message).map_err(io::Error::other)?;
        Ok(Reply {
            document: Document::from_reader(message.body).unwrap(),
            request_id: message.header.request_id,
            response_to: message.header.response_to,
            is_more_to_come: message.more_to_come(),
        })
    }

    pub(crate) async fn try_run(&mut self, command: Document) -> io::Result<Document> {
        let request_id = self.send(command).await;
        let reply = self.reply().await?;
        assert_eq!(reply.response_to, request_id);
        Ok(reply.document)
    }

    pub(crate) async fn run(&mut self, command: Document) -> Document {
        self.try_run(command).await.unwrap()
    }

    /// How the connection ends, whatever arrives before: in order, or with an error.
    pub(crate) async fn end(&mut self) -> io::Result<()> {
        let mut rest = vec![];
        let read = self.stream.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, read).await??;
        Ok(())
    }

    /// Bytes that have arrived after a moment.
    pub(crate) async fn bytes_after_a_moment(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.input);
        while let Ok(read) = tokio::time::timeout(MOMENT, self.stream.read_buf(&mut bytes)).await {
            if read.unwrap() == 0 {
                break;
            }
        }
        bytes
    }
}

pub(crate) fn hello(application: &str) -> Document {
    doc! { "hello": 1, "client": { "application": { "name": application }, "driver": { "name": "x" } } }
}

/// Waits until the counters are as they should become.
pub(crate) async fn until(stub: &StubHandle, is_so: impl Fn(&Status) -> bool) {
    let poll = async {
        while !is_so(&stub.status()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, poll).await.is_err() {
        panic!("{:?}", stub.status());
    }
}
