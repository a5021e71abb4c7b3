//! Values of control fields: any number that is whole, booleans as such or as numbers.

use std::time::Duration;

use bson::Bson;

use super::ControlError;
use crate::faults::Count;

pub(super) fn boolean(key: &str, value: &Bson) -> Result<bool, ControlError> {
    match value {
        Bson::Boolean(value) => Ok(*value),
        value => Ok(whole(key, value)? != 0),
    }
}

pub(super) fn count(key: &str, value: &Bson) -> Result<Count, ControlError> {
    Ok(match value {
        Bson::Boolean(true) => Count::Always,
        Bson::Boolean(false) => Count::Never,
        value => match whole(key, value)? {
            0 => Count::Never,
            times => Count::Times(times),
        },
    })
}

pub(super) fn milliseconds(key: &str, value: &Bson) -> Result<Duration, ControlError> {
    whole(key, value).map(|number| Duration::from_millis(number.into()))
}

fn whole(key: &str, value: &Bson) -> Result<u32, ControlError> {
    let number = match value {
        Bson::Int32(number) => u32::try_from(*number).ok(),
        Bson::Int64(number) => u32::try_from(*number).ok(),
        Bson::Double(number) if (0.0..=f64::from(u32::MAX)).contains(number) => {
            Some(*number as u32)
        }
        _ => None,
    };
    number.ok_or_else(|| invalid(key))
}

pub(super) fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    if digits.len() % 2 == 1 {
        return None;
    }
    // Two digits below 16 are below 256.
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8);
    Some(bytes.collect())
}

pub(super) fn invalid(key: &str) -> ControlError {
    ControlError::InvalidValue(key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type_count() {
        for value in [Bson::Int32(2), Bson::Int64(2), Bson::Double(2.0)] {
            assert_eq!(count("n", &value), Ok(Count::Times(2)));
        }
        assert_eq!(count("n", &Bson::Boolean(true)), Ok(Count::Always));
        assert_eq!(count("n", &Bson::Int32(0)), Ok(Count::Never));
        assert_eq!(boolean("n", &Bson::Double(1.0)), Ok(true));
        assert_eq!(milliseconds("n", &Bson::Int32(-1)), Err(invalid("n")));
    }

    #[test]
    fn hexadecimal_digits_come_in_pairs() {
        assert_eq!(from_hexadecimal("00fF"), Some(vec![0, 255]));
        assert_eq!(from_hexadecimal(""), Some(vec![]));
        assert_eq!(from_hexadecimal("0"), None);
        assert_eq!(from_hexadecimal("0x"), None);
    }
}
