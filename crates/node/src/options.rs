use ferropool_client::OptionValue;
use serde_json::Value;

/// Reads the options as TypeScript sends them: a JSON array of `[name, value]`, where a value that
/// JSON cannot say is `{ "number": "NaN" }` or `{ "other": "…" }`.
pub(crate) fn parse(json: &str) -> Vec<(String, OptionValue)> {
    let Ok(Value::Array(pairs)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    pairs
        .into_iter()
        .filter_map(|pair| match pair {
            Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
                Ok([Value::String(name), value]) => Some((name, option(value))),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn option(value: Value) -> OptionValue {
    match value {
        Value::Bool(value) => OptionValue::Boolean(value),
        Value::String(text) => OptionValue::Text(text),
        Value::Number(number) => OptionValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Object(fields) => match (fields.get("number"), fields.get("other")) {
            (Some(Value::String(number)), _) => OptionValue::Number(match number.as_str() {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => f64::NAN,
            }),
            (_, Some(Value::String(other))) => OptionValue::Other(other.clone()),
            _ => OptionValue::Other("an object".to_owned()),
        },
        other => OptionValue::Other(other.to_string()),
    }
}
