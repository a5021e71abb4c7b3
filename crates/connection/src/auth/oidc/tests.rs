use super::*;
use crate::auth::scripted::{Scripted, payload, refusal, sasl};
use crate::auth::supplier::{AwsCredentials, BoxFuture, OidcRequest, OidcToken};
use crate::credential::{CallbackKind, MechanismProperties};
use crate::error::ErrorKind;
use bson::doc;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// A callback whose tokens are written down, and which gives each out when the test lets it.
#[derive(Debug)]
struct Callback {
    tokens: Mutex<VecDeque<OidcToken>>,
    requests: Arc<Mutex<Vec<(Instant, OidcRequest)>>>,
    gate: Arc<Semaphore>,
}

impl Callback {
    fn new(tokens: impl IntoIterator<Item = OidcToken>) -> Arc<Self> {
        Arc::new(Self {
            tokens: Mutex::new(tokens.into_iter().collect()),
            requests: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        })
    }

    fn calls(&self) -> usize {
        self.requests.lock().len()
    }

    fn request(&self, index: usize) -> OidcRequest {
        self.requests.lock()[index].1.clone()
    }

    fn oidc(self: &Arc<Self>, kind: CallbackKind, username: Option<&str>) -> Arc<Oidc> {
        let credential = Credential {
            username: username.map(str::to_owned),
            password: None,
            source: "$external".to_owned(),
            mechanism: Some(Mechanism::Oidc),
            properties: MechanismProperties {
                callback: Some(kind),
                ..MechanismProperties::default()
            },
        };
        let supplier: Arc<dyn CredentialSupplier> = Arc::<Self>::clone(self);
        Arc::new(Oidc::new(&credential, Some(supplier)).unwrap())
    }

    fn machine(self: &Arc<Self>) -> Arc<Oidc> {
        self.oidc(CallbackKind::Oidc, Some("principal"))
    }

    fn human(self: &Arc<Self>) -> Arc<Oidc> {
        self.oidc(CallbackKind::OidcHuman, Some("myidp"))
    }
}

impl CredentialSupplier for Callback {
    fn aws(&self) -> BoxFuture<Result<AwsCredentials, Error>> {
        unreachable!("MONGODB-OIDC asks for no AWS credentials")
    }

    fn oidc(&self, request: OidcRequest) -> BoxFuture<Result<OidcToken, Error>> {
        self.requests.lock().push((Instant::now(), request));
        let token = self.tokens.lock().pop_front();
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let permit = gate.acquire().await.unwrap();
            permit.forget();
            token.ok_or_else(|| Error::authentication("no more tokens"))
        })
    }
}

fn token(access: &str, refresh: Option<&str>) -> OidcToken {
    OidcToken {
        access_token: Secret::new(access),
        refresh_token: refresh.map(Secret::new),
    }
}

/// A server that accepts one token.
fn accepting(valid: &'static str) -> impl Fn(&bson::Document) -> bson::Document + Clone + Send {
    move |command| match jwt(command).as_deref() {
        Some(jwt) if jwt == valid => sasl(1, b"", true),
        Some(_) => refusal(),
        None => idp_info(),
    }
}

fn server(valid: &'static str) -> Scripted {
    let mut server = Scripted::new();
    for _ in 0..10 {
        server = server.answer(accepting(valid));
    }
    server
}

fn idp_info() -> bson::Document {
    let info = doc! { "issuer": "https://issuer", "clientId": "abcd", "requestScopes": ["a", "b"] };
    sasl(1, &info.to_vec().unwrap(), false)
}

fn jwt(command: &bson::Document) -> Option<String> {
    let step = bson::Document::from_reader(payload(command)).unwrap();
    step.get_str("jwt").ok().map(str::to_owned)
}

/// The tokens that were sent, `-` where a principal was.
fn sent(server: &Scripted) -> Vec<String> {
    let commands = server.commands().iter();
    commands
        .map(|(_, command)| jwt(command).unwrap_or_else(|| "-".to_owned()))
        .collect()
}

/// Authentication, "One-Step" and "Two-Step".
#[test]
fn payloads_are_the_specifications() {
    let base64 = |text| bson::Binary::from_base64(text, None).unwrap().bytes;
    let jwt = jwt_step(&Secret::new("abcd1234"));
    assert_eq!(jwt, base64("FwAAAAJqd3QACQAAAGFiY2QxMjM0AAA="));
    let principal = principal_step(Some("myidp"));
    assert_eq!(principal, base64("EgAAAAJuAAYAAABteWlkcAAA"));
    assert_eq!(principal_step(None), [5, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_machines_token_is_asked_for_once() {
    let callback = Callback::new([token("good", None)]);
    let oidc = callback.machine();
    assert!(oidc.speculate().is_none(), "there is no token yet");
    for _ in 0..3 {
        let mut server = server("good");
        oidc.authenticate(&mut server).await.unwrap();
        assert_eq!(sent(&server), ["good"]);
    }
    assert_eq!(callback.calls(), 1);
    let expected = OidcRequest {
        username: Some("principal".to_owned()),
        timeout: Duration::from_secs(60),
        version: 1,
        idp_info: None,
        refresh_token: None,
    };
    assert_eq!(callback.request(0), expected);
    assert_eq!(
        oidc.speculate().unwrap().payload,
        jwt_step(&Secret::new("good"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cached_token_that_is_refused_is_replaced_once() {
    let callback = Callback::new([token("old", None), token("new", None), token("newer", None)]);
    let oidc = callback.machine();
    oidc.authenticate(&mut server("old")).await.unwrap();

    let mut changed = server("new");
    oidc.authenticate(&mut changed).await.unwrap();
    assert_eq!(sent(&changed), ["old", "new"]);

    let mut refusing = server("none");
    let error = oidc.authenticate(&mut refusing).await.unwrap_err();
    assert!(is_refusal(&error));
    assert_eq!(sent(&refusing), ["new", "newer"]);
    assert_eq!(callback.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_is_an_error_at_once() {
    let callback = Callback::new([token("bad", None), token("good", None)]);
    let mut server = server("good");
    let failed = callback.machine().authenticate(&mut server).await;
    assert!(is_refusal(&failed.unwrap_err()));
    assert_eq!(callback.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_error_leaves_the_token() {
    let callback = Callback::new([token("good", None)]);
    let oidc = callback.machine();
    oidc.authenticate(&mut server("good")).await.unwrap();
    let other = doc! { "ok": 0, "code": 20, "errmsg": "illegal" };
    let mut failing = Scripted::new().reply(other);
    let error = oidc.authenticate(&mut failing).await.unwrap_err();
    assert_eq!(error.message(), "illegal");
    oidc.authenticate(&mut server("good")).await.unwrap();
    assert_eq!(callback.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_are_100_ms_apart() {
    let callback = Callback::new([token("1", None), token("2", None), token("3", None)]);
    let oidc = callback.machine();
    for valid in ["1", "2", "3"] {
        oidc.authenticate(&mut server(valid)).await.unwrap();
    }
    let requests = callback.requests.lock();
    for pair in requests.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(100));
    }
    assert_eq!(requests.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn connections_that_open_at_once_ask_once_even_if_the_first_gives_up() {
    let callback = Callback::new([token("good", None)]);
    callback.gate.forget_permits(Semaphore::MAX_PERMITS);
    let oidc = callback.machine();
    let mut given_up = server("good");
    let limit = Duration::from_secs(1);
    let elapsed = tokio::time::timeout(limit, oidc.authenticate(&mut given_up)).await;
    assert!(elapsed.is_err());

    let others = [(); 5].map(|()| {
        let oidc = Arc::clone(&oidc);
        tokio::spawn(async move { oidc.authenticate(&mut server("good")).await })
    });
    tokio::time::sleep(limit).await;
    callback.gate.add_permits(1);
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(callback.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_never_answers_is_ended() {
    let callback = Callback::new([token("late", None), token("good", None)]);
    callback.gate.forget_permits(Semaphore::MAX_PERMITS);
    let oidc = callback.machine();
    let mut server = server("good");
    let error = oidc.authenticate(&mut server).await.unwrap_err();
    assert_eq!(error.message(), "no OIDC token after 60 s");
    assert!(matches!(error.kind(), ErrorKind::Authentication));
    callback.gate.add_permits(1);
    oidc.authenticate(&mut server).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_human_is_told_the_provider() {
    let callback = Callback::new([token("good", Some("renew"))]);
    let oidc = callback.human();
    let mut first = server("good");
    oidc.authenticate(&mut first).await.unwrap();
    assert_eq!(sent(&first), ["-", "good"]);
    assert!(first.commands()[1].1.contains_key("saslContinue"));
    let expected = OidcRequest {
        username: Some("myidp".to_owned()),
        timeout: Duration::from_secs(300),
        version: 1,
        idp_info: Some(IdpInfo {
            issuer: "https://issuer".to_owned(),
            client_id: Some("abcd".to_owned()),
            request_scopes: vec!["a".to_owned(), "b".to_owned()],
        }),
        refresh_token: None,
    };
    assert_eq!(callback.request(0), expected);

    let mut second = server("good");
    oidc.authenticate(&mut second).await.unwrap();
    assert_eq!(sent(&second), ["good"]);
    assert_eq!(callback.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_renews_without_a_new_conversation() {
    let callback = Callback::new([
        token("1", Some("renew")),
        token("2", None),
        token("3", None),
    ]);
    let oidc = callback.human();
    oidc.authenticate(&mut server("1")).await.unwrap();

    let mut renewed = server("2");
    oidc.authenticate(&mut renewed).await.unwrap();
    assert_eq!(sent(&renewed), ["1", "2"]);
    let refresh = callback.request(1).refresh_token;
    assert_eq!(refresh, Some(Secret::new("renew")));
    assert!(callback.request(1).idp_info.is_some());

    // The provider brought no new refresh token, so the old one still holds.
    let mut again = server("3");
    oidc.authenticate(&mut again).await.unwrap();
    assert_eq!(sent(&again), ["2", "3"]);
    assert_eq!(callback.request(2).refresh_token, refresh);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_brings_nothing_is_forgotten_and_the_human_is_asked() {
    let tokens = [
        token("1", Some("renew")),
        token("2", None),
        token("3", None),
    ];
    let callback = Callback::new(tokens);
    let oidc = callback.human();
    oidc.authenticate(&mut server("1")).await.unwrap();
    let mut server = server("3");
    oidc.authenticate(&mut server).await.unwrap();
    assert_eq!(sent(&server), ["1", "2", "-", "3"]);
    assert_eq!(callback.request(2).refresh_token, None);
}

#[tokio::test(start_paused = true)]
async fn a_human_who_is_refused_is_not_asked_again() {
    let callback = Callback::new([token("bad", Some("renew")), token("good", None)]);
    let mut server = server("good");
    let failed = callback.human().authenticate(&mut server).await;
    assert!(is_refusal(&failed.unwrap_err()));
    assert_eq!(callback.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_provider_does_not_reach_the_human() {
    let callback = Callback::new([token("good", None)]);
    for reply in [sasl(1, b"", true), sasl(1, b"", false), {
        let info = doc! { "clientId": "abcd" };
        sasl(1, &info.to_vec().unwrap(), false)
    }] {
        let mut server = Scripted::new().reply(reply);
        let failed = callback.human().authenticate(&mut server).await;
        assert!(failed.is_err());
        assert_eq!(callback.calls(), 0);
    }
    // A provider for machines has no client id.
    let info = doc! { "issuer": "https://issuer" };
    let mut server = Scripted::new()
        .sasl(1, &info.to_vec().unwrap(), false)
        .sasl(1, b"", true);
    callback.human().authenticate(&mut server).await.unwrap();
    let told = callback.request(0).idp_info.unwrap();
    assert_eq!((told.client_id, told.request_scopes), (None, vec![]));
}

#[test]
fn a_human_token_goes_to_allowed_hosts_only() {
    let callback = Callback::new([]);
    let elsewhere = Address::parse("example.com").unwrap();
    let refused = callback.human().check(&elsewhere).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Configuration));
    assert!(
        callback
            .human()
            .check(&Address::parse("localhost").unwrap())
            .is_ok()
    );
    assert!(callback.machine().check(&elsewhere).is_ok());
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_printed() {
    let callback = Callback::new([token("very-secret", Some("more-secret"))]);
    let oidc = callback.human();
    oidc.authenticate(&mut server("very-secret")).await.unwrap();
    let shown = format!("{oidc:?}");
    assert!(!shown.contains("secret"), "{shown}");
}
