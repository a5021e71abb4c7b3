use crate::failure::Failure;
use ferropool_topology::{Criteria, Operation, ReadPreference, ReadPreferenceMode};
use ferropool_wire::{Document, Value};
use std::time::Duration;

/// How commands are treated: which servers they go to, what is appended to them, whether they are sent
/// again. A client keeps each that it meets, under a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What its commands do.
    pub kind: CommandKind,
    /// Which servers answer.
    pub read_preference: ReadPreference,
    /// A document for `readConcern`, where it says something.
    pub read_concern: Option<Box<[u8]>>,
    /// A document for `writeConcern`, where it says something.
    pub write_concern: Option<Box<[u8]>>,
    /// Whether nobody waits for a reply (`w: 0`).
    pub is_unacknowledged: bool,
    /// Whether its commands may be retried at all.
    pub is_retryable: bool,
    /// Whether replies open cursors.
    pub opens_cursor: bool,
    /// Whether the cursor is a change stream's.
    pub follows_changes: bool,
    /// Whether replies may wait for documents that never come, so that closing a client does not wait for them.
    pub awaits_data: bool,
    /// Whether `maxTimeMS` is computed from a deadline. Default false.
    pub computes_max_time: bool,
    /// The wire version from which on servers know its commands. Default any.
    pub min_wire_version: i32,
    /// How long the server waits for a cursor's documents: the `maxTimeMS` of a `getMore`. Default as the server likes.
    pub max_await_time: Option<Duration>,
}

/// What a command does, as far as it matters to its treatment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommandKind {
    /// Whatever its user says.
    #[default]
    Command,
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// An aggregate that ends in `$out` or `$merge`.
    WritingAggregate,
    /// The next batch of a cursor.
    GetMore,
    /// The end of a cursor.
    KillCursors,
}

impl CommandKind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "command" => Self::Command,
            "read" => Self::Read,
            "write" => Self::Write,
            "writing-aggregate" => Self::WritingAggregate,
            "get-more" => Self::GetMore,
            "kill-cursors" => Self::KillCursors,
            _ => return None,
        })
    }
}

/// The wire version of 5.0, from which on secondaries take `$out` and `$merge`.
const SECONDARIES_WRITE_AGGREGATES: i32 = 13;

impl Profile {
    /// Plain commands with nothing but a read preference's mode.
    pub fn of_mode(mode: ReadPreferenceMode) -> Self {
        Self {
            read_preference: mode.alone(),
            computes_max_time: true,
            ..Self::default()
        }
    }

    /// Reads the document that a profile is described by: the fields of `Profile` in `ts/execution.ts`.
    ///
    /// # Errors
    /// A field that is not what it may be.
    pub fn parse(document: &[u8]) -> Result<Self, Failure> {
        let document = Document::new(document).map_err(|error| refuse(&error))?;
        let mut profile = Self {
            computes_max_time: true,
            ..Self::default()
        };
        for element in document.elements() {
            let element = element.map_err(|error| refuse(&error))?;
            let value = element.value;
            match element.key {
                b"kind" => {
                    let kind = value.as_str().and_then(CommandKind::parse);
                    profile.kind = kind.ok_or_else(|| refuse(&"kind"))?;
                }
                b"readPreference" => profile.read_preference = read_preference(&value)?,
                b"readConcern" => profile.read_concern = said(&value),
                b"writeConcern" => {
                    profile.write_concern = said(&value);
                    let w =
                        { value.as_document() }.and_then(|concern| concern.get("w").ok().flatten());
                    profile.is_unacknowledged = w.and_then(|w| w.as_integer()) == Some(0);
                }
                b"retryable" => profile.is_retryable = value.as_bool_like(),
                b"opensCursor" => profile.opens_cursor = value.as_bool_like(),
                b"followsChanges" => profile.follows_changes = value.as_bool_like(),
                b"awaitsData" => profile.awaits_data = value.as_bool_like(),
                b"computesMaxTime" => profile.computes_max_time = value.as_bool_like(),
                b"minWireVersion" => {
                    let version = { value.as_integer() }.and_then(|it| i32::try_from(it).ok());
                    profile.min_wire_version = version.ok_or_else(|| refuse(&"minWireVersion"))?;
                }
                b"maxAwaitTimeMS" => {
                    let time = { value.as_number() }
                        .and_then(|time| Duration::try_from_secs_f64(time / 1e3).ok());
                    profile.max_await_time = Some(time.ok_or_else(|| refuse(&"maxAwaitTimeMS"))?);
                }
                _ => {}
            }
        }
        Ok(profile)
    }

    /// What selection has to look for.
    pub fn operation(&self, oldest_wire_version: impl FnOnce() -> i32) -> Operation<'_> {
        match self.kind {
            CommandKind::Write => Operation::Write,
            CommandKind::WritingAggregate
                if self.read_preference.mode != ReadPreferenceMode::Primary
                    && oldest_wire_version() < SECONDARIES_WRITE_AGGREGATES =>
            {
                Operation::Write
            }
            _ => Operation::Read(&self.read_preference),
        }
    }

    /// Whether the read concern belongs into its commands.
    pub fn reads(&self) -> bool {
        matches!(self.kind, CommandKind::Read | CommandKind::WritingAggregate)
    }

    /// Whether the write concern does.
    pub fn writes(&self) -> bool {
        matches!(
            self.kind,
            CommandKind::Write | CommandKind::WritingAggregate
        )
    }
}

/// Criteria without a preference: whatever can be written to.
pub(crate) fn criteria(operation: Operation<'_>) -> Criteria<'_> {
    match operation {
        Operation::Write => Criteria::write(),
        Operation::Read(preference) => Criteria::read(preference),
    }
}

/// A document that is not empty.
pub(crate) fn said(value: &Value<'_>) -> Option<Box<[u8]>> {
    let document = value
        .as_document()
        .filter(|document| !document.is_empty())?;
    Some(document.as_bytes().into())
}

/// Reads a read preference's document, as `$readPreference` has it.
///
/// # Errors
/// A field that is not what it may be.
pub(crate) fn read_preference(value: &Value<'_>) -> Result<ReadPreference, Failure> {
    let document = value
        .as_document()
        .ok_or_else(|| refuse(&"readPreference"))?;
    let mut preference = ReadPreference::default();
    for element in document.elements() {
        let element = element.map_err(|error| refuse(&error))?;
        let value = element.value;
        match element.key {
            b"mode" => {
                let mode = value.as_str().and_then(ReadPreferenceMode::parse);
                preference.mode = mode.ok_or_else(|| refuse(&"readPreference.mode"))?;
            }
            b"tags" => {
                for set in value.as_array().iter().flat_map(Document::elements) {
                    let set = set.map_err(|error| refuse(&error))?.value;
                    let tags = set.as_document();
                    let tags = tags.iter().flat_map(Document::elements).filter_map(|tag| {
                        let tag = tag.ok()?;
                        Some((
                            tag.key_str().ok()?.to_owned(),
                            tag.value.as_str()?.to_owned(),
                        ))
                    });
                    preference.tag_sets.push(tags.collect());
                }
            }
            b"maxStalenessSeconds" => {
                // -1 is none ("maxStalenessSeconds").
                let seconds = value.as_number().filter(|seconds| *seconds >= 0.0);
                preference.max_staleness = seconds.map(Duration::from_secs_f64);
            }
            b"hedge" => {
                let enabled =
                    { value.as_document() }.and_then(|hedge| hedge.get("enabled").ok().flatten());
                preference.hedge = enabled.map(|enabled| enabled.as_bool_like());
            }
            _ => {}
        }
    }
    Ok(preference)
}

fn refuse(what: &dyn std::fmt::Display) -> Failure {
    Failure::InvalidArgument(format!("The command's treatment cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::{CommandKind, Profile};
    use ferropool_topology::{Operation, ReadPreferenceMode};
    use ferropool_wire::Appender;
    use std::time::Duration;

    fn parsed(build: impl FnOnce(&mut Appender<'_>)) -> Profile {
        let mut bytes = Vec::new();
        let mut document = Appender::begin(&mut bytes);
        build(&mut document);
        document.finish();
        Profile::parse(&bytes).expect("a profile")
    }

    #[test]
    fn what_is_said_is_read() {
        let profile = parsed(|profile| {
            profile.string("kind", "write").boolean("retryable", true);
            profile.int32("maxAwaitTimeMS", 25);
            profile.int32("minWireVersion", 13);
            profile.document("writeConcern", |concern| {
                concern.int32("w", 0);
            });
            profile.document("readConcern", |_| {});
            profile.document("readPreference", |preference| {
                preference
                    .string("mode", "nearest")
                    .int32("maxStalenessSeconds", 120);
                preference.array("tags", ["ny"], |tags, index, place| {
                    tags.document(index, |set| {
                        set.string("dc", place);
                    });
                });
            });
        });
        assert_eq!(profile.kind, CommandKind::Write);
        assert!(profile.is_retryable && profile.is_unacknowledged && profile.computes_max_time);
        assert!(profile.write_concern.is_some() && profile.read_concern.is_none());
        assert_eq!(profile.min_wire_version, 13);
        assert_eq!(profile.max_await_time, Some(Duration::from_millis(25)));
        assert_eq!(profile.read_preference.mode, ReadPreferenceMode::Nearest);
        let tags = vec![vec![("dc".to_owned(), "ny".to_owned())]];
        assert_eq!(profile.read_preference.tag_sets, tags);
    }

    #[test]
    fn a_writing_aggregate_goes_to_secondaries_where_all_take_it() {
        let profile = parsed(|profile| {
            profile.string("kind", "writing-aggregate");
            profile.document("readPreference", |preference| {
                preference.string("mode", "secondary");
            });
        });
        assert!(matches!(profile.operation(|| 12), Operation::Write));
        assert!(matches!(profile.operation(|| 13), Operation::Read(_)));
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        let refused: [fn(&mut Appender<'_>); 3] = [
            |profile| {
                profile.string("kind", "dance");
            },
            |profile| {
                profile.int32("maxAwaitTimeMS", -1);
            },
            |profile| {
                profile.string("minWireVersion", "new");
            },
        ];
        for build in refused {
            let mut bytes = Vec::new();
            let mut document = Appender::begin(&mut bytes);
            build(&mut document);
            document.finish();
            assert!(Profile::parse(&bytes).is_err());
        }
        assert!(Profile::parse(&[1, 2]).is_err());
    }
}
