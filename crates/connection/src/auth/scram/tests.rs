use super::messages::ClientFirst;
use super::{Hash, KeyCache, Scram};
use crate::auth::scripted::{Scripted, credential};
use crate::credential::{Credential, Mechanism};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A conversation of the Authentication specification, user "user" and password "pencil".
struct Example {
    hash: Hash,
    nonce: &'static str,
    client_first: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

const SHA1: Example = Example {
    hash: Hash::Sha1,
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    server_first: "r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,s=rQ9ZY3MntBeuP3E1TDVC4w==,i=10000",
    client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE,p=MC2T8BvbmWRckDw8oWl5IVghwCY=",
    server_final: "v=UMWeI25JD1yNYZRMpZ4VHvhZ9e0=",
};

const SHA256: Example = Example {
    hash: Hash::Sha256,
    nonce: "rOprNGfwEbeRWgbNEkqO",
    client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

impl Example {
    async fn run(&self, server: &mut Scripted) -> Result<(), Error> {
        let cache = KeyCache::default();
        self.run_with(&user(self.hash), &cache, server).await
    }

    async fn run_with(
        &self,
        user: &Credential,
        cache: &KeyCache,
        server: &mut Scripted,
    ) -> Result<(), Error> {
        let scram = Scram {
            hash: self.hash,
            first: ClientFirst::with_nonce("user", self.nonce.to_owned()),
        };
        let reply = scram.start().send("admin", server).await?;
        scram.finish(reply, user, cache, server).await
    }

    fn server(&self) -> Scripted {
        Scripted::new().sasl(7, self.server_first.as_bytes(), false)
    }
}

fn user(hash: Hash) -> Credential {
    credential(hash.mechanism())
}

#[tokio::test]
async fn the_specifications_conversations() {
    for example in [SHA1, SHA256] {
        let mut server = example.server();
        server = server.sasl(7, example.server_final.as_bytes(), true);
        example.run(&mut server).await.unwrap();

        let [(database, start), (_, proof)] = server.commands() else {
            panic!("{:?}", server.commands())
        };
        assert_eq!(database, "admin");
        let fields: Vec<_> = start.keys().collect();
        assert_eq!(fields, ["saslStart", "mechanism", "payload", "options"]);
        assert_eq!(
            start.get_str("mechanism").unwrap(),
            example.hash.mechanism().name()
        );
        let options = start.get_document("options").unwrap();
        assert_eq!(options, &bson::doc! { "skipEmptyExchange": true });
        assert_eq!(server.payload(0), example.client_first.as_bytes());

        assert_eq!(proof.get_i32("saslContinue").unwrap(), 1);
        assert_eq!(proof.get_i32("conversationId").unwrap(), 7);
        assert_eq!(server.payload(1), example.client_final.as_bytes());
    }
}

#[tokio::test]
async fn an_older_server_ends_with_an_exchange_of_nothing() {
    let mut server = SHA1.server();
    server = server.sasl(7, SHA1.server_final.as_bytes(), false);
    server = server.sasl(7, b"", true);
    SHA1.run(&mut server).await.unwrap();
    assert_eq!(server.commands().len(), 3);
    assert_eq!(server.payload(2), b"");
}

#[tokio::test]
async fn a_server_cannot_go_on_for_ever() {
    let mut server = SHA256.server();
    server = server.sasl(7, SHA256.server_final.as_bytes(), false);
    for _ in 0..10 {
        server = server.sasl(7, b"", false);
    }
    let error = SHA256.run(&mut server).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Authentication));
    assert_eq!(server.commands().len(), 3);
}

#[tokio::test]
async fn only_the_right_signature_is_a_proof() {
    let right = STANDARD.decode(&SHA256.server_final["v=".len()..]).unwrap();
    let mut flipped = right.clone();
    flipped[31] ^= 1;
    let wrong = [
        Vec::new(),
        right[..31].to_vec(),
        [&right[..], &[0]].concat(),
        flipped,
    ];
    for signature in wrong {
        let last = format!("v={}", STANDARD.encode(signature));
        let mut server = SHA256.server().sasl(7, last.as_bytes(), true);
        let error = SHA256.run(&mut server).await.unwrap_err();
        assert!(error.message().contains("signature is wrong"), "{error}");
    }
    for last in ["", "v=*", "x=1"] {
        let mut server = SHA256.server().sasl(7, last.as_bytes(), true);
        let error = SHA256.run(&mut server).await.unwrap_err();
        assert!(error.message().contains("final SCRAM message"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_done_before_it_has_proved_anything_is_refused() {
    for payload in ["", SHA256.server_first, SHA256.server_final] {
        let mut server = Scripted::new().sasl(7, payload.as_bytes(), true);
        let error = SHA256.run(&mut server).await.unwrap_err();
        assert!(error.message().contains("before its last step"), "{error}");
        assert_eq!(server.commands().len(), 1, "no proof was sent");
    }
}

#[tokio::test]
async fn a_low_count_or_a_foreign_nonce_gets_no_proof() {
    for payload in [
        SHA256.server_first.replace("4096", "4095"),
        SHA256.server_first.replace("rOpr", "XXXX"),
    ] {
        let mut server = Scripted::new().sasl(7, payload.as_bytes(), false);
        let error = SHA256.run(&mut server).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Authentication));
        assert_eq!(server.commands().len(), 1, "no proof was sent");
    }
}

#[tokio::test]
async fn replies_without_their_fields_are_refused() {
    for field in ["conversationId", "payload", "done"] {
        let mut reply = crate::auth::scripted::sasl(7, SHA256.server_first.as_bytes(), false);
        reply.remove(field);
        let mut server = Scripted::new().reply(reply);
        let error = SHA256.run(&mut server).await.unwrap_err();
        assert!(error.message().contains(field), "{error}");
    }
}

#[tokio::test]
async fn a_refused_proof_is_the_servers_error() {
    let mut server = SHA256.server().refuse();
    let wrong = Credential {
        password: Some(Secret::new("hunter2")),
        ..user(Hash::Sha256)
    };
    let cache = KeyCache::default();
    let failed = SHA256.run_with(&wrong, &cache, &mut server).await;
    let error = failed.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server(failure) if failure.code == Some(18)));
    assert_eq!(error.message(), "Authentication failed.");
    assert_ne!(server.payload(1), SHA256.client_final.as_bytes());
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[tokio::test]
async fn only_sha256_normalizes_the_password() {
    let prepared = |hash: Hash, password: &str| {
        let password = Some(Secret::new(password));
        let prepared = hash.prepare(&Credential {
            password,
            ..credential(Mechanism::ScramSha1)
        });
        prepared.unwrap().reveal().to_owned()
    };
    assert_eq!(prepared(Hash::Sha256, "I\u{ad}X"), "IX");
    assert_eq!(
        prepared(Hash::Sha1, "pencil"),
        "1c33006ec1ffd90f9cadcbcc0e118200"
    );
    assert_ne!(prepared(Hash::Sha1, "I\u{ad}X"), prepared(Hash::Sha1, "IX"));
}

/// Establishments that begin at once derive once: the others wait for the first one's keys.
#[tokio::test]
async fn connections_share_keys() {
    let cache = Arc::new(KeyCache::default());
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let cache = Arc::clone(&cache);
        tasks.spawn(async move {
            let mut server = SHA256.server();
            server = server.sasl(7, SHA256.server_final.as_bytes(), true);
            let user = user(Hash::Sha256);
            SHA256.run_with(&user, &cache, &mut server).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(cache.0.lock().len(), 1);
}
