//! "Limitations": what is left out, in its order.

use super::*;

fn with_platform(length: usize) -> Document {
    let variables = [AWS, ("AWS_REGION", "us-east-2")];
    let application = Application {
        platform: "p".repeat(length),
        ..application()
    };
    let environment = detect(&variables, &["/.dockerenv"]);
    read(&ClientMetadata::in_environment(&application, environment))
}

#[test]
fn fields_go_in_their_order() {
    let state = |client: &Document| {
        let details = |name: &str, whole: usize| match client.get_document(name) {
            Err(_) => "none",
            Ok(fields) if fields.len() >= whole => "whole",
            Ok(fields) if fields.len() == 1 => "one",
            Ok(_) => "some",
        };
        let platform = client.get_str("platform").expect("platform").len();
        (details("env", 3), details("os", 2), platform)
    };
    let mut seen = Vec::new();
    for length in 1..600 {
        let (env, os, platform) = state(&with_platform(length));
        let is_cut = platform < length;
        if is_cut {
            assert_eq!((env, os), ("none", "one"), "{length}");
        }
        let now = (env, os, is_cut);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    let order = [
        ("whole", "whole", false),
        ("one", "whole", false),
        ("one", "one", false),
        ("none", "one", false),
        ("none", "one", true),
    ];
    assert_eq!(seen, order);
}

#[test]
fn a_long_platform_is_cut_at_a_character() {
    for shift in ["", "x"] {
        let application = Application {
            platform: format!("{shift}{}", "é".repeat(600)),
            ..application()
        };
        let metadata = ClientMetadata::new(&application);
        let length = metadata.document().len();
        assert!((LIMIT - 1..=LIMIT).contains(&length), "{length}");
        read(&metadata);
    }
}

#[test]
fn names_that_have_no_room_are_refused() {
    let metadata = metadata();
    assert_eq!(metadata.append(library()), Ok(true));
    let before = metadata.document();
    let long = info(&"n".repeat(LIMIT), "1", "");
    let error = metadata.append(long.clone()).expect_err("too long");
    assert!(matches!(error, MetadataError::TooLong { limit: LIMIT, .. }));
    assert_eq!(metadata.document(), before);
    // It was not remembered either.
    assert_eq!(metadata.append(long.clone()), Err(error));

    let application = Application {
        driver_info: vec![long, library()],
        ..application()
    };
    assert!(application.check().is_err());
    let driver = read(&ClientMetadata::new(&application));
    let driver = driver.get_document("driver").expect("driver");
    assert_eq!(driver.get("name"), Some(&Bson::from("ferropool|library")));
}

#[test]
fn a_long_application_name_is_cut() {
    let application = Application {
        name: Some("n".repeat(129)),
        ..application()
    };
    let client = read(&ClientMetadata::new(&application));
    let name = client.get_document("application").expect("application");
    assert_eq!(name.get("name"), Some(&Bson::from("n".repeat(128))));
}
