use super::{ProxyFailure, Tunnel};
use crate::error::{Error, ErrorKind, Phase};
use crate::secret::Secret;
use crate::socks::ProxyOptions;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// What a scripted proxy does, in order.
enum Step<'a> {
    /// Reads exactly this.
    Expects(&'a [u8]),
    Says(&'a [u8]),
}
use Step::{Expects, Says};

const GREETING: &[u8] = &[5, 1, 0];
const GREETING_WITH_PASSWORD: &[u8] = &[5, 2, 0, 2];
const REQUEST: &[u8] = b"\x05\x01\0\x03\x0adb.example\x69\x89";
const SUCCESS: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn proxy(credentials: Option<(&str, &str)>) -> ProxyOptions {
    ProxyOptions {
        host: "proxy.example".to_owned(),
        port: ProxyOptions::DEFAULT_PORT,
        credentials: credentials.map(|(user, password)| (user.to_owned(), Secret::new(password))),
    }
}

fn tunnel(host: &str, credentials: Option<(&str, &str)>) -> Result<Tunnel, Error> {
    Tunnel::to(host, 27017, &proxy(credentials))
}

/// Opens a tunnel through a proxy that follows `script` and then closes, and gives what the next
/// reader finds.
async fn open(tunnel: &Tunnel, script: &[Step<'_>]) -> Result<Vec<u8>, ProxyFailure> {
    let (mut near, mut far) = duplex(1024);
    let scripted = async move {
        for step in script {
            match step {
                Expects(bytes) => assert_eq!(read(&mut far, bytes.len()).await, *bytes),
                Says(bytes) => far.write_all(bytes).await.expect("an open pipe"),
            }
        }
        far.shutdown().await.expect("an open pipe");
        far
    };
    let (opened, _far) = tokio::join!(tunnel.open(&mut near), scripted);
    opened?;
    let mut left = Vec::new();
    near.read_to_end(&mut left).await.expect("an open pipe");
    Ok(left)
}

async fn read(stream: &mut DuplexStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.expect("an open pipe");
    bytes
}

async fn failure(tunnel: &Tunnel, script: &[Step<'_>]) -> String {
    let failure = open(tunnel, script).await.expect_err("a failure");
    failure.to_string()
}

#[tokio::test]
async fn without_credentials_only_no_authentication_is_offered() {
    let tunnel = tunnel("db.example", None).expect("a tunnel");
    let script = [
        Expects(GREETING),
        Says(&[5, 0]),
        Expects(REQUEST),
        Says(SUCCESS),
    ];
    assert_eq!(open(&tunnel, &script).await.expect("success"), b"");
}

#[tokio::test]
async fn with_credentials_both_are_offered_and_the_proxy_chooses() {
    let tunnel = tunnel("db.example", Some(("user", "p4ssw0rd"))).expect("a tunnel");
    let asked = [
        Expects(GREETING_WITH_PASSWORD),
        Says(&[5, 2]),
        Expects(b"\x01\x04user\x08p4ssw0rd"),
        Says(&[1, 0]),
        Expects(REQUEST),
        Says(SUCCESS),
    ];
    assert_eq!(open(&tunnel, &asked).await.expect("success"), b"");
    let not_asked = [
        Expects(GREETING_WITH_PASSWORD),
        Says(&[5, 0]),
        Expects(REQUEST),
        Says(SUCCESS),
    ];
    assert_eq!(open(&tunnel, &not_asked).await.expect("success"), b"");
}

#[tokio::test]
async fn a_wrong_password_is_said_without_it() {
    let options = proxy(Some(("hidden-user", "hidden-password")));
    let tunnel = Tunnel::to("db.example", 27017, &options).expect("a tunnel");
    for status in [1, 255] {
        let script = [
            Expects(GREETING_WITH_PASSWORD),
            Says(&[5, 2]),
            Expects(b"\x01\x0bhidden-user\x0fhidden-password"),
            Says(&[1, status]),
        ];
        let failure = open(&tunnel, &script).await.expect_err("a failure");
        assert!(matches!(failure, ProxyFailure::WrongPassword));
        let error = options.error(Phase::Tcp, failure);
        assert_eq!(
            error.message(),
            "SOCKS5 proxy proxy.example:1080: does not accept proxyUsername and proxyPassword"
        );
        assert!(!format!("{error:?} {options:?}").contains("hidden-password"));
    }
}

#[tokio::test]
async fn a_method_that_was_not_offered_is_not_used() {
    let without = tunnel("db.example", None).expect("a tunnel");
    let with = tunnel("db.example", Some(("user", "password"))).expect("a tunnel");
    let wants = "requires a user and a password, and proxyUsername and proxyPassword are not given";
    let unknown = "chooses authentication method 1, which was not offered";
    for (tunnel, method, text) in [
        (&without, 0xff, wants),
        (&without, 2, wants),
        (&without, 1, unknown),
        (&with, 1, unknown),
        (
            &with,
            0xff,
            "accepts neither a user and a password nor none",
        ),
    ] {
        assert_eq!(failure(tunnel, &[Says(&[5, method])]).await, text);
    }
}

#[tokio::test]
async fn literals_are_sent_as_addresses_and_names_as_they_are() {
    for (host, sent) in [
        ("127.0.0.1", &b"\x01\x7f\0\0\x01"[..]),
        ("::1", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        ("fe80::1%eth0", b"\x03\x0cfe80::1%eth0"),
        ("db", b"\x03\x02db"),
    ] {
        let tunnel = tunnel(host, None).expect("a tunnel");
        let mut request = vec![5, 1, 0];
        request.extend(sent);
        request.extend(27017_u16.to_be_bytes());
        let script = [
            Says(&[5, 0]),
            Expects(GREETING),
            Expects(&request),
            Says(SUCCESS),
        ];
        open(&tunnel, &script).await.expect(host);
    }
}

#[tokio::test]
async fn whatever_the_proxy_calls_its_end_the_servers_bytes_are_left() {
    let tunnel = tunnel("db.example", None).expect("a tunnel");
    let mut longest = vec![5, 0, 0, 3, 255];
    longest.extend([b'a'; 255 + 2]);
    let answers = [
        &b"\x05\0\0\x01\x7f\0\0\x01\x12\x34"[..],
        b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34",
        b"\x05\0\0\x03\x05proxy\x12\x34",
        b"\x05\0\0\x03\0\x12\x34",
        b"\x05\0\xff\x01\0\0\0\0\0\0",
        &longest,
    ];
    for answer in answers {
        let glued = [answer, b"server"].concat();
        let script = [Says(&[5, 0]), Says(&glued)];
        assert_eq!(open(&tunnel, &script).await.expect("success"), b"server");
    }
}

#[tokio::test]
async fn each_reply_has_its_reason() {
    let tunnel = tunnel("db.example", None).expect("a tunnel");
    for (reply, text) in [
        (1, "general failure (reply 1)"),
        (2, "its rules do not allow the connection (reply 2)"),
        (3, "the server's network is unreachable (reply 3)"),
        (4, "the server's host is unreachable (reply 4)"),
        (5, "the server refused the connection (reply 5)"),
        (6, "the connection's time to live expired (reply 6)"),
        (7, "does not support CONNECT (reply 7)"),
        (8, "does not support this type of address (reply 8)"),
        (9, "unknown failure (reply 9)"),
        (255, "unknown failure (reply 255)"),
    ] {
        // With and without the address that should follow.
        for answer in [&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0][..], &[5, reply]] {
            assert_eq!(failure(&tunnel, &[Says(&[5, 0]), Says(answer)]).await, text);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_a_closed_connection_wherever_it_is_cut() {
    let tunnel = tunnel("db.example", Some(("user", "password"))).expect("a tunnel");
    let named = b"\x05\0\0\x03\x05proxy\x12\x34";
    let whole = [&[5, 2, 1, 0], &named[..]].concat();
    for end in 0..whole.len() {
        assert_eq!(
            failure(&tunnel, &[Says(&whole[..end])]).await,
            "closed the connection during its handshake",
            "cut at {end}"
        );
    }
    assert_eq!(open(&tunnel, &[Says(&whole)]).await.expect("success"), b"");
}

#[tokio::test]
async fn what_does_not_speak_socks5_is_told_by_its_version() {
    let tunnel = tunnel("db.example", None).expect("a tunnel");
    assert_eq!(
        failure(&tunnel, &[Says(b"HTTP/1.1 400 Bad Request\r\n")]).await,
        "does not speak SOCKS5: answers with version 72"
    );
    assert_eq!(
        failure(&tunnel, &[Says(&[5, 0]), Says(&[4, 0, 0, 1])]).await,
        "does not speak SOCKS5: answers with version 4"
    );
    assert_eq!(
        failure(&tunnel, &[Says(&[5, 0]), Says(&[5, 0, 0, 2])]).await,
        "answers with address type 2, which SOCKS5 does not know"
    );
}

#[tokio::test]
async fn the_version_of_the_passwords_status_does_not_matter() {
    let tunnel = tunnel("db.example", Some(("user", "password"))).expect("a tunnel");
    let script = [Says(&[5, 2]), Says(&[5, 0]), Says(SUCCESS)];
    assert_eq!(open(&tunnel, &script).await.expect("success"), b"");
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_until_the_caller_gives_up() {
    let tunnel = tunnel("db.example", Some(("user", "password"))).expect("a tunnel");
    for said in [
        &[][..],
        &[5],
        &[5, 2],
        &[5, 2, 1, 0],
        &[5, 2, 1, 0, 5, 0, 0],
    ] {
        let (mut near, mut far) = duplex(1024);
        far.write_all(said).await.expect("an open pipe");
        let opened = tokio::time::timeout(Duration::from_secs(30), tunnel.open(&mut near)).await;
        assert!(opened.is_err(), "after {said:?}");
    }
}

#[test]
fn what_does_not_fit_the_protocol_is_refused_by_name_and_without_its_value() {
    let long = "x".repeat(256);
    let fits = "x".repeat(255);
    for (host, credentials, what, length) in [
        (&*long, None, "The host's name", 256),
        ("", None, "The host's name", 0),
        ("db", Some((&*long, "b")), "proxyUsername", 256),
        ("db", Some(("", "b")), "proxyUsername", 0),
        ("db", Some(("a", &*long)), "proxyPassword", 256),
        ("db", Some(("a", "")), "proxyPassword", 0),
    ] {
        let Err(error) = tunnel(host, credentials) else {
            panic!("{what} of {length} bytes does not fit");
        };
        assert!(
            matches!(error.kind(), ErrorKind::Configuration),
            "{error:?}"
        );
        assert_eq!(error.phase(), Phase::Tcp);
        assert_eq!(
            error.message(),
            format!("{what} must have 1 to 255 bytes for a SOCKS5 proxy, has {length}")
        );
    }
    assert!(tunnel(&fits, Some((&fits, &fits))).is_ok());
}
