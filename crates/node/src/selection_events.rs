//! Steps of selections as JSON: `ts/logging/server-selection.ts`.

use crate::topology_events::{milliseconds, topology};
use ferropool_client::{ClientOptions, SelectionEvent, SelectionStep};
use ferropool_topology::ReadPreference;
use serde_json::{Map, Value, json};

pub(crate) fn event(event: &SelectionEvent, options: &ClientOptions) -> Value {
    let mut fields = match &event.step {
        SelectionStep::Started => json!({ "name": "serverSelectionStarted" }),
        SelectionStep::Waiting(remaining) => json!({
            "name": "waitingForSuitableServer",
            "remainingTimeMS": milliseconds(*remaining).round(),
        }),
        SelectionStep::Succeeded(server) => json!({
            "name": "serverSelectionSucceeded",
            "address": server.address().to_string(),
        }),
        SelectionStep::Failed(failure) => json!({
            "name": "serverSelectionFailed",
            "failure": failure.view(),
        }),
    };
    fields["selector"] = selector(&event.selector);
    fields["operation"] = json!(event.operation);
    fields["topologyDescription"] = match &event.topology {
        Some(known) => topology(known, options),
        None => json!({ "type": "Unknown", "servers": [] }),
    };
    fields
}

fn selector(preference: &ReadPreference) -> Value {
    let mut fields = json!({ "mode": preference.mode.name() });
    if !preference.tag_sets.is_empty() {
        let sets = preference.tag_sets.iter();
        let set = |tags: &Vec<(String, String)>| -> Map<String, Value> {
            tags.iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect()
        };
        fields["tags"] = sets.map(set).collect();
    }
    if let Some(limit) = preference.max_staleness {
        fields["maxStalenessSeconds"] = json!(limit.as_secs());
    }
    if let Some(hedge) = preference.hedge {
        fields["hedge"] = json!({ "enabled": hedge });
    }
    fields
}
