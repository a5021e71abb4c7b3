//! Measures the canned server: how many replies a second of its CPU time is worth.
//!
//! `cargo build --release -p ferropool-stub && cargo run --release -p ferropool-stub --example
//! canned_load -- [collection] [connections] [requests in flight on each] [seconds]`
//!
//! The server runs as a process of its own, the load in one thread of this one.

#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bson::doc;
use ferropool_wire::{DEFAULT_MAX_MESSAGE_SIZE, frame, op_msg};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let collection = arguments.next().unwrap_or("one".to_owned());
    let mut number = |default: u64| {
        arguments
            .next()
            .map_or(default, |text| text.parse().unwrap())
    };
    let (connections, in_flight, seconds) = (number(10), number(1), number(5));

    let (mut server, port) = start();
    let mut poll = Poll::new().unwrap();
    let mut clients: Vec<_> = (0..connections).map(|_| connect(port)).collect();
    for (token, client) in clients.iter_mut().enumerate() {
        let registry = poll.registry();
        registry
            .register(&mut client.stream, Token(token), Interest::READABLE)
            .unwrap();
    }
    let request = request(&collection);
    let burst = request.repeat(usize::try_from(in_flight).unwrap());
    for client in &mut clients {
        client.stream.write_all(&burst).unwrap();
    }

    let mut events = Events::with_capacity(1024);
    let (mut replies, mut output) = (0_u64, Vec::new());
    let (began, cpu_before) = (Instant::now(), cpu_time(&server));
    while began.elapsed() < Duration::from_secs(seconds) {
        poll.poll(&mut events, Some(Duration::from_secs(1)))
            .unwrap();
        for event in &events {
            let client = &mut clients[event.token().0];
            let answered = client.take_replies();
            replies += answered as u64;
            output.clear();
            (0..answered).for_each(|_| output.extend_from_slice(&request));
            client.stream.write_all(&output).unwrap();
        }
    }
    let elapsed = began.elapsed().as_secs_f64();
    let cpu = (cpu_time(&server) - cpu_before).as_secs_f64();
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "{collection}, {connections} connections, {in_flight} in flight: {:.0} replies/s, server at {:.0} % \
         CPU, {:.0} replies per second of its CPU time",
        replies as f64 / elapsed,
        100.0 * cpu / elapsed,
        replies as f64 / cpu,
    )
    .unwrap();
    drop(server.stdin.take());
    server.wait().unwrap();
}

impl Client {
    /// Reads all there is, and gives how many replies are complete.
    fn take_replies(&mut self) -> usize {
        let mut chunk = [0; 256 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the server hung up"),
                Ok(length) => {
                    self.buffer.extend_from_slice(&chunk[..length]);
                    if length < chunk.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        let (mut consumed, mut count) = (0, 0);
        while let Some(reply) =
            frame::first_frame(&self.buffer[consumed..], DEFAULT_MAX_MESSAGE_SIZE).unwrap()
        {
            consumed += reply.len();
            count += 1;
        }
        self.buffer.drain(..consumed);
        count
    }
}

fn start() -> (Child, u16) {
    let examples = std::env::current_exe().unwrap();
    let profile = examples.parent().unwrap().parent().unwrap();
    let mut server = Command::new(profile.join("ferropool-stub"))
        .arg("--canned")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = server.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let announced: serde_json::Value = serde_json::from_str(&line).unwrap();
    let port = announced["port"].as_u64().unwrap();
    (server, u16::try_from(port).unwrap())
}

fn connect(port: u16) -> Client {
    let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_nonblocking(true).unwrap();
    Client {
        stream: TcpStream::from_std(stream),
        buffer: Vec::new(),
    }
}

fn request(collection: &str) -> Vec<u8> {
    let command = doc! { "find": collection, "filter": { "_id": 7 }, "limit": 1, "$db": "bench" };
    let mut message = vec![];
    let start = op_msg::begin(&mut message, 1, 0);
    op_msg::push_body(&mut message, &command.to_vec().unwrap());
    op_msg::finish(&mut message, start).unwrap();
    message
}

/// User and system time, in the hundredths of a second that /proc gives.
fn cpu_time(server: &Child) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    let fields: Vec<_> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}
