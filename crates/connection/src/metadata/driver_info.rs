/// A library that wraps the driver ("Supporting Wrapping Libraries"). What is empty is unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverInfo {
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
}

/// Metadata that cannot be told to a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// A text contains what separates the texts of several libraries.
    #[error("the {field} of a driver info must not contain \"|\", received {value:?}")]
    Delimiter {
        /// Which of them.
        field: &'static str,
        /// The text.
        value: String,
    },
    /// The names and versions of the driver and of what wraps it have no room in the document.
    #[error(
        "client metadata must not exceed {limit} bytes, and with the names and versions of all driver infos has at least {length}"
    )]
    TooLong {
        /// The document's length with all that may be left out left out, in bytes.
        length: usize,
        /// The most that servers accept, in bytes.
        limit: usize,
    },
}

impl DriverInfo {
    /// What separates the texts of several libraries.
    pub(crate) const DELIMITER: char = '|';

    /// A library with these texts.
    ///
    /// # Errors
    /// [`MetadataError::Delimiter`].
    pub fn new(
        name: Option<&str>,
        version: Option<&str>,
        platform: Option<&str>,
    ) -> Result<Self, MetadataError> {
        let checked = |field, value: Option<&str>| match value {
            Some(value) if value.contains(Self::DELIMITER) => Err(MetadataError::Delimiter {
                field,
                value: value.to_owned(),
            }),
            value => Ok(value.filter(|value| !value.is_empty()).map(str::to_owned)),
        };
        Ok(Self {
            name: checked("name", name)?,
            version: checked("version", version)?,
            platform: checked("platform", platform)?,
        })
    }

    /// The library's name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// What it adds to the platform.
    pub fn platform(&self) -> Option<&str> {
        self.platform.as_deref()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
