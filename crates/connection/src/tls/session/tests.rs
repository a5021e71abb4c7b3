//! A session against a rustls server in memory, through a pipe that moves as few bytes at a time as a
//! test wants.

use super::Session;
use crate::transport::Duplex;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion,
};
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

/// A server at the other end; each read and write moves `step` bytes at most.
struct Pipe {
    server: RefCell<ServerConnection>,
    step: usize,
    /// How many more bytes a write takes before it blocks.
    room: RefCell<usize>,
}

impl Duplex for Pipe {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let mut server = self.server.borrow_mut();
        if !server.wants_write() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let limit = into.len().min(self.step);
        let mut out = Limited(&mut into[..limit]);
        server.write_tls(&mut out)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.borrow_mut();
        if *room == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut some = &bytes[..bytes.len().min(self.step).min(*room)];
        let mut server = self.server.borrow_mut();
        let taken = server.read_tls(&mut some)?;
        *room -= taken;
        server
            .process_new_packets()
            .map_err(|error| io::Error::new(ErrorKind::ConnectionAborted, error))?;
        Ok(taken)
    }
}

/// Takes as much as fits, unlike a slice, which rustls expects to take all.
struct Limited<'a>(&'a mut [u8]);

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn connected(step: usize, versions: &[&'static SupportedProtocolVersion]) -> (Session, Pipe) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = CertificateDer::from(cert.der().to_vec());
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions that exist")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .expect("a key that fits");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions that exist")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let session = Session::new(Arc::new(client), name).expect("a session");
    let server = ServerConnection::new(Arc::new(server)).expect("a server");
    let pipe = Pipe {
        server: RefCell::new(server),
        step,
        room: RefCell::new(usize::MAX),
    };
    (session, pipe)
}

fn shake_hands(session: &mut Session, pipe: &Pipe) {
    while session.shake_hands(pipe).is_err() {}
}

/// All that the session takes of `bytes`, while it takes some.
fn send(session: &mut Session, pipe: &Pipe, bytes: &[u8]) {
    let mut sent = 0;
    while sent < bytes.len() {
        sent += session.write(pipe, &bytes[sent..]).expect("room");
    }
    session.flush(pipe).expect("room");
}

fn receive(session: &mut Session, pipe: &Pipe, length: usize, room: usize) -> Vec<u8> {
    let mut received = Vec::new();
    let mut into = vec![0; room];
    while received.len() < length {
        match session.read(pipe, &mut into) {
            Ok(read) => received.extend_from_slice(&into[..read]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
    }
    received
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn bytes_arrive_whole_however_records_are_split() {
    for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
        for step in [1, 7, 1000, usize::MAX] {
            let (mut session, pipe) = connected(step, versions);
            shake_hands(&mut session, &pipe);
            let request = pattern(if step == 1 { 3_000 } else { 200_000 });
            pipe.server.borrow_mut().set_buffer_limit(None);
            let mut arrived = vec![0; request.len()];
            let mut at = 0;
            // In parts, so that the server's own buffer of plaintext does not overflow.
            for part in request.chunks(8_000) {
                send(&mut session, &pipe, part);
                let mut server = pipe.server.borrow_mut();
                server
                    .reader()
                    .read_exact(&mut arrived[at..at + part.len()])
                    .expect("what was sent");
                at += part.len();
            }
            assert_eq!(arrived, request);

            pipe.server
                .borrow_mut()
                .writer()
                .write_all(&request)
                .expect("no limit");
            for room in [1_000, 300_000] {
                if room == 300_000 {
                    pipe.server
                        .borrow_mut()
                        .writer()
                        .write_all(&request)
                        .expect("no limit");
                }
                assert_eq!(receive(&mut session, &pipe, request.len(), room), request);
            }
            assert!(!session.holds_bytes());
            assert!(session.incoming.is_empty() && session.plaintext.capacity() <= super::KEPT);
        }
    }
}

#[test]
fn what_the_socket_does_not_take_is_sent_later() {
    let (mut session, pipe) = connected(usize::MAX, &[&rustls::version::TLS13]);
    shake_hands(&mut session, &pipe);
    *pipe.room.borrow_mut() = 10;
    let taken = session
        .write(&pipe, b"a request that is longer than ten bytes")
        .expect("taken whole");
    assert_eq!(taken, 39);
    assert!(!session.is_flushed());
    let blocked = session.write(&pipe, b"the next one").expect_err("no room");
    assert_eq!(blocked.kind(), ErrorKind::WouldBlock);

    *pipe.room.borrow_mut() = usize::MAX;
    session.flush(&pipe).expect("room");
    assert!(session.is_flushed());
    let mut arrived = [0; 39];
    let mut server = pipe.server.borrow_mut();
    server.reader().read_exact(&mut arrived).expect("all of it");
    assert_eq!(&arrived, b"a request that is longer than ten bytes");
}

#[test]
fn the_end_of_the_session_is_the_end_of_the_stream() {
    let (mut session, pipe) = connected(usize::MAX, &[&rustls::version::TLS13]);
    shake_hands(&mut session, &pipe);
    let mut server = pipe.server.borrow_mut();
    server.writer().write_all(b"last words").expect("room");
    server.send_close_notify();
    drop(server);
    assert_eq!(receive(&mut session, &pipe, 10, 64), b"last words");
    assert_eq!(session.read(&pipe, &mut [0; 64]).ok(), Some(0));
}

#[test]
fn garbage_is_an_error_and_no_panic() {
    struct Garbage(RefCell<u8>);
    impl Duplex for Garbage {
        fn read(&self, into: &mut [u8]) -> io::Result<usize> {
            let mut seed = self.0.borrow_mut();
            for byte in into.iter_mut() {
                *seed = seed.wrapping_mul(73).wrapping_add(41);
                *byte = *seed;
            }
            Ok(into.len())
        }
        fn write(&self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
    }
    for seed in 0..16 {
        let garbage = Garbage(RefCell::new(seed));
        let (mut session, _) = connected(usize::MAX, &[&rustls::version::TLS13]);
        assert!(
            session.shake_hands(&garbage).is_err(),
            "before the handshake"
        );
        let (mut session, pipe) = connected(usize::MAX, &[&rustls::version::TLS13]);
        shake_hands(&mut session, &pipe);
        assert!(session.read(&garbage, &mut [0; 64]).is_err(), "after it");
    }
}
