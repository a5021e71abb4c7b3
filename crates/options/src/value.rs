use std::fmt;

/// A user's value, as it crossed the edge.
#[derive(Clone, PartialEq)]
pub enum OptionValue {
    /// A number, NaN and infinities included.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// A string, or the content of a buffer.
    Text(String),
    /// An array.
    List(Vec<OptionValue>),
    /// An object's own fields.
    Record(Vec<(String, OptionValue)>),
    /// A function, which stays where it is.
    Function,
    /// Anything else, as the user would recognise it.
    Other(String),
}

impl OptionValue {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// An integer, if it is one from `min` to `max`.
    pub(crate) fn integer(&self, min: i64, max: i64) -> Option<i64> {
        match self {
            Self::Number(number)
                if number.fract() == 0.0 && (min as f64..=max as f64).contains(number) =>
            {
                Some(*number as i64)
            }
            _ => None,
        }
    }

    /// The fields of an object that has no others than those that `read` takes.
    pub(crate) fn fields<E>(
        &self,
        otherwise: E,
        mut read: impl FnMut(&str, &OptionValue) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self::Record(fields) = self else {
            return Err(otherwise);
        };
        fields
            .iter()
            .try_for_each(|(name, value)| read(name, value))
    }
}

/// As an error shows it.
impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // As JavaScript spells them.
            Self::Number(number) if number.is_infinite() => f.write_str(if *number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }),
            Self::Number(number) if number.abs() >= 1e21 => {
                f.write_str(&format!("{number:e}").replace('e', "e+"))
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(_) | Self::Record(_) => f.write_str("a value of type object"),
            Self::Function => f.write_str("a value of type function"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Its kind alone: the value may be a password.
impl fmt::Debug for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number",
            Self::Boolean(_) => "Boolean",
            Self::Text(_) => "Text",
            Self::List(_) => "List",
            Self::Record(_) => "Record",
            Self::Function => "Function",
            Self::Other(_) => "Other",
        })
    }
}
