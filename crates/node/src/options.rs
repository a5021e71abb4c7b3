use ferropool_client::OptionValue;
use serde_json::Value;

/// Reads the options as TypeScript sends them: a JSON array of `[name, value]`. What JSON cannot say is an object
/// with one field: `{ "number": "NaN" }`, `{ "record": [[name, value], …] }`, `{ "function": true }` or
/// `{ "other": "…" }`.
pub(crate) fn parse(json: &str) -> Vec<(String, OptionValue)> {
    serde_json::from_str(json).map_or_else(|_| Vec::new(), fields)
}

fn fields(pairs: Value) -> Vec<(String, OptionValue)> {
    let Value::Array(pairs) = pairs else {
        return Vec::new();
    };
    let pairs = pairs.into_iter().filter_map(|pair| match pair {
        Value::Array(pair) => <[Value; 2]>::try_from(pair).ok(),
        _ => None,
    });
    pairs
        .filter_map(|pair| match pair {
            [Value::String(name), value] => Some((name, option(value))),
            _ => None,
        })
        .collect()
}

fn option(value: Value) -> OptionValue {
    match value {
        Value::Bool(value) => OptionValue::Boolean(value),
        Value::String(text) => OptionValue::Text(text),
        Value::Number(number) => OptionValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(values) => OptionValue::List(values.into_iter().map(option).collect()),
        Value::Object(tagged) => match tagged.into_iter().next() {
            Some((tag, Value::String(number))) if tag == "number" => {
                OptionValue::Number(match number.as_str() {
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    _ => f64::NAN,
                })
            }
            Some((tag, pairs)) if tag == "record" => OptionValue::Record(fields(pairs)),
            Some((tag, Value::String(other))) if tag == "other" => OptionValue::Other(other),
            _ => OptionValue::Function,
        },
        Value::Null => OptionValue::Other("null".to_owned()),
    }
}
