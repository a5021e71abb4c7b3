//! The `client` document of the handshake ("mongodb-handshake", "Client Metadata").

mod document;
mod driver_info;
mod environment;
mod operating_system;

use document::Parts;
use environment::Environment;
use operating_system::OperatingSystem;
use parking_lot::RwLock;
use std::sync::Arc;

pub use driver_info::{DriverInfo, MetadataError};

/// The embedder, as `hello` tells the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// `appName`, at most 128 bytes of UTF-8.
    pub name: Option<String>,
    /// What the driver runs on, for example `Node.js v20.19.0, x64, LE`.
    pub platform: String,
    /// The libraries that wrap the driver, the innermost first. Default none.
    pub driver_info: Vec<DriverInfo>,
}

impl Application {
    /// Whether all of it can be told to a server.
    ///
    /// # Errors
    /// [`MetadataError::TooLong`].
    pub fn check(&self) -> Result<(), MetadataError> {
        let metadata = ClientMetadata::in_environment(self, Environment::default());
        self.driver_info
            .iter()
            .try_for_each(|info| metadata.append(info.clone()).map(drop))
    }
}

/// What a client says of itself in the handshake. Clones are handles of the same: what is appended to
/// one, every later handshake sends.
#[derive(Clone, Debug)]
pub struct ClientMetadata(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    parts: Parts,
    appended: RwLock<Appended>,
}

#[derive(Debug)]
struct Appended {
    infos: Vec<DriverInfo>,
    document: Arc<[u8]>,
}

impl ClientMetadata {
    /// Describes `application` and what this process runs on and in. Of `driver_info`, what has no room is
    /// left out; [`Application::check`] tells beforehand.
    pub fn new(application: &Application) -> Self {
        let metadata = Self::in_environment(application, Environment::current());
        for info in &application.driver_info {
            // Refused is left out: a handshake with too much in it would fail.
            let _ = metadata.append(info.clone());
        }
        metadata
    }

    /// Describes `application` without its `driver_info`.
    fn in_environment(application: &Application, environment: Environment) -> Self {
        let parts = Parts {
            application: application.name.clone(),
            platform: application.platform.clone(),
            os: OperatingSystem::current(),
            environment,
        };
        let document = parts.compose(&[]).unwrap_or_default().into();
        Self(Arc::new(Shared {
            parts,
            appended: RwLock::new(Appended {
                infos: Vec::new(),
                document,
            }),
        }))
    }

    /// Adds a wrapping library to the handshakes from now on; established connections are left alone.
    /// Says whether that is news: what was appended before is not appended again ("Metadata updates
    /// after MongoClient initialization").
    ///
    /// # Errors
    /// [`MetadataError::TooLong`]; the document is then what it was.
    pub fn append(&self, info: DriverInfo) -> Result<bool, MetadataError> {
        let mut appended = self.0.appended.write();
        if info.is_empty() || appended.infos.contains(&info) {
            return Ok(false);
        }
        appended.infos.push(info);
        match self.0.parts.compose(&appended.infos) {
            Ok(document) => {
                appended.document = document.into();
                Ok(true)
            }
            Err(error) => {
                appended.infos.pop();
                Err(error)
            }
        }
    }

    /// The document as BSON, at most 512 bytes.
    pub fn document(&self) -> Arc<[u8]> {
        Arc::clone(&self.0.appended.read().document)
    }
}

/// Whether this process is a function as a service, which is frozen between its calls ("client.env").
pub fn runs_as_function() -> bool {
    Environment::current().is_function()
}

#[cfg(test)]
mod tests;
