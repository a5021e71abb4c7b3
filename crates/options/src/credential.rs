//! From user information and the `auth…` options to a [`Credential`] ("Authentication", the "MongoCredential
//! Properties" of each mechanism).

use super::ClientOptions;
use super::error::{OptionError, OptionErrorKind};
use super::spec::Invalid;
use super::value::OptionValue;
use ferropool_connection::{CallbackKind, Credential, Mechanism, MechanismProperties, Secret};

/// What was said of authentication.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthStated {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) mechanism: Option<Mechanism>,
    pub(crate) source: Option<String>,
    pub(crate) properties: MechanismProperties,
    /// The properties that were given.
    given: Vec<&'static str>,
}

/// The options that a credential comes from.
const NAMES: [&str; 4] = [
    "auth",
    "authMechanism",
    "authMechanismProperties",
    "authSource",
];

const EXTERNAL: &str = "$external";

/// The properties that mean something, by mechanism.
const PROPERTIES: [(Mechanism, &[&str]); 3] = [
    (
        Mechanism::Gssapi,
        &[
            "SERVICE_NAME",
            "SERVICE_REALM",
            "SERVICE_HOST",
            "CANONICALIZE_HOST_NAME",
        ],
    ),
    (
        Mechanism::Aws,
        &["AWS_SESSION_TOKEN", "AWS_CREDENTIAL_PROVIDER"],
    ),
    (
        Mechanism::Oidc,
        &[
            "ENVIRONMENT",
            "TOKEN_RESOURCE",
            "ALLOWED_HOSTS",
            "OIDC_CALLBACK",
            "OIDC_HUMAN_CALLBACK",
        ],
    ),
];

const ENVIRONMENTS: [&str; 4] = ["test", "azure", "gcp", "k8s"];

const CANONICALIZATIONS: [&str; 5] = ["none", "forward", "forwardAndReverse", "true", "false"];

pub(crate) fn set_auth(options: &mut ClientOptions, value: &OptionValue) -> Result<(), Invalid> {
    value.fields(Invalid::Value, |name, value| {
        let text = value.text().ok_or(Invalid::Value)?;
        match name {
            "username" => options.stated.auth.username = Some(text.to_owned()),
            "password" => options.stated.auth.password = Some(Secret::new(text)),
            _ => return Err(Invalid::Value),
        }
        Ok(())
    })
}

/// Another mechanism than the one that was meant must not be used: an unknown one is no warning.
pub(crate) fn set_mechanism(
    options: &mut ClientOptions,
    value: &OptionValue,
) -> Result<(), Invalid> {
    let mechanism = match value.text() {
        Some("DEFAULT") => None,
        Some(text) => Some(
            Mechanism::ALL
                .into_iter()
                .find(|mechanism| mechanism.name().eq_ignore_ascii_case(text))
                .ok_or(Invalid::Value)?,
        ),
        None => return Err(Invalid::Value),
    };
    options.stated.auth.mechanism = mechanism;
    Ok(())
}

pub(crate) fn set_properties(
    options: &mut ClientOptions,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    if let Some(text) = value.text() {
        for pair in text.split(',') {
            // The value may have colons; a comma ends it.
            match pair.split_once(':') {
                Some((name, value)) => {
                    set_property(options, name, &OptionValue::Text(value.to_owned()), from)?;
                }
                None => options.warnings.push(
                    "Option \"authMechanismProperties\" has a part that is no NAME:value and is ignored; a value that contains a comma belongs into the options object"
                        .to_owned(),
                ),
            }
        }
        return Ok(());
    }
    value.fields(Invalid::Value, |name, value| {
        set_property(options, name, value, from)
    })
}

fn set_property(
    options: &mut ClientOptions,
    name: &str,
    value: &OptionValue,
    from: OptionErrorKind,
) -> Result<(), Invalid> {
    let known = PROPERTIES
        .iter()
        .flat_map(|(_, names)| *names)
        .find(|known| known.eq_ignore_ascii_case(name));
    let Some(&name) = known else {
        return Err(Invalid::Because(match from {
            OptionErrorKind::Argument => {
                format!("Option \"authMechanismProperties\" has the unknown property \"{name}\"")
            }
            // What stands behind a comma in a token looks like a property.
            OptionErrorKind::ConnectionString => {
                "Option \"authMechanismProperties\" has an unknown property".to_owned()
            }
        }));
    };
    let must_be = |allowed: &str| {
        Invalid::Because(format!(
            "Property \"{name}\" of \"authMechanismProperties\" must be {allowed}"
        ))
    };
    let stated = &mut options.stated.auth;
    let properties = &mut stated.properties;
    let text = || {
        value
            .text()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| must_be("a string that is not empty"))
    };
    let one_of = |allowed: &[&str]| {
        text()
            .ok()
            .filter(|text| allowed.contains(&text.as_str()))
            .ok_or_else(|| must_be(&format!("one of \"{}\"", allowed.join("\", \""))))
    };
    match name {
        "SERVICE_NAME" => properties.service_name = Some(text()?),
        "SERVICE_REALM" => properties.service_realm = Some(text()?),
        "SERVICE_HOST" => properties.service_host = Some(text()?),
        "CANONICALIZE_HOST_NAME" => {
            properties.canonicalize_host_name = Some(match value.boolean() {
                Some(value) => value.to_string(),
                None => one_of(&CANONICALIZATIONS)?,
            });
        }
        "AWS_SESSION_TOKEN" => properties.aws_session_token = Some(Secret::new(&text()?)),
        "ENVIRONMENT" => properties.environment = Some(one_of(&ENVIRONMENTS)?),
        "TOKEN_RESOURCE" => properties.token_resource = Some(text()?),
        "ALLOWED_HOSTS" => {
            if from == OptionErrorKind::ConnectionString {
                return Err(Invalid::Because(
                    "Property \"ALLOWED_HOSTS\" of \"authMechanismProperties\" must not be in the connection string"
                        .to_owned(),
                ));
            }
            let hosts = match value {
                OptionValue::List(hosts) => hosts
                    .iter()
                    .map(|host| host.text().map(str::to_owned))
                    .collect(),
                _ => None,
            };
            properties.allowed_hosts = Some(hosts.ok_or_else(|| must_be("an array of strings"))?);
        }
        callback => {
            let kind = match callback {
                "AWS_CREDENTIAL_PROVIDER" => CallbackKind::Aws,
                "OIDC_CALLBACK" => CallbackKind::Oidc,
                _ => CallbackKind::OidcHuman,
            };
            if *value != OptionValue::Function {
                return Err(must_be("a function"));
            }
            if properties.callback.is_some_and(|other| other != kind) {
                return Err(Invalid::Because(
                    "Option \"authMechanismProperties\" must not have more than one callback"
                        .to_owned(),
                ));
            }
            properties.callback = Some(kind);
        }
    }
    if !stated.given.contains(&name) {
        stated.given.push(name);
    }
    Ok(())
}

/// Who the connections authenticate as, if they do.
pub(crate) fn decide(options: &ClientOptions) -> Result<Option<Credential>, OptionError> {
    let stated = &options.stated.auth;
    let user = options.stated.user.as_ref();
    let is_asked = user.is_some() || options.has("auth");
    let refuse = |message: String| Err(options.refuse(&NAMES, message));
    if let Some(property) = stated.given.iter().find(|given| !applies(given, stated)) {
        let message = match stated.mechanism {
            Some(mechanism) => format!(
                "Property \"{property}\" of \"authMechanismProperties\" is none of {}",
                mechanism.name()
            ),
            None => format!(
                "Property \"{property}\" of \"authMechanismProperties\" needs an \"authMechanism\" that has it"
            ),
        };
        return refuse(message);
    }
    if stated.mechanism.is_none() && !is_asked {
        return Ok(None);
    }
    // The object's user replaces the connection string's, and does not get that one's password.
    let (username, password) = match options.has("auth") {
        true => (stated.username.clone(), stated.password.clone()),
        false => (
            user.map(|user| user.name.clone()),
            user.and_then(|user| user.password.clone()),
        ),
    };
    let credential = Credential {
        username: username.filter(|name| !name.is_empty()),
        password,
        source: source(options, stated.mechanism),
        mechanism: stated.mechanism,
        properties: stated.properties.clone(),
    };
    match refusal(credential) {
        Ok(credential) => Ok(Some(credential)),
        Err(message) => refuse(message),
    }
}

fn applies(property: &str, stated: &AuthStated) -> bool {
    PROPERTIES
        .iter()
        .any(|(mechanism, names)| stated.mechanism == Some(*mechanism) && names.contains(&property))
}

fn source(options: &ClientOptions, mechanism: Option<Mechanism>) -> String {
    let database = options.default_database.as_deref();
    let default = match mechanism {
        None | Some(Mechanism::ScramSha1 | Mechanism::ScramSha256) => database.unwrap_or("admin"),
        Some(Mechanism::Plain) => database.unwrap_or(EXTERNAL),
        Some(Mechanism::X509 | Mechanism::Gssapi | Mechanism::Aws | Mechanism::Oidc) => EXTERNAL,
    };
    let stated = options.stated.auth.source.as_deref();
    stated.unwrap_or(default).to_owned()
}

/// The credential with its mechanism's defaults, or what its mechanism does not allow.
fn refusal(mut credential: Credential) -> Result<Credential, String> {
    let name = credential.mechanism.map_or("the default", Mechanism::name);
    let needs = |what: &str| format!("The authentication mechanism {name} needs {what}");
    let forbids = |what: &str| format!("The authentication mechanism {name} must not have {what}");
    match credential.mechanism {
        None | Some(Mechanism::Plain | Mechanism::ScramSha1 | Mechanism::ScramSha256) => {
            if credential.username.is_none() {
                return Err(needs("a user name"));
            }
            if credential.mechanism.is_some() && credential.password.is_none() {
                return Err(needs("a password"));
            }
            return Ok(credential);
        }
        Some(_) if credential.source != EXTERNAL => {
            return Err(needs("\"$external\" as \"authSource\""));
        }
        Some(Mechanism::Gssapi) => {
            if credential.username.is_none() {
                return Err(needs("a user name"));
            }
            let service = &mut credential.properties.service_name;
            service.get_or_insert_with(|| "mongodb".to_owned());
        }
        Some(Mechanism::X509) => {
            // `user:@host` has an empty one.
            credential
                .password
                .take_if(|password| password.reveal().is_empty());
            if credential.password.is_some() {
                return Err(forbids("a password"));
            }
        }
        Some(Mechanism::Aws) => {
            let properties = &credential.properties;
            if credential.username.is_some()
                || credential.password.is_some()
                || properties.aws_session_token.is_some()
            {
                return Err(forbids(
                    "credentials in the connection string or the options: they come from the environment or from \"AWS_CREDENTIAL_PROVIDER\"",
                ));
            }
        }
        Some(Mechanism::Oidc) => check_oidc(&credential, needs, forbids)?,
    }
    Ok(credential)
}

fn check_oidc(
    credential: &Credential,
    needs: impl Fn(&str) -> String,
    forbids: impl Fn(&str) -> String,
) -> Result<(), String> {
    if credential.password.is_some() {
        return Err(forbids("a password"));
    }
    let properties = &credential.properties;
    let Some(environment) = properties.environment.as_deref() else {
        return match (properties.callback, &properties.token_resource) {
            (None, _) => Err(needs(
                "the property \"ENVIRONMENT\", \"OIDC_CALLBACK\" or \"OIDC_HUMAN_CALLBACK\"",
            )),
            (Some(_), Some(_)) => Err(forbids(
                "\"TOKEN_RESOURCE\" without \"azure\" or \"gcp\" as \"ENVIRONMENT\"",
            )),
            (Some(_), None) => Ok(()),
        };
    };
    if properties.callback.is_some() {
        return Err(forbids("an \"ENVIRONMENT\" and a callback"));
    }
    if credential.username.is_some() && environment != "azure" {
        return Err(forbids(
            "a user name where \"ENVIRONMENT\" is not \"azure\"",
        ));
    }
    match (
        matches!(environment, "azure" | "gcp"),
        &properties.token_resource,
    ) {
        (true, None) => Err(needs(
            "\"TOKEN_RESOURCE\" where \"ENVIRONMENT\" is \"azure\" or \"gcp\"",
        )),
        (false, Some(_)) => Err(forbids(
            "\"TOKEN_RESOURCE\" without \"azure\" or \"gcp\" as \"ENVIRONMENT\"",
        )),
        _ => Ok(()),
    }
}
