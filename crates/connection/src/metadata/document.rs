use super::driver_info::{DriverInfo, MetadataError};
use super::environment::Environment;
use super::operating_system::OperatingSystem;
use ferropool_wire::Appender;

/// The largest document that servers accept, in bytes ("Limitations").
pub(super) const LIMIT: usize = 512;

/// The longest application name that servers accept, in bytes.
const APPLICATION_LIMIT: usize = 128;

/// What of a client's metadata never changes.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) application: Option<String>,
    pub(super) platform: String,
    pub(super) os: &'static OperatingSystem,
    pub(super) environment: Environment,
}

/// What is left out of a document that is too long: each also leaves out what those before it do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Omitted {
    Nothing,
    EnvironmentDetails,
    OsDetails,
    Environment,
}

impl Omitted {
    const ORDER: [Self; 4] = [
        Self::Nothing,
        Self::EnvironmentDetails,
        Self::OsDetails,
        Self::Environment,
    ];
}

impl Parts {
    /// The document, with the texts of `infos` behind the driver's own. Where it would be too long it is
    /// shortened in the order of the specification.
    pub(super) fn compose(&self, infos: &[DriverInfo]) -> Result<Vec<u8>, MetadataError> {
        let name = joined("ferropool", infos.iter().map(DriverInfo::name));
        let version = joined(
            env!("CARGO_PKG_VERSION"),
            infos.iter().map(DriverInfo::version),
        );
        let platform = joined(&self.platform, infos.iter().map(DriverInfo::platform));
        let write = |omitted, platform: &str| self.write(&name, &version, platform, omitted);

        let mut excess = 0;
        for omitted in Omitted::ORDER {
            let document = write(omitted, &platform);
            excess = document.len().saturating_sub(LIMIT);
            if excess == 0 {
                return Ok(document);
            }
        }
        let kept = platform.floor_char_boundary(platform.len().saturating_sub(excess));
        let document = write(Omitted::Environment, &platform[..kept]);
        match document.len() {
            ..=LIMIT => Ok(document),
            length => Err(MetadataError::TooLong {
                length,
                limit: LIMIT,
            }),
        }
    }

    fn write(&self, name: &str, version: &str, platform: &str, omitted: Omitted) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LIMIT);
        let mut client = Appender::begin(&mut bytes);
        if let Some(application) = &self.application {
            let end = application.floor_char_boundary(APPLICATION_LIMIT);
            client.document("application", |document| {
                document.string("name", &application[..end]);
            });
        }
        client.document("driver", |driver| {
            driver.string("name", name).string("version", version);
        });
        self.os.append(&mut client, omitted < Omitted::OsDetails);
        if !platform.is_empty() {
            client.string("platform", platform);
        }
        if omitted < Omitted::Environment {
            self.environment
                .append(&mut client, omitted < Omitted::EnvironmentDetails);
        }
        client.finish();
        bytes
    }
}

fn joined<'a>(own: &str, others: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut joined = own.to_owned();
    for other in others.flatten() {
        if !joined.is_empty() {
            joined.push(DriverInfo::DELIMITER);
        }
        joined.push_str(other);
    }
    joined
}
