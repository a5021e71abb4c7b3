//! Values into [`ClientOptions`], one at a time, by what the table says of their options.

use super::ClientOptions;
use super::error::{OptionError, OptionErrorKind};
use super::spec::{Invalid, Kind, Spec};
use super::table::{TABLE, find, find_ignoring_case};
use super::uri::user_not_encoded;
use super::value::OptionValue;

/// The options that `connectionPoolCreated` shows.
const POOL_OPTIONS: [&str; 5] = [
    "maxConnecting",
    "maxPoolSize",
    "minPoolSize",
    "maxIdleTimeMS",
    "waitQueueTimeoutMS",
];

impl ClientOptions {
    /// Applies an option of the options object. What is wrong there is an error.
    pub(crate) fn apply(&mut self, name: &str, value: &OptionValue) -> Result<(), OptionError> {
        let kind = OptionErrorKind::Argument;
        let Some(mut spec) = find(name) else {
            return Err(OptionError {
                kind,
                message: unknown(name),
            });
        };
        if let Some(replacement) = spec.replaced_by.and_then(find) {
            self.warnings.push(replaced(spec, replacement));
            spec = replacement;
        }
        self.set(spec, value, kind).map_err(|invalid| OptionError {
            kind,
            message: invalid.explain(spec, value),
        })?;
        self.stated.object.push(spec.name);
        Ok(())
    }

    /// Applies the options of a connection string, whose names have no case. What is wrong there is a warning, but for
    /// what must not be lost.
    pub(crate) fn apply_string(
        &mut self,
        options: &[(String, String)],
        is_ambiguous: bool,
    ) -> Result<(), OptionError> {
        for (name, text) in options {
            let Some(spec) = find_ignoring_case(name) else {
                if is_ambiguous {
                    return Err(user_not_encoded());
                }
                self.warnings.push(format!(
                    "Unknown option \"{name}\" in the connection string is ignored"
                ));
                continue;
            };
            let Some(replacement) = spec.replaced_by.and_then(find) else {
                self.apply_text(spec, text)?;
                continue;
            };
            self.warnings.push(replaced(spec, replacement));
            let is_given =
                |(name, _): &(String, String)| name.eq_ignore_ascii_case(replacement.name);
            if !options.iter().any(is_given) {
                self.apply_text(replacement, text)?;
            }
        }
        Ok(())
    }

    fn apply_text(&mut self, spec: &'static Spec, text: &str) -> Result<(), OptionError> {
        let name = spec.name;
        if spec.object_only {
            self.warnings.push(format!(
                "Option \"{name}\" belongs into the options object and is ignored in the connection string"
            ));
            return Ok(());
        }
        // An empty tag set is one that every server has.
        if text.is_empty() && !spec.strict && !spec.repeatable {
            self.warnings.push(format!(
                "Option \"{name}\" in the connection string has no value and is ignored"
            ));
            return Ok(());
        }
        if self.stated.string.contains(&name) && !spec.repeatable {
            if spec.strict {
                return Err(OptionError::uri(format!(
                    "Option \"{name}\" must not be in the connection string more than once"
                )));
            }
            self.warnings.push(format!(
                "Option \"{name}\" is in the connection string more than once; the last one counts"
            ));
        }
        let value = match (&spec.kind, text) {
            (Kind::Integer(..), text) => text.parse::<i64>().map_or_else(
                |_| OptionValue::Text(text.to_owned()),
                |number| OptionValue::Number(number as f64),
            ),
            (Kind::Boolean(_), "true") => OptionValue::Boolean(true),
            (Kind::Boolean(_), "false") => OptionValue::Boolean(false),
            (_, text) => OptionValue::Text(text.to_owned()),
        };
        match self.set(spec, &value, OptionErrorKind::ConnectionString) {
            Ok(()) => self.stated.string.push(name),
            Err(Invalid::Value) if !spec.strict => {
                let message = Invalid::Value.explain(spec, &value);
                self.warnings.push(format!("{message}; it is ignored"));
            }
            Err(invalid) => return Err(OptionError::uri(invalid.explain(spec, &value))),
        }
        Ok(())
    }

    fn set(
        &mut self,
        spec: &Spec,
        value: &OptionValue,
        from: OptionErrorKind,
    ) -> Result<(), Invalid> {
        match (&spec.kind, value) {
            (Kind::Integer(min, max, put), value) => {
                let number = value.integer(*min, *max).ok_or(Invalid::Value)?;
                put(self, number);
                if POOL_OPTIONS.contains(&spec.name) {
                    self.given.retain(|(given, _)| *given != spec.name);
                    self.given.push((spec.name, number as f64));
                }
            }
            (Kind::Boolean(put), value) => put(self, value.boolean().ok_or(Invalid::Value)?),
            (Kind::Choice(allowed, put), OptionValue::Text(text))
                if allowed.contains(&text.as_str()) =>
            {
                put(self, text);
            }
            (Kind::Text(limit, put), OptionValue::Text(text))
                if text.len() <= *limit
                    && !(text.is_empty() && *limit == usize::MAX)
                    && !text.contains('\0') =>
            {
                put(self, text);
            }
            (Kind::Choice(..) | Kind::Text(..), _) => return Err(Invalid::Value),
            (Kind::Special(_, put), value) => put(self, value, from)?,
            (Kind::NoEffect, _) => self
                .warnings
                .push(format!("Option \"{}\" has no effect", spec.name)),
            (Kind::Refused(why), _) => {
                return Err(Invalid::Because(format!(
                    "Option \"{}\" is not supported: {why}",
                    spec.name
                )));
            }
        }
        Ok(())
    }
}

impl Invalid {
    fn explain(self, spec: &Spec, value: &OptionValue) -> String {
        match self {
            Self::Because(message) => message,
            Self::Value if spec.secret => {
                format!(
                    "Option \"{}\" must be {}, received something else",
                    spec.name, spec.kind
                )
            }
            Self::Value => format!(
                "Option \"{}\" must be {}, received {value}",
                spec.name, spec.kind
            ),
        }
    }
}

fn replaced(spec: &Spec, replacement: &Spec) -> String {
    format!(
        "Option \"{}\" is deprecated; use \"{}\"",
        spec.name, replacement.name
    )
}

fn unknown(name: &str) -> String {
    let allowed: Vec<&str> = TABLE
        .iter()
        .filter(|spec| spec.is_useful())
        .map(|spec| spec.name)
        .collect();
    format!(
        "Unknown option \"{name}\"; allowed are {}",
        allowed.join(", ")
    )
}
