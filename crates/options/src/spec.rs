//! What the table says of an option.

use super::ClientOptions;
use super::error::OptionErrorKind;
use super::value::OptionValue;
use std::fmt;
use std::time::Duration;

/// An option.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether a connection string cannot have it.
    pub(crate) object_only: bool,
    /// Whether errors must not show it.
    pub(crate) secret: bool,
    /// Whether a connection string that has it wrong, or twice, is refused: ignoring it would be unsafe.
    pub(crate) strict: bool,
    /// Whether a connection string may have it more than once.
    pub(crate) repeatable: bool,
    /// The option that it was renamed to.
    pub(crate) replaced_by: Option<&'static str>,
}

type Put<T> = fn(&mut ClientOptions, T);

pub(crate) enum Kind {
    /// An integer from the first to the second, inclusive.
    Integer(i64, i64, Put<i64>),
    Boolean(Put<bool>),
    Choice(&'static [&'static str], fn(&mut ClientOptions, &str)),
    /// A string of at most so many bytes; one of any length must not be empty.
    Text(usize, fn(&mut ClientOptions, &str)),
    /// What the text says.
    Special(&'static str, PutSpecial),
    /// The official driver has it, and here there is nothing for it to do.
    NoEffect,
    /// The official driver has it, and going on without it would be unsafe.
    Refused(&'static str),
}

type PutSpecial = fn(&mut ClientOptions, &OptionValue, OptionErrorKind) -> Result<(), Invalid>;

/// Why a value is refused.
pub(crate) enum Invalid {
    /// It is not what the table says.
    Value,
    /// The whole text, which shows no secret. Never a mere warning.
    Because(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(min, max, _) => write!(f, "an integer from {min} to {max}"),
            Self::Boolean(_) => f.write_str("true or false"),
            Self::Choice(allowed, _) => write!(f, "one of \"{}\"", allowed.join("\", \"")),
            Self::Text(usize::MAX, _) => f.write_str("a string that is not empty"),
            Self::Text(limit, _) => write!(f, "a string of at most {limit} bytes"),
            Self::Special(allowed, _) => f.write_str(allowed),
            Self::NoEffect | Self::Refused(_) => Ok(()),
        }
    }
}

impl Spec {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            object_only: false,
            secret: false,
            strict: false,
            repeatable: false,
            replaced_by: None,
        }
    }

    pub(crate) const fn in_object(mut self) -> Self {
        self.object_only = true;
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(crate) const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    pub(crate) const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Whether it does anything, under a name that is to be used.
    pub(crate) fn is_useful(&self) -> bool {
        self.replaced_by.is_none() && !matches!(self.kind, Kind::NoEffect | Kind::Refused(_))
    }
}

pub(crate) const fn integer(name: &'static str, min: i64, max: i64, put: Put<i64>) -> Spec {
    Spec::new(name, Kind::Integer(min, max, put))
}

pub(crate) const fn boolean(name: &'static str, put: Put<bool>) -> Spec {
    Spec::new(name, Kind::Boolean(put))
}

pub(crate) const fn choice(
    name: &'static str,
    allowed: &'static [&'static str],
    put: fn(&mut ClientOptions, &str),
) -> Spec {
    Spec::new(name, Kind::Choice(allowed, put))
}

pub(crate) const fn text(name: &'static str, put: fn(&mut ClientOptions, &str)) -> Spec {
    Spec::new(name, Kind::Text(usize::MAX, put))
}

pub(crate) const fn special(name: &'static str, allowed: &'static str, put: PutSpecial) -> Spec {
    Spec::new(name, Kind::Special(allowed, put))
}

pub(crate) const fn renamed(name: &'static str, replacement: &'static str) -> Spec {
    let mut spec = Spec::new(name, Kind::NoEffect);
    spec.replaced_by = Some(replacement);
    spec
}

pub(crate) const fn without_effect(name: &'static str) -> Spec {
    Spec::new(name, Kind::NoEffect)
}

pub(crate) const fn refused(name: &'static str, why: &'static str) -> Spec {
    Spec::new(name, Kind::Refused(why)).strict()
}

/// The largest number of connections or milliseconds: what fits a signed 32-bit integer.
pub(crate) const MAX: i64 = i32::MAX as i64;

/// The largest integer that a number of JavaScript has exactly.
pub(crate) const MAX_EXACT: i64 = (1 << 53) - 1;

/// Milliseconds, where 0 is no limit.
pub(crate) fn limit(milliseconds: i64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds as u64))
}
