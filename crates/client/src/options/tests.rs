use super::{ClientOptions, OptionErrorKind, OptionValue};

fn parse(name: &str, value: OptionValue) -> Result<ClientOptions, String> {
    ClientOptions::from_address("a:1", &[(name.to_owned(), value)], "")
        .map_err(|error| error.message)
}
