//! "Client Metadata Update Prose Tests", by their numbers, as far as they concern the document.

use super::*;

const FRAMEWORKS: [[Option<&str>; 2]; 4] = [
    [Some("2.0"), Some("Framework Platform")],
    [Some("2.0"), None],
    [None, Some("Framework Platform")],
    [None, None],
];

fn own_and<'a>(mut texts: Vec<&'a str>, text: Option<&'a str>) -> String {
    texts.extend(text);
    texts.join("|")
}

fn appends_frameworks_to(create: impl Fn() -> ClientMetadata) {
    for [version, platform] in FRAMEWORKS {
        let metadata = create();
        let mut expected = read(&metadata);
        let framework = DriverInfo::new(Some("framework"), version, platform);
        assert_eq!(metadata.append(framework.expect("valid")), Ok(true));

        let own = application().platform;
        expected.insert(
            "platform",
            own_and(vec![&own, "Library Platform"], platform),
        );
        let driver = expected.get_document_mut("driver").expect("driver");
        driver.insert("name", "ferropool|library|framework");
        driver.insert(
            "version",
            own_and(vec![env!("CARGO_PKG_VERSION"), "1.2"], version),
        );
        assert_eq!(read(&metadata), expected);
    }
}

fn created_with_library() -> ClientMetadata {
    ClientMetadata::new(&Application {
        driver_info: vec![library()],
        ..application()
    })
}

fn appended_library() -> ClientMetadata {
    let metadata = metadata();
    assert_eq!(metadata.append(library()), Ok(true));
    metadata
}

#[test]
fn test_1_the_driver_updates_metadata() {
    appends_frameworks_to(created_with_library);
}

#[test]
fn test_2_multiple_successive_updates() {
    appends_frameworks_to(appended_library);
}

#[test]
fn test_3_successive_updates_with_duplicate_data() {
    let own = application().platform;
    for (name, version, platform) in [
        ("library", "1.2", "Library Platform"),
        ("framework", "1.2", "Library Platform"),
        ("library", "2.0", "Library Platform"),
        ("library", "1.2", "Framework Platform"),
        ("framework", "2.0", "Library Platform"),
        ("framework", "1.2", "Framework Platform"),
        ("library", "2.0", "Framework Platform"),
    ] {
        let metadata = appended_library();
        let before = read(&metadata);
        let other = info(name, version, platform);
        let is_new = other != library();
        assert_eq!(metadata.append(other), Ok(is_new));
        let after = read(&metadata);
        if !is_new {
            assert_eq!(after, before);
            continue;
        }
        let driver = doc! {
            "name": format!("ferropool|library|{name}"),
            "version": format!("{}|1.2|{version}", env!("CARGO_PKG_VERSION")),
        };
        assert_eq!(after.get("driver"), Some(&Bson::from(driver)));
        let expected = format!("{own}|Library Platform|{platform}");
        assert_eq!(after.get("platform"), Some(&Bson::from(expected)));
    }
}

fn ignores_the_second_library(metadata: &ClientMetadata, between: DriverInfo) {
    assert_eq!(metadata.append(between), Ok(true));
    let before = metadata.document();
    assert_eq!(metadata.append(library()), Ok(false));
    assert_eq!(metadata.document(), before);
}

#[test]
fn test_4_multiple_updates_with_duplicate_data() {
    let framework = info("framework", "2.0", "Framework Platform");
    ignores_the_second_library(&appended_library(), framework);
}

#[test]
fn test_5_identical_to_initial() {
    let metadata = created_with_library();
    let before = metadata.document();
    assert_eq!(metadata.append(library()), Ok(false));
    assert_eq!(metadata.document(), before);
}

#[test]
fn test_6_identical_to_initial_separated() {
    let framework = info("framework", "1.2", "Library Platform");
    ignores_the_second_library(&created_with_library(), framework);
}

#[test]
fn test_7_and_8_empty_strings_are_unset() {
    for (unset, empty) in [
        ([None, Some("Library Platform")], ["", "Library Platform"]),
        ([Some("1.2"), None], ["1.2", ""]),
    ] {
        let first = DriverInfo::new(Some("library"), unset[0], unset[1]).expect("valid");
        let second = info("library", empty[0], empty[1]);
        let appended = metadata();
        assert_eq!(appended.append(first.clone()), Ok(true));
        let created = ClientMetadata::new(&Application {
            driver_info: vec![first],
            ..application()
        });
        for metadata in [appended, created] {
            let before = metadata.document();
            assert_eq!(metadata.append(second.clone()), Ok(false));
            assert_eq!(metadata.document(), before);
        }
    }
}

#[test]
fn what_says_nothing_changes_nothing() {
    let metadata = metadata();
    assert_eq!(metadata.append(info("", "", "")), Ok(false));
}

#[test]
fn clones_are_one() {
    let metadata = metadata();
    let other = metadata.clone();
    let held = other.document();
    assert_eq!(metadata.append(library()), Ok(true));
    assert_eq!(other.document(), metadata.document());
    assert_ne!(other.document(), held, "a document that was taken stays");
}

#[test]
fn the_delimiter_is_refused() {
    for (field, [name, version, platform]) in [
        ("name", ["a|b", "1", "p"]),
        ("version", ["a", "1|2", "p"]),
        ("platform", ["a", "1", "p|"]),
    ] {
        let refused = DriverInfo::new(Some(name), Some(version), Some(platform));
        let error = refused.expect_err(field);
        assert!(matches!(error, MetadataError::Delimiter { field: found, .. } if found == field));
        assert!(error.to_string().contains(field), "{error}");
    }
}
