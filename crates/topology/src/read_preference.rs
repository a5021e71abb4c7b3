use ferropool_wire::Appender;
use std::fmt;
use std::time::Duration;

/// Which servers of a deployment are read from ("Server Selection", "Read Preference").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPreference {
    /// Default [`ReadPreferenceMode::Primary`].
    pub mode: ReadPreferenceMode,
    /// The tag sets of which a server must have one, in the order in which they are tried.
    pub tag_sets: Vec<TagSet>,
    /// How far a secondary may be behind; `None` is no limit (`maxStalenessSeconds`).
    pub max_staleness: Option<Duration>,
    /// Whether sharded reads are hedged, where that was said. Servers have given it up.
    pub hedge: Option<bool>,
}

/// Names and values that a server's tags must have.
pub type TagSet = Vec<(String, String)>;

/// `readPreference`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadPreferenceMode {
    /// The primary alone.
    #[default]
    Primary,
    /// The primary, and a secondary where there is none.
    PrimaryPreferred,
    /// A secondary.
    Secondary,
    /// A secondary, and the primary where there is none.
    SecondaryPreferred,
    /// Any server.
    Nearest,
}

impl ReadPreferenceMode {
    /// Every mode.
    pub const ALL: [Self; 5] = [
        Self::Primary,
        Self::PrimaryPreferred,
        Self::Secondary,
        Self::SecondaryPreferred,
        Self::Nearest,
    ];

    /// The name on the wire and in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::PrimaryPreferred => "primaryPreferred",
            Self::Secondary => "secondary",
            Self::SecondaryPreferred => "secondaryPreferred",
            Self::Nearest => "nearest",
        }
    }

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == text)
    }

    /// The preference that is this mode and nothing else.
    pub const fn alone(self) -> ReadPreference {
        ReadPreference {
            mode: self,
            tag_sets: Vec::new(),
            max_staleness: None,
            hedge: None,
        }
    }
}

impl ReadPreference {
    /// Whether servers are asked for tags: an empty tag set is every server's.
    pub fn has_tags(&self) -> bool {
        self.tag_sets.iter().any(|set| !set.is_empty())
    }

    /// Appends the fields of a `$readPreference` ("Document structure").
    pub fn append(&self, to: &mut Appender<'_>) {
        to.string("mode", self.mode.name());
        if self.mode == ReadPreferenceMode::Primary {
            return;
        }
        if !self.tag_sets.is_empty() {
            to.array("tags", &self.tag_sets, |sets, index, set| {
                sets.document(index, |tags| {
                    for (name, value) in set {
                        tags.string(name, value);
                    }
                });
            });
        }
        if let Some(limit) = self.max_staleness {
            let seconds = i32::try_from(limit.as_secs()).unwrap_or(i32::MAX);
            to.int32("maxStalenessSeconds", seconds);
        }
        if let Some(enabled) = self.hedge {
            to.document("hedge", |hedge| {
                hedge.boolean("enabled", enabled);
            });
        }
    }
}

/// All of it, as logs and errors show it.
impl fmt::Display for ReadPreference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ mode: {}", self.mode.name())?;
        if !self.tag_sets.is_empty() {
            write!(f, ", tags: [")?;
            for (index, set) in self.tag_sets.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                f.write_str(comma)?;
                write_tags(f, set.iter().map(|(name, value)| (name, value)))?;
            }
            write!(f, "]")?;
        }
        if let Some(limit) = self.max_staleness {
            write!(f, ", maxStalenessSeconds: {}", limit.as_secs())?;
        }
        if let Some(enabled) = self.hedge {
            write!(f, ", hedge: {{ enabled: {enabled} }}")?;
        }
        write!(f, " }}")
    }
}

/// Writes a tag set as text.
pub(crate) fn write_tags<'a>(
    f: &mut fmt::Formatter<'_>,
    tags: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> fmt::Result {
    let mut end = "{}";
    for (name, value) in tags {
        let separator = if end == "{}" { "{ " } else { ", " };
        write!(f, "{separator}{name}: {value}")?;
        end = " }";
    }
    f.write_str(end)
}

#[cfg(test)]
mod tests {
    use super::{ReadPreference, ReadPreferenceMode, TagSet};
    use ferropool_wire::{Appender, Document, Value};
    use std::time::Duration;

    fn tag(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn full(mode: ReadPreferenceMode) -> ReadPreference {
        ReadPreference {
            mode,
            tag_sets: vec![vec![tag("dc", "ny"), tag("rack", "1")], TagSet::new()],
            max_staleness: Some(Duration::from_secs(120)),
            hedge: Some(false),
        }
    }

    fn document(preference: &ReadPreference) -> Vec<u8> {
        let mut buffer = Vec::new();
        let mut appender = Appender::begin(&mut buffer);
        preference.append(&mut appender);
        appender.finish();
        buffer
    }

    fn keys(document: &[u8]) -> Vec<String> {
        let document = Document::new(document).expect("a document was written");
        let elements = document.elements().map(|element| {
            let element = element.expect("a document was written");
            String::from_utf8_lossy(element.key).into_owned()
        });
        elements.collect()
    }

    #[test]
    fn the_document_has_what_was_given() {
        let bytes = document(&full(ReadPreferenceMode::SecondaryPreferred));
        let fields = ["mode", "tags", "maxStalenessSeconds", "hedge"];
        assert_eq!(keys(&bytes), fields);
        let document = Document::new(&bytes).expect("a document was written");
        let mode = document.get("mode").expect("it can be read");
        assert_eq!(mode.and_then(|it| it.as_str()), Some("secondaryPreferred"));
        let limit = document.get("maxStalenessSeconds");
        assert_eq!(limit, Ok(Some(Value::Int32(120))));

        let tags = document.get("tags").expect("it can be read");
        let sets = tags.and_then(|it| it.as_array()).expect("tags is an array");
        let sets: Vec<Vec<String>> = sets
            .elements()
            .map(|set| {
                let set = set.expect("it can be read").value;
                let tags = set.as_document().expect("a set is a document").elements();
                let tags = tags.map(|tag| {
                    let tag = tag.expect("it can be read");
                    let name = String::from_utf8_lossy(tag.key).into_owned();
                    format!("{name}={}", tag.value.as_str().unwrap_or_default())
                });
                tags.collect()
            })
            .collect();
        assert_eq!(sets, [vec!["dc=ny", "rack=1"], vec![]]);
    }

    #[test]
    fn the_document_has_no_more_than_was_given() {
        let mode = ReadPreferenceMode::Nearest.alone();
        assert_eq!(keys(&document(&mode)), ["mode"]);
        let primary = full(ReadPreferenceMode::Primary);
        assert_eq!(keys(&document(&primary)), ["mode"]);
    }

    #[test]
    fn a_text_has_every_component() {
        assert_eq!(
            full(ReadPreferenceMode::Nearest).to_string(),
            "{ mode: nearest, tags: [{ dc: ny, rack: 1 }, {}], maxStalenessSeconds: 120, hedge: { enabled: false } }"
        );
        assert_eq!(ReadPreference::default().to_string(), "{ mode: primary }");
    }

    #[test]
    fn a_mode_has_one_name() {
        for mode in ReadPreferenceMode::ALL {
            assert_eq!(ReadPreferenceMode::parse(mode.name()), Some(mode));
        }
        assert_eq!(ReadPreferenceMode::parse("Primary"), None);
    }
}
