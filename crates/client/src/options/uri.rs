//! The connection string, as far as one server by direct connection needs it.

use super::OptionError;
use ferropool_connection::Address;

pub(super) struct Uri {
    pub(super) address: Address,
    /// Names and values, percent-decoded, in their order.
    pub(super) options: Vec<(String, String)>,
}

pub(super) fn parse(uri: &str) -> Result<Uri, OptionError> {
    let Some(rest) = uri.strip_prefix("mongodb://") else {
        return Err(OptionError::uri(match uri.starts_with("mongodb+srv://") {
            true => "The scheme \"mongodb+srv\" is not supported by this version",
            false => "Invalid scheme, expected connection string to start with \"mongodb://\"",
        }));
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, _database) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        // The text must not repeat what stands before the @.
        return Err(OptionError::uri(
            "Credentials in the connection string are not supported by this version",
        ));
    }
    let hosts: Vec<&str> = authority.split(',').collect();
    let &[host] = hosts.as_slice() else {
        let message = format!(
            "This version connects to a single server; the connection string names {}",
            hosts.len()
        );
        return Err(OptionError::uri(message));
    };
    let address = Address::parse(&decode(host)?)?;
    let mut options = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair
            .split_once('=')
            .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        else {
            return Err(OptionError::uri(format!(
                "Option \"{pair}\" in the connection string must have the form name=value"
            )));
        };
        options.push((decode(name)?, decode(value)?));
    }
    Ok(Uri { address, options })
}

fn decode(text: &str) -> Result<String, OptionError> {
    let malformed = || {
        OptionError::uri(format!(
            "\"{text}\" in the connection string is not valid percent-encoding"
        ))
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [
                    rest.next().ok_or_else(malformed)?,
                    rest.next().ok_or_else(malformed)?,
                ];
                let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
                (high.ok_or_else(malformed)? * 16 + low.ok_or_else(malformed)?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_socket_path_is_decoded() {
        let uri = parse("mongodb://%2Ftmp%2Fmongodb-27017.sock/db?appName=a%20b").expect("valid");
        assert_eq!(uri.address.to_string(), "/tmp/mongodb-27017.sock");
        assert_eq!(uri.options, [("appName".to_owned(), "a b".to_owned())]);
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let error = parse("mongodb://user:hunter2@host/")
            .err()
            .expect("refused");
        assert!(!error.message.contains("hunter2"), "{error}");
    }
}
