use super::{Wire, connect, dial};
use crate::address::Address;
use crate::error::{Error, ErrorKind, Phase};
use crate::socks::ProxyOptions;
use socket2::{Domain, SockRef, Socket, Type};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;
use tokio::io::AsyncReadExt;

const NO_PROGRESS: &fn(Phase) = &((|_| {}) as fn(Phase));

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

/// An address that refuses connections: nobody else gets it, and nothing listens there.
struct Refusing {
    address: SocketAddr,
    _bound: Socket,
}

impl Refusing {
    fn at(host: impl Into<IpAddr>) -> Self {
        let any = SocketAddr::from((host, 0));
        let bound = Socket::new(Domain::for_address(any), Type::STREAM, None).expect("a socket");
        bound.bind(&any.into()).expect("a port");
        let address = bound.local_addr().expect("its address");
        Self {
            address: address.as_socket().expect("an IP address"),
            _bound: bound,
        }
    }
}

/// A name that no resolver is asked for: one of its labels is longer than DNS has room for.
fn unresolvable() -> String {
    format!("{}.invalid", "a".repeat(64))
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp {
        host: host.to_owned(),
        port,
    }
}

fn proxy(host: &str, port: u16) -> ProxyOptions {
    ProxyOptions {
        host: host.to_owned(),
        port,
        credentials: None,
    }
}

async fn refused(address: &Address, proxy: Option<&ProxyOptions>) -> Error {
    dial(address, proxy, NO_PROGRESS)
        .await
        .expect_err("nobody accepts")
}

#[tokio::test]
async fn a_literal_is_dialled_and_configured() {
    let (_listener, address) = listen();
    let phases = RefCell::default();
    let progress = |phase: Phase| RefCell::<Vec<Phase>>::borrow_mut(&phases).push(phase);
    let dialled = dial(&tcp("127.0.0.1", address.port()), None, &progress)
        .await
        .expect("a socket");
    let Wire::Tcp(socket) = dialled.socket else {
        panic!("a host is dialled by TCP");
    };
    assert_eq!(socket.peer_addr().expect("a peer"), address);
    assert!(socket.nodelay().expect("an option"));
    let socket = SockRef::from(&socket);
    assert!(socket.keepalive().expect("an option"));
    #[cfg(unix)]
    assert_eq!(
        [socket.tcp_keepalive_time(), socket.tcp_keepalive_interval()]
            .map(|duration| duration.expect("an option").as_secs()),
        [120, 10]
    );
    assert_eq!(phases.into_inner(), [Phase::Dns, Phase::Tcp]);
}

#[tokio::test]
async fn a_name_is_dialled_whichever_of_its_families_listens() {
    let (_listener, address) = listen();
    dial(&tcp("localhost", address.port()), None, NO_PROGRESS)
        .await
        .expect("127.0.0.1 accepts");
}

#[tokio::test]
async fn a_family_that_refuses_gives_way_to_the_other() {
    let (_listener, address) = listen();
    let refusing = Refusing::at(Ipv6Addr::LOCALHOST);
    let socket = connect(&[refusing.address, address])
        .await
        .expect("127.0.0.1 accepts");
    assert_eq!(socket.peer_addr().expect("a peer"), address);
}

#[tokio::test]
async fn when_all_refuse_the_error_says_how_many() {
    let [first, last] = [
        Refusing::at(Ipv4Addr::LOCALHOST),
        Refusing::at(Ipv4Addr::LOCALHOST),
    ];
    let last_address = last.address;
    let reason = connect(&[first.address, last_address])
        .await
        .expect_err("nobody listens");
    assert!(reason.starts_with("Connection refused"), "{reason}");
    assert!(
        reason.ends_with(&format!(" at {last_address}, one of 2 addresses tried")),
        "{reason}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_that_swallows_everything_does_not_hold_up_the_next() {
    let hole = BlackHole::open();
    let (_listener, address) = listen();
    let socket = connect(&[hole.address, address])
        .await
        .expect("one accepts");
    assert_eq!(socket.peer_addr().expect("a peer"), address);
}

/// A listener whose backlog is full: the kernel answers no further SYN.
#[cfg(target_os = "linux")]
struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<std::net::TcpStream>,
}

#[cfg(target_os = "linux")]
impl BlackHole {
    fn open() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        listener.bind(&any.into()).expect("a port");
        listener.listen(0).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let address = address.as_socket().expect("an IP address");
        let queued = std::iter::from_fn(|| {
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
        });
        Self {
            address,
            _queued: queued.collect(),
            _listener: listener,
        }
    }
}

#[tokio::test]
async fn a_name_without_addresses_is_a_failure_of_dns() {
    let error = refused(&tcp(&unresolvable(), 27017), None).await;
    assert!(matches!(error.kind(), ErrorKind::Network), "{error:?}");
    assert_eq!(error.phase(), Phase::Dns);
    assert!(!error.is_overload());
}

#[tokio::test]
async fn a_refused_connection_may_be_due_to_load() {
    let refusing = Refusing::at(Ipv4Addr::LOCALHOST);
    let error = refused(&tcp("127.0.0.1", refusing.address.port()), None).await;
    assert_eq!(error.phase(), Phase::Tcp);
    assert!(error.message().starts_with("Connection refused"), "{error}");
    assert!(error.is_overload());
}

#[tokio::test]
async fn a_proxy_that_refuses_the_connection_is_named_and_no_load_of_the_server() {
    let refusing = Refusing::at(Ipv4Addr::LOCALHOST);
    let port = refusing.address.port();
    let error = refused(&tcp("db.example", 27017), Some(&proxy("127.0.0.1", port))).await;
    assert!(matches!(error.kind(), ErrorKind::Network), "{error:?}");
    assert_eq!(error.phase(), Phase::Tcp);
    assert!(!error.is_overload());
    let text = format!("SOCKS5 proxy 127.0.0.1:{port}: Connection refused");
    assert!(error.message().starts_with(&text), "{error}");
}

#[tokio::test]
async fn a_proxy_whose_own_name_does_not_resolve_is_a_failure_of_dns() {
    let nowhere = proxy(&unresolvable(), 1080);
    let error = refused(&tcp("127.0.0.1", 27017), Some(&nowhere)).await;
    assert_eq!(error.phase(), Phase::Dns);
    assert!(!error.is_overload());
    let text = format!("SOCKS5 proxy {}:1080: ", unresolvable());
    assert!(error.message().starts_with(&text), "{error}");
}

#[tokio::test]
async fn a_target_that_does_not_fit_the_protocol_is_refused_before_the_proxy_hears_of_it() {
    let (listener, address) = listen();
    listener.set_nonblocking(true).expect("an option");
    let long = "a".repeat(256);
    let error = refused(
        &tcp(&long, 27017),
        Some(&proxy("127.0.0.1", address.port())),
    )
    .await;
    assert!(
        matches!(error.kind(), ErrorKind::Configuration),
        "{error:?}"
    );
    let accepted = listener.accept().expect_err("nobody connects");
    assert_eq!(accepted.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_proxy_is_given_the_name_and_the_servers_first_bytes_stay_unread() {
    let (listener, address) = listen();
    let served = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("a connection");
        let mut greeting = [0; 3];
        peer.read_exact(&mut greeting).expect("a greeting");
        peer.write_all(&[5, 0]).expect("a method");
        // A name of no zone: whoever looked it up here would find nothing.
        let mut request = [0; 4 + 1 + 20 + 2];
        peer.read_exact(&mut request).expect("a request");
        assert_eq!(&request[5..25], b"no-such-host.invalid");
        assert_eq!(request[25..], 27018_u16.to_be_bytes());
        peer.write_all(b"\x05\0\0\x01\x7f\0\0\x01\x12\x34from the server")
            .expect("an answer");
    });
    let phases = RefCell::default();
    let progress = |phase: Phase| RefCell::<Vec<Phase>>::borrow_mut(&phases).push(phase);
    let target = tcp("no-such-host.invalid", 27018);
    let dialled = dial(
        &target,
        Some(&proxy("127.0.0.1", address.port())),
        &progress,
    )
    .await
    .expect("a tunnel");
    let Wire::Tcp(mut socket) = dialled.socket else {
        panic!("a proxy is dialled by TCP");
    };
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.expect("bytes");
    assert_eq!(bytes, b"from the server");
    assert!(socket.nodelay().expect("an option"));
    assert_eq!(phases.into_inner(), [Phase::Dns, Phase::Tcp]);
    served.join().expect("the proxy saw what it should");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_dialled_past_the_proxy() {
    let path = std::env::temp_dir().join(format!("ferropool-dial-{}.sock", std::process::id()));
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a listener");
    let address = Address::Unix(path.clone());
    let refusing = Refusing::at(Ipv4Addr::LOCALHOST);
    let nowhere = proxy("127.0.0.1", refusing.address.port());
    let dialled = dial(&address, Some(&nowhere), NO_PROGRESS).await;
    std::fs::remove_file(&path).expect("the socket's file");
    let dialled = dialled.expect("a socket");
    assert!(matches!(dialled.socket, Wire::Unix(_)));
    assert_eq!(dialled.dns, Duration::ZERO);
    drop(listener);

    let error = refused(&address, Some(&nowhere)).await;
    assert_eq!(error.phase(), Phase::Tcp);
    assert!(error.message().starts_with("No such file"), "{error}");
}
