use ferropool_wire::Appender;
use std::env::consts;

/// The embedder, as `hello` tells the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// `appName`, at most 128 bytes of UTF-8.
    pub name: Option<String>,
    /// What the driver runs on, for example `Node.js v20.19.0, LE`.
    pub platform: String,
}

/// A library around the driver, which the handshake names too (`driverInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// What it runs on.
    pub platform: Option<String>,
}

/// The `client` document of the handshake, built once for a client ("Client Metadata").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata(Vec<u8>);

impl ClientMetadata {
    /// The largest document that servers accept, in bytes.
    const LIMIT: usize = 512;

    /// Builds the document; `platform` is shortened where the whole would be too long.
    pub fn new(application: &Application) -> Self {
        let whole = build(application, &application.platform);
        let excess = whole.len().saturating_sub(Self::LIMIT);
        match excess {
            0 => Self(whole),
            _ => {
                let kept = application.platform.len().saturating_sub(excess);
                let end = application.platform.floor_char_boundary(kept);
                Self(build(application, &application.platform[..end]))
            }
        }
    }

    /// The document's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn build(application: &Application, platform: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut metadata = Appender::begin(&mut bytes);
    if let Some(name) = &application.name {
        metadata.document("application", |document| {
            document.string("name", name);
        });
    }
    metadata.document("driver", |document| {
        document
            .string("name", "ferropool")
            .string("version", env!("CARGO_PKG_VERSION"));
    });
    metadata.document("os", |document| {
        document
            .string("type", os_type())
            .string("name", consts::OS)
            .string("architecture", consts::ARCH);
    });
    if !platform.is_empty() {
        metadata.string("platform", platform);
    }
    metadata.finish();
    bytes
}

fn os_type() -> &'static str {
    match consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "windows" => "Windows",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Application, ClientMetadata};

    #[test]
    fn a_long_platform_is_cut_at_a_character() {
        let application = Application {
            name: Some("shop".into()),
            platform: "é".repeat(600),
        };
        let metadata = ClientMetadata::new(&application);
        assert!(
            (500..=512).contains(&metadata.as_bytes().len()),
            "{}",
            metadata.as_bytes().len()
        );
        ferropool_wire::Document::new(metadata.as_bytes()).expect("a whole document");
    }
}
