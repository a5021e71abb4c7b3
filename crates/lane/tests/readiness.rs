//! A readiness set is level-triggered, whatever it is made of: run with and without
//! `--features portable`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ferropool_connection::{Duplex, Socket, Watcher};
use ferropool_lane::{Batch, Interest, Readiness, Table, Token};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A watched socket, its peer, and its token.
fn watched(set: &Readiness, table: &mut Table<()>) -> (Arc<Socket>, TcpStream, Token) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = Arc::new(Socket::tcp(socket));
    let token = table.insert(());
    set.watch(&socket, token).unwrap();
    (socket, peer, token)
}

/// What the set reports once it has something to say.
fn look(set: &Readiness) -> Vec<(Token, bool, bool)> {
    set.wait().unwrap();
    look_now(set)
}

fn look_now(set: &Readiness) -> Vec<(Token, bool, bool)> {
    let mut batch = Batch::default();
    set.look(&mut batch).unwrap();
    batch
        .ready()
        .iter()
        .map(|ready| (ready.token, ready.readable, ready.writable))
        .collect()
}

#[test]
fn a_socket_is_reported_until_it_is_read() {
    let (set, mut table) = (Readiness::new().unwrap(), Table::new());
    let (socket, mut peer, token) = watched(&set, &mut table);
    assert_eq!(look_now(&set), []);
    peer.write_all(b"abc").unwrap();
    assert_eq!(look(&set), [(token, true, false)]);
    let mut byte = [0];
    for _ in 0..2 {
        socket.read(&mut byte).unwrap();
        assert_eq!(look_now(&set), [(token, true, false)]);
    }
    socket.read(&mut byte).unwrap();
    assert_eq!(look_now(&set), []);
}

#[test]
fn room_to_write_is_reported_only_to_those_who_ask() {
    let (set, mut table) = (Readiness::new().unwrap(), Table::new());
    let (socket, _peer, token) = watched(&set, &mut table);
    set.change(&socket, token, Interest::ReadWrite).unwrap();
    assert_eq!(look(&set), [(token, false, true)]);
    assert_eq!(look_now(&set), [(token, false, true)]);
    set.change(&socket, token, Interest::Read).unwrap();
    assert_eq!(look_now(&set), []);
}

#[test]
fn a_hang_up_is_readable_until_the_socket_is_no_longer_watched() {
    let (set, mut table) = (Readiness::new().unwrap(), Table::new());
    let (socket, peer, token) = watched(&set, &mut table);
    drop(peer);
    let first = look(&set);
    assert_eq!(
        first
            .first()
            .map(|(token, readable, _)| (*token, *readable)),
        Some((token, true))
    );
    assert!(!look_now(&set).is_empty());
    set.unwatch(&socket, token.0);
    assert_eq!(look_now(&set), []);
    let mut released = Vec::new();
    set.take_released(&mut released);
    assert_eq!(released, [token]);
}

#[test]
fn a_wake_up_ends_a_wait_and_is_not_a_socket() {
    let set = Readiness::new().unwrap();
    let other = Arc::clone(&set);
    let woken = std::thread::spawn(move || look(&other));
    set.wake();
    assert_eq!(woken.join().unwrap(), []);
    assert_eq!(look_now(&set), []);
}
