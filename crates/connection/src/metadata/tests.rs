mod environment;
mod limit;
mod updates;

use super::{Application, ClientMetadata, DriverInfo, Environment, MetadataError};
use bson::{Bson, Document, doc};
use std::path::Path;

const LIMIT: usize = 512;

fn info(name: &str, version: &str, platform: &str) -> DriverInfo {
    DriverInfo::new(Some(name), Some(version), Some(platform)).expect("no delimiter")
}

fn library() -> DriverInfo {
    info("library", "1.2", "Library Platform")
}

fn application() -> Application {
    Application {
        name: Some("shop".into()),
        platform: "Node.js v20.19.0, x64, LE".into(),
        driver_info: Vec::new(),
    }
}

fn metadata() -> ClientMetadata {
    ClientMetadata::in_environment(&application(), Environment::default())
}

fn read(metadata: &ClientMetadata) -> Document {
    let bytes = metadata.document();
    assert!(bytes.len() <= LIMIT, "{} bytes", bytes.len());
    Document::from_reader(&bytes[..]).expect("a whole document")
}

fn detect(variables: &[(&str, &str)], files: &[&str]) -> Environment {
    let variable = |asked: &str| {
        let found = variables.iter().find(|(name, _)| *name == asked);
        found.map(|(_, value)| (*value).to_owned())
    };
    Environment::detect(variable, |path| {
        files.iter().any(|file| Path::new(file) == path)
    })
}

fn client_in(variables: &[(&str, &str)], files: &[&str]) -> Document {
    let environment = detect(variables, files);
    read(&ClientMetadata::in_environment(&application(), environment))
}

fn env_in(variables: &[(&str, &str)]) -> Option<Document> {
    client_in(variables, &[]).get_document("env").ok().cloned()
}

const AWS: (&str, &str) = ("AWS_EXECUTION_ENV", "AWS_Lambda_java8");

#[test]
fn what_is_not_known_is_not_there() {
    let nobody = ClientMetadata::in_environment(&Application::default(), Environment::default());
    let client = read(&nobody);
    assert_eq!(client.keys().collect::<Vec<_>>(), ["driver", "os"]);
    let driver = doc! { "name": "ferropool", "version": env!("CARGO_PKG_VERSION") };
    assert_eq!(client.get("driver"), Some(&Bson::from(driver)));
}
