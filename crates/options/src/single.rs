//! Options that are more than a number, a flag or a text, and that nothing else has to do with.

use super::ClientOptions;
use super::error::OptionErrorKind;
use super::spec::Invalid;
use super::value::OptionValue;
use ferropool_connection::{Compressor, DriverInfo, MetadataError, Secret, ServerApi};

/// What every socket has.
pub(crate) fn always(options: &mut ClientOptions, name: &str, value: bool) {
    if !value {
        options
            .warnings
            .push(format!("Option \"{name}\" is always true"));
    }
}

pub(crate) fn set_key_password(options: &mut ClientOptions, password: &str) {
    options.stated.tls.key_password = Some(Secret::new(password));
}

/// Unknown names in a connection string are left out: they may be another driver's ("Compression").
pub(crate) fn set_compressors(
    options: &mut ClientOptions,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    let names: Option<Vec<&str>> = match value {
        OptionValue::Text(text) => Some(text.split(',').collect()),
        OptionValue::List(names) => names.iter().map(OptionValue::text).collect(),
        _ => None,
    };
    options.stated.compressors.clear();
    for name in names.ok_or(Invalid::Value)? {
        let compressor = match name {
            "snappy" => Compressor::Snappy,
            "zlib" => Compressor::Zlib(-1),
            "zstd" => Compressor::Zstd,
            "none" => continue,
            name if from == OptionErrorKind::ConnectionString => {
                let message =
                    format!("Unknown compressor \"{name}\" in the connection string is ignored");
                options.warnings.push(message);
                continue;
            }
            _ => return Err(Invalid::Value),
        };
        if !options.stated.compressors.contains(&compressor) {
            options.stated.compressors.push(compressor);
        }
    }
    Ok(())
}

pub(crate) fn set_driver_info(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let (mut name, mut version, mut platform) = (None, None, None);
    value.fields(Invalid::Value, |field, value| {
        let text = Some(value.text().ok_or(Invalid::Value)?.to_owned());
        match field {
            "name" => name = text,
            "version" => version = text,
            "platform" => platform = text,
            _ => return Err(Invalid::Value),
        }
        Ok(())
    })?;
    let refuse = |error: MetadataError| Invalid::Because(error.to_string());
    let info = DriverInfo::new(name.as_deref(), version.as_deref(), platform.as_deref());
    options.application.driver_info = vec![info.map_err(refuse)?];
    options.application.check().map_err(refuse)
}

pub(crate) fn set_server_api(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let mut api = ServerApi {
        version: value.text().unwrap_or_default().to_owned(),
        strict: None,
        deprecation_errors: None,
    };
    if value.text().is_none() {
        value.fields(Invalid::Value, |name, value| {
            match name {
                "version" => api.version = value.text().unwrap_or_default().to_owned(),
                "strict" => api.strict = Some(value.boolean().ok_or(Invalid::Value)?),
                "deprecationErrors" => {
                    api.deprecation_errors = Some(value.boolean().ok_or(Invalid::Value)?);
                }
                _ => return Err(Invalid::Value),
            }
            Ok(())
        })?;
    }
    if api.version != "1" {
        return Err(Invalid::Value);
    }
    options.server_api = Some(api);
    Ok(())
}

pub(crate) fn set_nameservers(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let OptionValue::List(addresses) = value else {
        return Err(Invalid::Value);
    };
    let addresses = addresses
        .iter()
        .map(|address| address.text().and_then(|text| text.parse().ok()));
    let addresses = addresses.collect::<Option<_>>().ok_or(Invalid::Value)?;
    if let Some(srv) = &mut options.srv {
        srv.nameservers = addresses;
    }
    Ok(())
}

/// RFC 6335, section 5.1, but longer: 62 bytes and the underscore are a DNS label.
pub(crate) fn set_service_name(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let name = value.text().ok_or(Invalid::Value)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=62).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(Invalid::Value);
    }
    if let Some(srv) = &mut options.srv {
        srv.service_name = name.to_owned();
    }
    Ok(())
}
