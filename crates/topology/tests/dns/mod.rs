//! A name server for tests, on a port of its own, by datagrams and by streams.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use ferropool_connection::Address;
use ferropool_topology::SrvOptions;
use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{SRV, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What is said of a name.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Records, which may be none.
    Records(Vec<Record>),
    /// An error.
    Code(ResponseCode),
    /// Nothing.
    Silence,
    /// By datagrams, that there is more than fits; by streams, the records.
    Truncated(Vec<Record>),
}

/// Names that nothing is said of do not exist.
pub(crate) struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

#[derive(Default)]
struct Zone {
    answers: HashMap<(String, RecordType), Answer>,
    questions: usize,
}

impl Dns {
    pub(crate) async fn start() -> Self {
        let zone = Arc::<Mutex<Zone>>::default();
        let streams = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = streams.local_addr().expect("bound");
        let datagrams = UdpSocket::bind(address).await.expect("the same port");
        tokio::spawn(serve_datagrams(datagrams, Arc::clone(&zone)));
        tokio::spawn(serve_streams(streams, Arc::clone(&zone)));
        Self { address, zone }
    }

    /// Options for `host_name` that ask this server.
    pub(crate) fn options(&self, host_name: &str) -> SrvOptions {
        SrvOptions {
            nameservers: vec![self.address],
            ..SrvOptions::new(host_name)
        }
    }

    pub(crate) fn set(&self, name: &str, record_type: RecordType, answer: Answer) {
        let key = (format!("{name}."), record_type);
        self.zone.lock().expect("sound").answers.insert(key, answer);
    }

    /// The SRV records of the service `mongodb`.
    pub(crate) fn set_srv(&self, name: &str, ttl: u32, hosts: &[(&str, u16)]) {
        self.set_service("mongodb", name, ttl, hosts);
    }

    pub(crate) fn set_service(&self, service: &str, name: &str, ttl: u32, hosts: &[(&str, u16)]) {
        let name = format!("_{service}._tcp.{name}");
        let records = srv(&name, ttl, hosts);
        self.set(&name, RecordType::SRV, Answer::Records(records));
    }

    /// TXT records, each of some strings.
    pub(crate) fn set_txt(&self, name: &str, texts: &[&[&str]]) {
        let records = texts.iter().map(|strings| {
            let strings = strings.iter().map(ToString::to_string).collect();
            Record::from_rdata(absolute(name), 86_400, RData::TXT(TXT::new(strings)))
        });
        self.set(name, RecordType::TXT, Answer::Records(records.collect()));
    }

    /// How many questions were asked.
    pub(crate) fn questions(&self) -> usize {
        self.zone.lock().expect("sound").questions
    }
}

pub(crate) fn srv(name: &str, ttl: u32, hosts: &[(&str, u16)]) -> Vec<Record> {
    let record = |(host, port): &(&str, u16)| {
        let data = RData::SRV(SRV::new(0, 5, *port, absolute(host)));
        Record::from_rdata(absolute(name), ttl, data)
    };
    hosts.iter().map(record).collect()
}

pub(crate) fn addresses(texts: &[&str]) -> Vec<Address> {
    let parse = |text: &&str| Address::parse(text).expect("an address");
    texts.iter().map(parse).collect()
}

fn absolute(name: &str) -> Name {
    let mut name = Name::from_ascii(name).expect("a name");
    name.set_fqdn(true);
    name
}

async fn serve_datagrams(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        if let Some(reply) = answer(&buffer[..length], &zone, false) {
            socket.send_to(&reply, peer).await.expect("sent");
        }
    }
}

async fn serve_streams(listener: TcpListener, zone: Arc<Mutex<Zone>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let zone = Arc::clone(&zone);
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut question = vec![0; length.into()];
                stream.read_exact(&mut question).await.expect("a question");
                if let Some(reply) = answer(&question, &zone, true) {
                    let length = u16::try_from(reply.len()).expect("short");
                    stream.write_u16(length).await.expect("written");
                    stream.write_all(&reply).await.expect("written");
                }
            }
        });
    }
}

fn answer(question: &[u8], zone: &Mutex<Zone>, is_stream: bool) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).expect("a question");
    let query = question.queries.first().expect("a query").clone();
    let key = (query.name().to_ascii().to_lowercase(), query.query_type());
    let mut zone = zone.lock().expect("sound");
    zone.questions += 1;
    let mut reply = Message::response(question.metadata.id, OpCode::Query);
    reply.add_query(query);
    match zone.answers.get(&key) {
        None => reply.metadata.response_code = ResponseCode::NXDomain,
        Some(Answer::Code(code)) => reply.metadata.response_code = *code,
        Some(Answer::Silence) => return None,
        Some(Answer::Truncated(_)) if !is_stream => reply.metadata.truncation = true,
        Some(Answer::Records(records) | Answer::Truncated(records)) => {
            reply.add_answers(records.iter().cloned());
        }
    }
    Some(reply.to_vec().expect("encoded"))
}
