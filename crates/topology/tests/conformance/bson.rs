//! A file's JSON as the bytes that a server would send.

use ferropool_wire::Appender;
use serde_json::{Map, Value};

pub(crate) fn document(fields: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut outcome = Ok(());
    let mut document = Appender::begin(&mut bytes);
    append_all(&mut document, fields, &mut outcome);
    document.finish();
    outcome.map(|()| bytes)
}

fn append_all(
    document: &mut Appender<'_>,
    fields: &Map<String, Value>,
    outcome: &mut Result<(), String>,
) {
    for (key, value) in fields {
        append(document, key, value, outcome);
    }
}

fn append(document: &mut Appender<'_>, key: &str, value: &Value, outcome: &mut Result<(), String>) {
    let integer = value.as_i64().and_then(|it| i32::try_from(it).ok());
    match (value, integer) {
        (Value::Null, _) => drop(document.null(key)),
        (Value::Bool(boolean), _) => drop(document.boolean(key, *boolean)),
        (Value::Number(_), Some(integer)) => drop(document.int32(key, integer)),
        (Value::String(text), _) => drop(document.string(key, text)),
        (Value::Array(items), _) => {
            document.array(key, items, |array, index, item| {
                append(array, index, item, outcome);
            });
        }
        (Value::Object(fields), _) => match extended(fields) {
            Some(Extended::ObjectId(id)) => drop(document.object_id(key, &id)),
            Some(Extended::Int64(number)) => drop(document.int64(key, number)),
            None => {
                document.document(key, |nested| append_all(nested, fields, outcome));
            }
        },
        _ => *outcome = Err(format!("no BSON for {key}: {value}")),
    }
}

enum Extended {
    ObjectId([u8; 12]),
    Int64(i64),
}

/// The types of extended JSON that the files use.
fn extended(fields: &Map<String, Value>) -> Option<Extended> {
    let (key, text) = fields.iter().next()?;
    match (key.as_str(), text.as_str()?) {
        ("$oid", hex) if hex.len() == 24 => {
            let mut id = [0; 12];
            for (index, byte) in id.iter_mut().enumerate() {
                *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
            }
            Some(Extended::ObjectId(id))
        }
        ("$numberLong", number) => number.parse().ok().map(Extended::Int64),
        _ => None,
    }
}
