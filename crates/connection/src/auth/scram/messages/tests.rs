use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

fn first() -> ClientFirst {
    ClientFirst::with_nonce("user", NONCE.to_owned())
}

fn refused(payload: impl AsRef<[u8]>) -> String {
    first().answered(payload.as_ref()).unwrap_err().to_string()
}

#[test]
fn names_are_escaped_and_otherwise_as_they_are() {
    let first = ClientFirst::with_nonce("a=b,c=,\u{2168}", "nonce".to_owned());
    let expected = "n,,n=a=3Db=2Cc=3D=2C\u{2168},r=nonce";
    assert_eq!(first.payload(), expected.as_bytes());
}

#[test]
fn nonces_differ() {
    let payload = || ClientFirst::new("user").unwrap().payload();
    assert_ne!(payload(), payload());
}

#[test]
fn the_servers_nonce_must_extend_the_clients() {
    for nonce in [
        "",
        "rOprNGfwEbeRWgbNEkqO",
        "rOprNGfwEbeRWgbNEkq",
        "XrOprNGfwEbeRWgbNEkqOX",
    ] {
        let message = refused(format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        assert!(message.contains("nonce"), "{nonce}: {message}");
    }
}

#[test]
fn iteration_counts_have_a_floor_and_a_ceiling() {
    let with = |count: &str| first().answered(SERVER_FIRST.replace("4096", count).as_bytes());
    for count in ["4096", "15000", "10000000", "0004096"] {
        let challenge = with(count).unwrap();
        assert_eq!(
            challenge.iterations.to_string(),
            count.trim_start_matches('0')
        );
    }
    for count in [
        "0",
        "1",
        "4095",
        "10000001",
        "4294967295",
        "99999999999999999999",
    ] {
        let message = with(count).unwrap_err().to_string();
        assert!(message.contains("4096 to 10000000"), "{count}: {message}");
    }
    for count in ["", "-1", "+5000", "5000.0", "5e3", " 5000", "0x1388"] {
        let message = with(count).unwrap_err().to_string();
        assert!(message.contains("malformed"), "{count}: {message}");
    }
}

#[test]
fn a_first_message_must_have_its_fields_in_order() {
    for payload in [
        "",
        ",",
        "r=rOprNGfwEbeRWgbNEkqOx",
        "r=rOprNGfwEbeRWgbNEkqOx,s=AAAA",
        "r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        "s=AAAA,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=AAA,i=4096",
        "rrOprNGfwEbeRWgbNEkqOx,sAAAA,i4096",
        "e=unknown-user",
    ] {
        assert!(refused(payload).contains("malformed"), "{payload}");
    }
    assert!(refused(b"r=\xff").contains("malformed"));
    let extended = format!("{SERVER_FIRST},x=later");
    assert!(first().answered(extended.as_bytes()).is_ok());
}

#[test]
fn a_final_message_is_a_signature_or_a_reason() {
    assert_eq!(server_signature(b"v=AAEC").unwrap(), [0, 1, 2]);
    assert_eq!(server_signature(b"v=AAEC,x=later").unwrap(), [0, 1, 2]);
    let refused = |payload: &[u8]| server_signature(payload).unwrap_err().to_string();
    assert!(refused(b"e=invalid-proof").contains("\"invalid-proof\""));
    assert!(refused(format!("e={}", "x".repeat(10_000)).as_bytes()).len() < 200);
    for payload in ["", "v", "v=*", "v=AA", "x=AAEC", " v=AAEC"] {
        assert!(
            refused(payload.as_bytes()).contains("malformed"),
            "{payload}"
        );
    }
    assert!(refused(b"v=\xff").contains("malformed"));
}

/// Parses both messages; what is kept of one is never longer than what came in and what was sent.
fn parse_everything(payload: &[u8]) {
    let first = first();
    let mut answered = None;
    let mut signature = None;
    let measured = allocation_counter::measure(|| {
        answered = Some(first.answered(payload));
        signature = Some(server_signature(payload));
    });
    assert!(
        measured.bytes_max <= 1_000 + 8 * payload.len() as u64,
        "{measured:?}"
    );
    if let Some(Ok(challenge)) = answered {
        assert!((MIN_ITERATIONS..=MAX_ITERATIONS).contains(&challenge.iterations.get()));
        assert!(challenge.salt.len() <= payload.len());
        let bound = 2 * payload.len() + first.bare.len() + "c=biws,r=,,".len();
        assert!(challenge.auth_message.len() <= bound);
        let text = std::str::from_utf8(payload).unwrap();
        assert!(text.starts_with(&format!("r={NONCE}")), "{text}");
        assert!(challenge.response(&[0; 32]).len() <= payload.len() + 64);
    }
    if let Some(Ok(signature)) = signature {
        assert!(payload.starts_with(b"v=") && signature.len() <= payload.len());
    }
}

fn cases() -> ProptestConfig {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    ProptestConfig::with_cases(if in_ci { 100_000 } else { 3_000 })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_bytes_never_panic(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        parse_everything(&payload);
    }

    #[test]
    fn what_resembles_a_message_never_panics(
        payload in "(r=(rOprNGfwEbeRWgbNEkqO)?|s=|i=|v=|e=|m=|,|=|[A-Za-z0-9+/]{1,8}|[0-9]{1,12}|\\PC){0,12}",
    ) {
        parse_everything(payload.as_bytes());
    }

    #[test]
    fn attributes_of_any_value_never_panic(
        nonce in "(rOprNGfwEbeRWgbNEkqO|rOprNGfwEbe)?[!-+\\--~]{0,6}",
        salt in "([A-Za-z0-9+/]{4}){0,3}(=|[A-Za-z0-9+/]{1,3}={0,3})?",
        iterations in "[0-9]{0,24}|[0-9+-]{0,6}",
        rest in "(,[a-z]=\\PC{0,4})?",
    ) {
        parse_everything(format!("r={nonce},s={salt},i={iterations}{rest}").as_bytes());
        parse_everything(format!("v={salt}{rest}").as_bytes());
    }

    #[test]
    fn a_damaged_message_never_panics(
        signs in any::<bool>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>(), 0_u8..4), 0..4),
    ) {
        let message = if signs { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" } else { SERVER_FIRST };
        let mut message = message.as_bytes().to_vec();
        for (at, byte, kind) in damage {
            let at = at.index(message.len().max(1)).min(message.len());
            match kind {
                0 => message.insert(at, byte),
                1 => message.truncate(at),
                2 => message.extend_from_within(at..),
                _ => if let Some(place) = message.get_mut(at) { *place = byte },
            }
        }
        parse_everything(&message);
    }
}
