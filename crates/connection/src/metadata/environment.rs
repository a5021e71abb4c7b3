//! Where the process runs: a function of a cloud, a container ("client.env").

use ferropool_wire::Appender;
use std::path::Path;

/// What can be found out about where the process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    function: Option<Function>,
    /// `/.dockerenv` exists.
    is_docker: bool,
    /// `KUBERNETES_SERVICE_HOST` is set.
    is_kubernetes: bool,
}

/// A function as a service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Function {
    name: &'static str,
    timeout_sec: Option<i32>,
    memory_mb: Option<i32>,
    region: Option<String>,
}

impl Environment {
    /// That of this process.
    pub(super) fn current() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        Self::detect(variable, |path| path.exists())
    }

    pub(super) fn is_function(&self) -> bool {
        self.function.is_some()
    }

    /// Looks at environment variables and files. Those are arguments, so that a test can stand for any
    /// environment.
    pub(super) fn detect(
        variable: impl Fn(&str) -> Option<String>,
        exists: impl Fn(&Path) -> bool,
    ) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            function: Function::detect(&variable),
            is_docker: exists(Path::new("/.dockerenv")),
            is_kubernetes: variable("KUBERNETES_SERVICE_HOST").is_some(),
        }
    }

    /// Appends `env`; without its details, `env.name` alone. Nothing is appended where nothing is known.
    pub(super) fn append(&self, client: &mut Appender<'_>, has_details: bool) {
        let is_container = has_details && (self.is_docker || self.is_kubernetes);
        if self.function.is_none() && !is_container {
            return;
        }
        client.document("env", |env| {
            if let Some(function) = &self.function {
                function.append(env, has_details);
            }
            if is_container {
                env.document("container", |container| {
                    if self.is_docker {
                        container.string("runtime", "docker");
                    }
                    if self.is_kubernetes {
                        container.string("orchestrator", "kubernetes");
                    }
                });
            }
        });
    }
}

impl Function {
    fn detect(variable: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_set = |name: &str| variable(name).is_some();
        let is_aws = is_set("AWS_LAMBDA_RUNTIME_API")
            || variable("AWS_EXECUTION_ENV").is_some_and(|value| value.starts_with("AWS_Lambda_"));
        let is_azure = is_set("FUNCTIONS_WORKER_RUNTIME");
        let is_gcp = is_set("K_SERVICE") || is_set("FUNCTION_NAME");
        let is_vercel = is_set("VERCEL");
        // Not what it should be is left out, and is nobody's error.
        let integer = |name: &str| variable(name).and_then(|value| value.parse().ok());
        let function = |name| Self {
            name,
            timeout_sec: None,
            memory_mb: None,
            region: None,
        };
        // Vercel runs on AWS and has its variables too; any other two contradict each other.
        match (is_vercel, is_aws, is_azure, is_gcp) {
            (true, _, false, false) => Some(Self {
                region: variable("VERCEL_REGION"),
                ..function("vercel")
            }),
            (false, true, false, false) => Some(Self {
                memory_mb: integer("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
                region: variable("AWS_REGION"),
                ..function("aws.lambda")
            }),
            (false, false, true, false) => Some(function("azure.func")),
            (false, false, false, true) => Some(Self {
                timeout_sec: integer("FUNCTION_TIMEOUT_SEC"),
                memory_mb: integer("FUNCTION_MEMORY_MB"),
                region: variable("FUNCTION_REGION"),
                ..function("gcp.func")
            }),
            _ => None,
        }
    }

    fn append(&self, env: &mut Appender<'_>, has_details: bool) {
        env.string("name", self.name);
        if !has_details {
            return;
        }
        if let Some(seconds) = self.timeout_sec {
            env.int32("timeout_sec", seconds);
        }
        if let Some(megabytes) = self.memory_mb {
            env.int32("memory_mb", megabytes);
        }
        if let Some(region) = &self.region {
            env.string("region", region);
        }
    }
}
