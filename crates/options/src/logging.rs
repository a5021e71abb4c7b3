//! What is to be logged. TypeScript does it: here it is only checked, as all options are.

use super::spec::Invalid;
use super::value::OptionValue;

pub(crate) const SEVERITIES: &str = "an object of components and levels";
pub(crate) const PATH: &str = "\"stderr\", \"stdout\" or an object with a function write";

const COMPONENTS: [&str; 6] = [
    "command",
    "topology",
    "serverSelection",
    "connection",
    "client",
    "default",
];
const LEVELS: [&str; 10] = [
    "off",
    "emergency",
    "alert",
    "critical",
    "error",
    "warn",
    "notice",
    "info",
    "debug",
    "trace",
];

pub(crate) fn check_severities(value: &OptionValue) -> Result<(), Invalid> {
    let refuse = |what: String, allowed: &[&str]| {
        let allowed = allowed.join(", ");
        Err(Invalid::Because(format!(
            "Option \"mongodbLogComponentSeverities\" has the unknown {what}; allowed are {allowed}"
        )))
    };
    value.fields(Invalid::Value, |name, level| {
        if !COMPONENTS.contains(&name) {
            return refuse(format!("component \"{name}\""), &COMPONENTS);
        }
        match level.text() {
            Some(text) if LEVELS.contains(&text) => Ok(()),
            _ => refuse(format!("level {level} of \"{name}\""), &LEVELS),
        }
    })
}

pub(crate) fn check_path(value: &OptionValue) -> Result<(), Invalid> {
    let is_writer = |fields: &[(String, OptionValue)]| {
        fields
            .iter()
            .any(|(name, value)| name == "write" && *value == OptionValue::Function)
    };
    match value {
        OptionValue::Text(path) if path == "stderr" || path == "stdout" => Ok(()),
        OptionValue::Record(fields) if is_writer(fields) => Ok(()),
        _ => Err(Invalid::Value),
    }
}
