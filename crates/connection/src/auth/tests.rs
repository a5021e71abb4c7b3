use super::scripted::{Scripted, binary, credential, payload, refusal, sasl};
use super::*;
use crate::credential::{CallbackKind, MechanismProperties};
use crate::error::ErrorKind;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bson::{Bson, doc};
use ferropool_wire::{Appender, Document};

fn address() -> Address {
    Address::parse("localhost").unwrap()
}

fn hello(attempt: &Attempt<'_>) -> bson::Document {
    let mut body = Vec::new();
    let mut hello = Appender::begin(&mut body);
    hello.int32("hello", 1);
    attempt.append_hello(&mut hello);
    hello.finish();
    bson::Document::from_reader(&body[..]).unwrap()
}

/// Begins, says hello and finishes after `reply`, which may read what hello carried.
async fn authenticate(
    authenticator: &Authenticator,
    reply: impl FnOnce(&bson::Document) -> bson::Document,
    server: &mut Scripted,
) -> Result<(), Error> {
    let attempt = authenticator.begin(&address())?;
    let reply = reply(&hello(&attempt)).to_vec().unwrap();
    attempt.finish(Document::new(&reply).unwrap(), server).await
}

fn server_first(command: &bson::Document) -> Vec<u8> {
    let text = std::str::from_utf8(payload(command)).unwrap();
    let (_, nonce) = text.split_once(",r=").unwrap();
    format!("r={nonce}server,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").into_bytes()
}

/// Answers a first message, and refuses the proof; so the conversation took place.
fn refusing_proof() -> Scripted {
    Scripted::new()
        .answer(|start| sasl(1, &server_first(start), false))
        .refuse()
}

fn is_refused(result: Result<(), Error>) -> bool {
    result.is_err_and(|error| sasl::is_refusal(&error))
}

fn mechanism(server: &Scripted) -> String {
    let (_, start) = &server.commands()[0];
    start.get_str("mechanism").unwrap().to_owned()
}

#[test]
fn without_a_mechanism_hello_asks_for_the_users_and_tries_sha256() {
    let authenticator = Authenticator::new(credential(None), None);
    let hello = hello(&authenticator.begin(&address()).unwrap());
    assert_eq!(hello.get_str("saslSupportedMechs").unwrap(), "admin.user");
    let speculative = hello.get_document("speculativeAuthenticate").unwrap();
    assert_eq!(speculative.get_i32("saslStart").unwrap(), 1);
    assert_eq!(speculative.get_str("mechanism").unwrap(), "SCRAM-SHA-256");
    assert_eq!(speculative.get_str("db").unwrap(), "admin");
    let options = speculative.get_document("options").unwrap();
    assert_eq!(options, &doc! { "skipEmptyExchange": true });
    assert!(payload(speculative).starts_with(b"n,,n=user,r="));
}

#[test]
fn a_mechanism_is_not_negotiated() {
    for (given, speculates) in [
        (Mechanism::ScramSha1, true),
        (Mechanism::ScramSha256, true),
        (Mechanism::X509, true),
        (Mechanism::Plain, false),
        (Mechanism::Aws, false),
    ] {
        let authenticator = Authenticator::new(credential(given), None);
        let hello = hello(&authenticator.begin(&address()).unwrap());
        assert!(!hello.contains_key("saslSupportedMechs"));
        let found = hello.get_document("speculativeAuthenticate").ok();
        let found = found.map(|command| command.get_str("mechanism").unwrap());
        assert_eq!(found, speculates.then(|| given.name()));
    }
}

#[tokio::test]
async fn a_speculative_conversation_is_continued() {
    let authenticator = Authenticator::new(credential(None), None);
    let mut server = Scripted::new().refuse();
    let offer = |hello: &bson::Document| {
        let start = hello.get_document("speculativeAuthenticate").unwrap();
        let mut reply = sasl(9, &server_first(start), false);
        reply.remove("ok");
        doc! { "ok": 1, "speculativeAuthenticate": reply }
    };
    assert!(is_refused(
        authenticate(&authenticator, offer, &mut server).await
    ));
    let (database, command) = server.only_command();
    assert_eq!(database, "admin");
    assert_eq!(command.get_i32("saslContinue").unwrap(), 1);
    assert_eq!(command.get_i32("conversationId").unwrap(), 9);
}

#[tokio::test]
async fn without_a_speculative_reply_the_offer_decides() {
    let offers = [
        (doc! { "ok": 1 }, "SCRAM-SHA-1"),
        (doc! { "ok": 1, "saslSupportedMechs": [] }, "SCRAM-SHA-1"),
        (
            doc! { "ok": 1, "saslSupportedMechs": ["PLAIN", 7, "NEW"] },
            "SCRAM-SHA-1",
        ),
        (
            doc! { "ok": 1, "saslSupportedMechs": ["SCRAM-SHA-1"] },
            "SCRAM-SHA-1",
        ),
        (
            doc! { "ok": 1, "saslSupportedMechs": ["SCRAM-SHA-1", "SCRAM-SHA-256"] },
            "SCRAM-SHA-256",
        ),
    ];
    for (offer, expected) in offers {
        let authenticator = Authenticator::new(credential(None), None);
        let mut server = refusing_proof();
        let result = authenticate(&authenticator, |_| offer, &mut server).await;
        assert!(is_refused(result));
        assert_eq!(mechanism(&server), expected);
        assert_eq!(server.commands().len(), 2);
    }
}

#[tokio::test]
async fn a_given_mechanism_is_honoured_whatever_is_offered() {
    for given in [Mechanism::ScramSha1, Mechanism::ScramSha256] {
        let authenticator = Authenticator::new(credential(given), None);
        let offer = doc! { "ok": 1, "saslSupportedMechs": ["SCRAM-SHA-1", "SCRAM-SHA-256"] };
        let mut server = refusing_proof();
        let result = authenticate(&authenticator, |_| offer, &mut server).await;
        assert!(is_refused(result));
        assert_eq!(mechanism(&server), given.name());
    }
}

#[tokio::test]
async fn a_fresh_conversation_has_a_fresh_nonce() {
    let authenticator = Authenticator::new(credential(None), None);
    let attempt = authenticator.begin(&address()).unwrap();
    let hello = hello(&attempt);
    let mut server = Scripted::new().refuse();
    let reply = doc! { "ok": 1 }.to_vec().unwrap();
    let finished = attempt.finish(Document::new(&reply).unwrap(), &mut server);
    assert!(is_refused(finished.await));
    let speculative = hello.get_document("speculativeAuthenticate").unwrap();
    assert_ne!(payload(speculative), server.payload(0));
}

#[tokio::test]
async fn a_speculative_reply_proves_no_more_than_another() {
    let authenticator = Authenticator::new(credential(None), None);
    for speculative in [
        doc! {},
        sasl(1, b"", true),
        sasl(1, b"v=AAAA", true),
        sasl(1, b"", false),
        doc! { "conversationId": 1, "done": true, "payload": "text" },
    ] {
        let mut server = Scripted::new();
        let offer = doc! { "ok": 1, "speculativeAuthenticate": speculative };
        let failed = authenticate(&authenticator, |_| offer, &mut server).await;
        let error = failed.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Authentication),
            "{error:?}"
        );
        assert!(server.commands().is_empty());
    }
}

#[tokio::test]
async fn a_certificate_is_accepted_with_hello_or_after_it() {
    let mut user = credential(Mechanism::X509);
    user.source = "$external".to_owned();
    let authenticator = Authenticator::new(user, None);
    let mut server = Scripted::new();
    let accepted = |hello: &bson::Document| {
        let command = hello.get_document("speculativeAuthenticate").unwrap();
        let expected = doc! { "authenticate": 1, "mechanism": "MONGODB-X509", "user": "user" };
        assert_eq!(command, &expected);
        doc! { "ok": 1, "speculativeAuthenticate": { "dbname": "$external", "user": "user" } }
    };
    let result = authenticate(&authenticator, accepted, &mut server).await;
    result.unwrap();
    assert!(server.commands().is_empty());

    let mut server = Scripted::new().reply(doc! { "ok": 1 });
    let result = authenticate(&authenticator, |_| doc! { "ok": 1 }, &mut server).await;
    result.unwrap();
    server.only_command();
}

#[tokio::test]
async fn an_arbiter_authenticates_nobody() {
    let authenticator = Authenticator::new(credential(None), None);
    let mut server = Scripted::new();
    let arbiter = doc! { "ok": 1, "setName": "rs", "arbiterOnly": true };
    let result = authenticate(&authenticator, |_| arbiter, &mut server).await;
    result.unwrap();
    assert!(server.commands().is_empty());
}

#[tokio::test]
async fn what_can_never_be_used_is_refused_before_any_io() {
    let nobody = |mechanism: Option<Mechanism>| Credential {
        username: None,
        password: None,
        ..credential(mechanism)
    };
    let without_password = |mechanism: Mechanism| Credential {
        password: None,
        ..credential(mechanism)
    };
    let human = Credential {
        properties: MechanismProperties {
            callback: Some(CallbackKind::OidcHuman),
            ..MechanismProperties::default()
        },
        ..nobody(Some(Mechanism::Oidc))
    };
    for (credential, named) in [
        (
            credential(Mechanism::Gssapi),
            "GSSAPI is not supported: it needs Kerberos",
        ),
        (nobody(None), "needs a user name and a password"),
        (without_password(Mechanism::ScramSha1), "SCRAM-SHA-1 needs"),
        (
            without_password(Mechanism::ScramSha256),
            "SCRAM-SHA-256 needs",
        ),
        (without_password(Mechanism::Plain), "PLAIN needs"),
        (without_password(Mechanism::Aws), "secret access key"),
        (nobody(Some(Mechanism::Oidc)), "OIDC_CALLBACK"),
        (human, "OIDC_CALLBACK"),
    ] {
        let authenticator = Authenticator::new(credential, None);
        let refusal = authenticator.refusal().unwrap();
        assert!(matches!(refusal.kind(), ErrorKind::Configuration));
        assert!(refusal.message().contains(named), "{refusal}");
        let Err(error) = authenticator.begin(&address()) else {
            panic!("{named}: began")
        };
        assert_eq!(error.message(), refusal.message());
    }
    for mechanism in [Mechanism::X509, Mechanism::Aws] {
        let authenticator = Authenticator::new(nobody(Some(mechanism)), None);
        assert!(authenticator.refusal().is_none());
    }
}

/// Whatever a server answers, errors do not repeat what the client knows.
#[tokio::test]
async fn no_secret_is_in_any_error() {
    const SECRET: &str = "correct-horse";
    let token = "token-of-a-session";
    let garbage = [
        doc! {},
        doc! { "ok": 1 },
        doc! { "ok": 1, "conversationId": "x", "done": 7, "payload": Bson::Null },
        sasl(1, b"\xff\xfe", false),
        sasl(1, b"e=other-error", false),
        sasl(1, &[], true),
        refusal(),
        doc! { "ok": 1, "conversationId": 1, "done": false, "payload": binary(&[0; 100]) },
    ];
    for mechanism in [
        None,
        Some(Mechanism::ScramSha1),
        Some(Mechanism::ScramSha256),
        Some(Mechanism::Plain),
        Some(Mechanism::Aws),
    ] {
        for answer in &garbage {
            let mut user = credential(mechanism);
            user.username = Some("someone-known".to_owned());
            user.password = Some(Secret::new(SECRET));
            user.properties.aws_session_token = Some(Secret::new(token));
            let authenticator = Authenticator::new(user, None);
            let mut server = Scripted::new().reply(answer.clone()).reply(answer.clone());
            let offer = doc! { "ok": 1 };
            let result = authenticate(&authenticator, |_| offer, &mut server).await;
            let shown = format!("{authenticator:?} {result:?}");
            let in_base64 = STANDARD.encode(SECRET);
            for secret in [SECRET, &in_base64, token, "someone-known"] {
                assert!(!shown.contains(secret), "{mechanism:?}: {shown}");
            }
        }
    }
}

#[test]
fn an_attempt_can_be_driven_by_any_thread() {
    fn is_send(_: &impl Send) {}
    let authenticator = Authenticator::new(credential(None), None);
    let attempt = authenticator.begin(&address()).unwrap();
    let reply = doc! { "ok": 1 }.to_vec().unwrap();
    let mut server = Scripted::new();
    is_send(&attempt.finish(Document::new(&reply).unwrap(), &mut server));
}
