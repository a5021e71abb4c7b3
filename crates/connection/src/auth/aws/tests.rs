use super::*;
use crate::auth::scripted::{Scripted, binary, credential, payload, sasl};
use crate::auth::supplier::{BoxFuture, OidcRequest, OidcToken};
use crate::credential::Mechanism;
use crate::error::ErrorKind;
use bson::doc;

/// STS behind a server: answers the client's nonce with `host`, and `extra` bytes of its own.
fn server_first(command: &bson::Document, host: &str, extra: usize) -> bson::Document {
    let first = bson::Document::from_reader(payload(command)).unwrap();
    assert_eq!(first.get_i32("p").unwrap(), 110);
    let mut nonce = first.get_binary_generic("r").unwrap().clone();
    assert_eq!(nonce.len(), 32);
    nonce.extend(vec![7; extra]);
    let message = doc! { "s": binary(&nonce), "h": host };
    sasl(3, &message.to_vec().unwrap(), false)
}

fn server(host: &'static str, extra: usize) -> Scripted {
    Scripted::new().answer(move |command| server_first(command, host, extra))
}

fn user(token: Option<&str>) -> Credential {
    let mut user = credential(Mechanism::Aws);
    user.source = "$external".to_owned();
    user.properties.aws_session_token = token.map(Secret::new);
    user
}

#[tokio::test]
async fn the_signature_goes_back_in_the_second_step() {
    for token in [None, Some("temporary")] {
        let mut server = server("sts.eu-west-1.amazonaws.com", 32).sasl(3, b"", true);
        let user = user(token);
        authenticate(&user, None, &mut server).await.unwrap();
        assert_eq!(server.commands().len(), 2);
        assert_eq!(server.commands()[0].0, "$external");

        let second = bson::Document::from_reader(server.payload(1)).unwrap();
        let (date, header) = (second.get_str("d").unwrap(), second.get_str("a").unwrap());
        let scope = format!("Credential=user/{}/eu-west-1/sts/aws4_request,", &date[..8]);
        assert!(header.contains(&scope), "{header}");
        assert!(!header.contains("pencil"), "{header}");
        assert_eq!(second.get_str("t").ok(), token);
        assert_eq!(header.contains("x-amz-security-token"), token.is_some());
    }
}

#[derive(Debug)]
struct Supplier(Result<AwsCredentials, Error>);

impl CredentialSupplier for Supplier {
    fn aws(&self) -> BoxFuture<Result<AwsCredentials, Error>> {
        let supplied = self.0.clone();
        Box::pin(async { supplied })
    }

    fn oidc(&self, _request: OidcRequest) -> BoxFuture<Result<OidcToken, Error>> {
        unreachable!("MONGODB-AWS asks for no token")
    }
}

#[tokio::test]
async fn a_callback_supplies_what_the_credential_lacks() {
    let anonymous = Credential {
        username: None,
        password: None,
        ..user(None)
    };
    let supplier = Supplier(Ok(AwsCredentials {
        access_key_id: "supplied".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Some(Secret::new("token")),
    }));
    let mut server = server("localhost", 32).sasl(3, b"", true);
    let authenticated = authenticate(&anonymous, Some(&supplier), &mut server).await;
    authenticated.unwrap();
    let second = bson::Document::from_reader(server.payload(1)).unwrap();
    assert!(
        second
            .get_str("a")
            .unwrap()
            .contains("Credential=supplied/")
    );
    assert_eq!(second.get_str("t").unwrap(), "token");

    let supplier = Supplier(Err(Error::authentication("the role may not be assumed")));
    let mut server = Scripted::new();
    let failed = authenticate(&anonymous, Some(&supplier), &mut server).await;
    assert_eq!(failed.unwrap_err().message(), "the role may not be assumed");
    assert!(server.commands().is_empty());
}

#[test]
fn the_environment_has_both_keys_or_nothing() {
    let all = |name: &str| Some(format!("{name} value"));
    let credentials = from_environment(all).unwrap();
    assert_eq!(credentials.access_key_id, "AWS_ACCESS_KEY_ID value");
    assert_eq!(
        credentials.secret_access_key.reveal(),
        "AWS_SECRET_ACCESS_KEY value"
    );
    let token = credentials.session_token.unwrap();
    assert_eq!(token.reveal(), "AWS_SESSION_TOKEN value");

    let permanent = from_environment(|name| all(name).filter(|_| name != "AWS_SESSION_TOKEN"));
    assert_eq!(permanent.unwrap().session_token, None);
    for missing in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let error = from_environment(|name| all(name).filter(|_| name != missing)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Configuration));
        assert!(
            error.message().contains("AWS_CREDENTIAL_PROVIDER"),
            "{error}"
        );
        assert!(!error.message().contains("value"), "{error}");
    }
    let empty = from_environment(|_| Some(String::new()));
    assert!(empty.is_err());
}

/// Authentication, "Region Calculation".
#[test]
fn regions_are_the_second_label() {
    for (host, expected) in [
        ("sts.amazonaws.com", "us-east-1"),
        ("aws.amazonaws.com", "us-east-1"),
        ("sts.us-west-2.amazonaws.com", "us-west-2"),
        ("sts.us-west-2.amazonaws.com.ch", "us-west-2"),
        ("example.com", "com"),
        ("localhost", "us-east-1"),
    ] {
        assert_eq!(region(host).ok(), Some(expected), "{host}");
    }
    let long = "a".repeat(256);
    for host in [
        "",
        ".",
        "sts..com",
        ".amazonaws.com",
        "sts.amazonaws.",
        "sts\nx-amz-date:1.com",
        "sts/.com",
        &long,
    ] {
        assert!(region(host).is_err(), "{host:?}");
    }
    assert!(region(&long[1..]).is_ok());
}

#[tokio::test]
async fn a_server_with_a_bad_nonce_or_host_gets_no_signature() {
    let replaced_nonce = Scripted::new().answer(|_| {
        let message = doc! { "s": binary(&[7; 64]), "h": "sts.amazonaws.com" };
        sasl(3, &message.to_vec().unwrap(), false)
    });
    let without_host = Scripted::new().answer(|_| {
        let message = doc! { "s": binary(&[7; 64]) };
        sasl(3, &message.to_vec().unwrap(), false)
    });
    for mut server in [
        server("sts.amazonaws.com", 31),
        server("sts.amazonaws.com", 33),
        server("sts.amazonaws.com", 0),
        server("sts..com", 32),
        replaced_nonce,
        without_host,
        Scripted::new().sasl(3, b"no document", false),
        Scripted::new().sasl(3, b"", true),
    ] {
        let failed = authenticate(&user(None), None, &mut server).await;
        let error = failed.unwrap_err();
        let expected = matches!(
            error.kind(),
            ErrorKind::Authentication | ErrorKind::Protocol
        );
        assert!(expected, "{error:?}");
        assert_eq!(server.commands().len(), 1);
    }
}

#[tokio::test]
async fn a_third_step_is_not_taken() {
    let mut server = server("localhost", 32)
        .sasl(3, b"", false)
        .sasl(3, b"", true);
    let failed = authenticate(&user(None), None, &mut server).await;
    assert!(failed.is_err());
    assert_eq!(server.commands().len(), 2);
}
