//! "Test 1: Test that environment metadata is properly captured", by its numbers.

use super::*;

#[test]
fn case_1_valid_aws() {
    let variables = [
        AWS,
        ("AWS_REGION", "us-east-2"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ];
    let expected = doc! { "name": "aws.lambda", "memory_mb": 1024, "region": "us-east-2" };
    assert_eq!(env_in(&variables), Some(expected));
}

#[test]
fn case_2_valid_azure() {
    let variables = [("FUNCTIONS_WORKER_RUNTIME", "node")];
    assert_eq!(env_in(&variables), Some(doc! { "name": "azure.func" }));
}

#[test]
fn case_3_valid_gcp() {
    let variables = [
        ("K_SERVICE", "servicename"),
        ("FUNCTION_MEMORY_MB", "1024"),
        ("FUNCTION_TIMEOUT_SEC", "60"),
        ("FUNCTION_REGION", "us-central1"),
    ];
    let expected = doc! {
        "name": "gcp.func", "timeout_sec": 60, "memory_mb": 1024, "region": "us-central1",
    };
    assert_eq!(env_in(&variables), Some(expected));
}

#[test]
fn case_4_valid_vercel() {
    let variables = [("VERCEL", "1"), ("VERCEL_REGION", "cdg1")];
    let expected = doc! { "name": "vercel", "region": "cdg1" };
    assert_eq!(env_in(&variables), Some(expected));
}

#[test]
fn case_5_multiple_providers() {
    let variables = [AWS, ("FUNCTIONS_WORKER_RUNTIME", "node")];
    assert_eq!(env_in(&variables), None);
}

#[test]
fn case_6_long_string() {
    let region = "a".repeat(512);
    let client = client_in(&[AWS, ("AWS_REGION", &region)], &[]);
    let env = client.get_document("env").expect("env");
    assert_eq!(*env, doc! { "name": "aws.lambda" });
    // The next thing to go, had that not been enough.
    let os = client.get_document("os").expect("os");
    assert!(os.contains_key("architecture"));
}

#[test]
fn case_7_wrong_types() {
    let expected = doc! { "name": "aws.lambda" };
    for size in ["big", "", "1.5", "2147483648", "1024 "] {
        let variables = [AWS, ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", size)];
        assert_eq!(env_in(&variables), Some(expected.clone()), "{size:?}");
    }
}

#[test]
fn case_8_execution_environment_is_no_lambda() {
    assert_eq!(env_in(&[("AWS_EXECUTION_ENV", "EC2")]), None);
}

#[test]
fn case_9_container_and_provider() {
    let variables = [
        AWS,
        ("AWS_REGION", "us-east-2"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
        ("KUBERNETES_SERVICE_HOST", "1"),
    ];
    let expected = doc! {
        "name": "aws.lambda", "memory_mb": 1024, "region": "us-east-2",
        "container": { "orchestrator": "kubernetes" },
    };
    assert_eq!(env_in(&variables), Some(expected));
}

#[test]
fn a_container_needs_no_provider() {
    let client = client_in(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")], &["/.dockerenv"]);
    let container = doc! { "runtime": "docker", "orchestrator": "kubernetes" };
    assert_eq!(
        client.get("env"),
        Some(&Bson::Document(doc! { "container": container }))
    );
}

#[test]
fn vercel_comes_before_aws_and_no_other() {
    let on_aws = [("VERCEL", "1"), AWS, ("AWS_REGION", "us-east-2")];
    assert_eq!(env_in(&on_aws), Some(doc! { "name": "vercel" }));
    assert_eq!(env_in(&[("VERCEL", "1"), ("FUNCTION_NAME", "f")]), None);
}

#[test]
fn each_variable_of_a_provider_is_enough() {
    for (variable, name) in [
        ("AWS_LAMBDA_RUNTIME_API", "aws.lambda"),
        ("FUNCTION_NAME", "gcp.func"),
    ] {
        assert_eq!(env_in(&[(variable, "x")]), Some(doc! { "name": name }));
    }
}

#[test]
fn an_empty_variable_is_none() {
    assert_eq!(
        env_in(&[("VERCEL", ""), ("KUBERNETES_SERVICE_HOST", "")]),
        None
    );
    assert_eq!(env_in(&[]), None);
}

#[test]
fn a_function_is_none_that_only_runs_in_a_container() {
    assert!(super::detect(&[AWS], &[]).is_function());
    let kubernetes = ("KUBERNETES_SERVICE_HOST", "1");
    assert!(!super::detect(&[kubernetes], &["/.dockerenv"]).is_function());
    // Two clouds contradict each other: "client.env" names neither.
    assert!(!super::detect(&[AWS, ("K_SERVICE", "x")], &[]).is_function());
}
