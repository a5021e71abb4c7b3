//! Read preference, read concern and write concern, as a client's defaults.

use super::ClientOptions;
use super::error::{OptionError, OptionErrorKind};
use super::spec::{self, Invalid, MAX};
use super::value::OptionValue;
use ferropool_topology::{ReadPreferenceMode, TagSet};
use std::time::Duration;

/// What a write waits for ("Read and Write Concern"). What is `None` is left to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteConcern {
    /// How many, or which, members acknowledge it.
    pub w: Option<Acknowledgement>,
    /// For how long at most (`wtimeoutMS`).
    pub w_timeout: Option<Duration>,
    /// Whether it has to be in the journal.
    pub journal: Option<bool>,
}

/// `w`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// So many members.
    Nodes(u32),
    /// `majority`, or a set's own name for a choice of members.
    Named(String),
}

pub(crate) const MODES: &str = "\"primary\", \"primaryPreferred\", \"secondary\", \"secondaryPreferred\", \"nearest\", or an object with mode, tags, maxStalenessSeconds and hedge";
pub(crate) const STALENESS: &str = "-1 or an integer from 1 to 2147483647";
pub(crate) const TAGS: &str = "tag sets such as \"dc:ny,rack:1\" or { dc: \"ny\" }";
pub(crate) const W: &str = "an integer from 0 to 2147483647 or a string";
pub(crate) const WRITE_CONCERN: &str = "an object with w, wtimeoutMS and journal, or what w may be";
pub(crate) const READ_CONCERN: &str = "an object with a level, or a level";

pub(crate) fn set_read_preference(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    if let Some(mode) = value.text() {
        options.read_preference.mode = ReadPreferenceMode::parse(mode).ok_or(Invalid::Value)?;
        return Ok(());
    }
    value.fields(Invalid::Value, |name, value| match name {
        "mode" | "preference" => {
            let mode = value.text().and_then(ReadPreferenceMode::parse);
            options.read_preference.mode = mode.ok_or(Invalid::Value)?;
            Ok(())
        }
        "tags" => set_tags(options, value, OptionErrorKind::Argument),
        "maxStalenessSeconds" => set_staleness(options, value),
        "hedge" => value.fields(Invalid::Value, |name, value| match name {
            "enabled" => {
                options.read_preference.hedge = Some(value.boolean().ok_or(Invalid::Value)?);
                Ok(())
            }
            _ => Err(Invalid::Value),
        }),
        // An official ReadPreference has it.
        "minWireVersion" => Ok(()),
        _ => Err(Invalid::Value),
    })
}

/// One tag set of a connection string, which is added to those before it; all of them of an object.
pub(crate) fn set_tags(
    options: &mut ClientOptions,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    let sets = match value {
        OptionValue::Text(text) if from == OptionErrorKind::ConnectionString => {
            options.read_preference.tag_sets.push(parse_tags(text)?);
            return Ok(());
        }
        OptionValue::List(sets) => sets.as_slice(),
        set => std::slice::from_ref(set),
    };
    let sets = sets.iter().map(|set| match set {
        OptionValue::Text(text) => parse_tags(text),
        OptionValue::Record(tags) => tags
            .iter()
            .map(|(name, value)| {
                let value = value.text().ok_or(Invalid::Value)?;
                Ok((name.clone(), value.to_owned()))
            })
            .collect(),
        _ => Err(Invalid::Value),
    });
    options.read_preference.tag_sets = sets.collect::<Result<_, _>>()?;
    Ok(())
}

fn parse_tags(text: &str) -> Result<TagSet, Invalid> {
    if text.is_empty() {
        return Ok(TagSet::new());
    }
    let tags = text.split(',').map(|tag| {
        let (name, value) = tag.split_once(':').ok_or(Invalid::Value)?;
        Ok((name.to_owned(), value.to_owned()))
    });
    tags.collect()
}

pub(crate) fn set_staleness(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let seconds = number(value, -1, MAX)?;
    options.read_preference.max_staleness = match seconds {
        -1 => None,
        // Whether it is enough, selection says: that depends on the deployment ("Smallest allowed value").
        1.. => Some(Duration::from_secs(seconds as u64)),
        _ => return Err(Invalid::Value),
    };
    Ok(())
}

pub(crate) fn set_read_concern(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let mut level = |value: &OptionValue| {
        options.read_concern_level = Some(value.text().ok_or(Invalid::Value)?.to_owned());
        Ok(())
    };
    match value {
        OptionValue::Text(_) => level(value),
        value => value.fields(Invalid::Value, |name, value| match name {
            "level" => level(value),
            _ => Err(Invalid::Value),
        }),
    }
}

pub(crate) fn set_write_concern(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    if !matches!(value, OptionValue::Record(_)) {
        return set_w(options, value);
    }
    value.fields(Invalid::Value, |name, value| match name {
        "w" => set_w(options, value),
        "wtimeoutMS" | "wtimeout" => {
            let limit = value.integer(0, MAX).ok_or(Invalid::Value)?;
            options.write_concern.w_timeout = spec::limit(limit);
            Ok(())
        }
        "journal" | "j" => {
            options.write_concern.journal = Some(value.boolean().ok_or(Invalid::Value)?);
            Ok(())
        }
        _ => Err(Invalid::Value),
    })
}

pub(crate) fn set_w(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    options.write_concern.w = Some(match (number(value, 0, MAX), value) {
        (Ok(nodes), _) => Acknowledgement::Nodes(nodes as u32),
        (Err(_), OptionValue::Text(text)) if text.parse::<f64>().is_err() && !text.is_empty() => {
            Acknowledgement::Named(text.clone())
        }
        _ => return Err(Invalid::Value),
    });
    Ok(())
}

/// A number, which a connection string writes as text.
fn number(value: &OptionValue, min: i64, max: i64) -> Result<i64, Invalid> {
    let number = match value {
        OptionValue::Text(text) => text
            .parse()
            .ok()
            .filter(|value| (min..=max).contains(value)),
        value => value.integer(min, max),
    };
    number.ok_or(Invalid::Value)
}

/// What these options say of each other.
pub(crate) fn check(options: &ClientOptions) -> Result<(), OptionError> {
    let preference = &options.read_preference;
    if preference.mode == ReadPreferenceMode::Primary {
        let tagged = !preference.tag_sets.is_empty() && preference.tag_sets != [TagSet::new()];
        for (name, given) in [
            ("readPreferenceTags", tagged),
            ("maxStalenessSeconds", preference.max_staleness.is_some()),
        ] {
            if given {
                let message =
                    format!("Option \"{name}\" needs a \"readPreference\" other than \"primary\"");
                return Err(options.refuse(&[name, "readPreference"], message));
            }
        }
    }
    let concern = &options.write_concern;
    if concern.w == Some(Acknowledgement::Nodes(0)) && concern.journal == Some(true) {
        let message = "Option \"journal\" must not be true where \"w\" is 0".to_owned();
        return Err(options.refuse(&["journal", "w", "writeConcern"], message));
    }
    Ok(())
}
