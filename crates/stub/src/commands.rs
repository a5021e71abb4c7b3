//! What each command answers, where nothing is scripted to go wrong.

use bson::{Bson, DateTime, Document, doc};

use crate::command_error::{CommandError, codes};
use crate::control;
use crate::fail_point::{self, FailPoint};
use crate::hello;
use crate::request::Request;
use crate::shared::{Shared, State};

/// Runs a command; its failure is a reply too. `connection_id` is the caller's.
pub(crate) fn run(shared: &Shared, connection_id: i32, request: &Request) -> Document {
    match dispatch(shared, connection_id, request) {
        Ok(mut reply) => {
            if !reply.contains_key("ok") {
                reply.insert("ok", 1.0);
            }
            reply
        }
        Err(error) => error.to_reply(),
    }
}

fn dispatch(
    shared: &Shared,
    connection_id: i32,
    request: &Request,
) -> Result<Document, CommandError> {
    let command = &request.command;
    let Some(database) = request.database.as_deref() else {
        return Err(CommandError::new(
            codes::MISSING_DATABASE,
            "OP_MSG requests require a $db argument",
        ));
    };
    if request.name == "stubControl" {
        // It locks the state itself, and ends connections afterwards.
        control::apply(shared, command, Some(connection_id))
            .map_err(|error| CommandError::new(codes::BAD_VALUE, error.to_string()))?;
        return Ok(Document::new());
    }
    let mut state = shared.state.lock();
    match &request.name[..] {
        "hello" | "isMaster" | "ismaster" => Ok(hello::reply(
            &shared.options,
            &state,
            connection_id,
            request,
        )),
        "ping" | "endSessions" | "startSession" | "refreshSessions" => Ok(Document::new()),
        "buildInfo" | "buildinfo" => Ok(build_info()),
        "getParameter" => get_parameter(command),
        "echo" => Ok(doc! {
            "ok": 1.0,
            "echo": command.get("echo").cloned(),
            "requestId": request.id,
        }),
        "insert" => {
            let reply = state.storage.insert(database, command)?;
            // A getMore may wait for what was inserted.
            shared.announce_change();
            Ok(reply)
        }
        "find" => state.storage.find(database, command),
        "getMore" => state.storage.cursors.get_more(database, command),
        "killCursors" => {
            let reply = state.storage.cursors.kill(command)?;
            shared.announce_change();
            Ok(reply)
        }
        "delete" => state.storage.delete(database, command),
        "drop" => state.storage.drop_collection(database, command),
        "configureFailPoint" => configure_fail_point(&mut state, command),
        "stubStatus" => Ok(state.status().to_document()),
        name => Err(CommandError::new(
            codes::COMMAND_NOT_FOUND,
            format!("no such command: '{name}'"),
        )),
    }
}

fn configure_fail_point(state: &mut State, command: &Document) -> Result<Document, CommandError> {
    let fail_point = FailPoint::parse(command)?;
    let reply = fail_point::configured(state.fail_point.as_ref());
    state.fail_point = fail_point;
    Ok(reply)
}

fn build_info() -> Document {
    doc! {
        "version": "7.0.0",
        "versionArray": [7, 0, 0, 0],
        "gitVersion": "none",
        "modules": [],
        "bits": 64,
        "debug": false,
        "maxBsonObjectSize": 16_777_216,
        "localTime": DateTime::now(),
    }
}

fn get_parameter(command: &Document) -> Result<Document, CommandError> {
    let known = doc! {
        "authenticationMechanisms": ["SCRAM-SHA-1", "SCRAM-SHA-256"],
        "enableTestCommands": true,
        "featureCompatibilityVersion": { "version": "7.0" },
    };
    if command.get("getParameter") == Some(&Bson::String("*".to_owned())) {
        return Ok(known);
    }
    let asked = known
        .into_iter()
        .filter(|(name, _)| command.contains_key(name));
    let found: Document = asked.collect();
    if found.is_empty() {
        return Err(CommandError::new(
            codes::INVALID_OPTIONS,
            "no option found to get",
        ));
    }
    Ok(found)
}
