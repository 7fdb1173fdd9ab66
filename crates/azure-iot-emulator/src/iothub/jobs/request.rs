//! Scheduled jobs in request bodies.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use twin_query::iothub::MAX_QUERY_LENGTH;

use crate::iothub::codes::Code;
use crate::iothub::device::method_call::Timeouts;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::twin_patch::TwinChange;
use crate::iothub::rules::{body, number, object};
use crate::iothub::store::job::{Job, JobAction, JobStatus};
use crate::timestamp::Timestamp;

/// Maximum time until a job starts.
const START_LIMIT: time::Duration = time::Duration::hours(168);
/// Default of `maxExecutionTimeInSeconds`.
const DEFAULT_EXECUTION_SECONDS: u64 = 3600;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobInput {
    job_id: Option<String>,
    r#type: Option<String>,
    #[serde(default, deserialize_with = "object::optional")]
    cloud_to_device_method: Option<MethodInput>,
    #[serde(default, deserialize_with = "object::optional")]
    update_twin: Option<TwinInput>,
    query_condition: Option<String>,
    start_time: Option<String>,
    #[serde(default, deserialize_with = "number::optional")]
    max_execution_time_in_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodInput {
    method_name: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default, deserialize_with = "number::optional")]
    response_timeout_in_seconds: Option<i64>,
    #[serde(default, deserialize_with = "number::optional")]
    connect_timeout_in_seconds: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct TwinInput {
    etag: Option<String>,
    tags: Option<Value>,
    properties: Option<Value>,
}

/// Parses a new job. Its condition is evaluated when it starts.
pub(crate) fn parse(id: &str, body: &[u8], now: Timestamp) -> Result<Job> {
    check_id(id)?;
    let input: JobInput = body::parse(body)?;
    if input.job_id.as_deref().is_some_and(|given| given != id) {
        return Err(HubError::argument(
            "The job id in the body differs from the job id in the path.",
        ));
    }
    let start = start(input.start_time.as_deref(), now)?;
    let condition = input
        .query_condition
        .ok_or_else(|| HubError::argument("queryCondition is missing."))?;
    check_condition(&condition)?;
    let kind = input.r#type.unwrap_or_default();
    let action = if kind.eq_ignore_ascii_case("scheduleUpdateTwin") {
        twin_action(input.update_twin)?
    } else if kind.eq_ignore_ascii_case("scheduleDeviceMethod") {
        method_action(input.cloud_to_device_method)?
    } else {
        let text = format!("Unknown job type \"{kind}\".");
        return Err(HubError::new(Code::GENERIC_BAD_REQUEST, text));
    };
    Ok(Job {
        id: id.to_owned(),
        action,
        condition,
        created: now,
        start,
        ended: None,
        updated: now,
        max_execution_seconds: input
            .max_execution_time_in_seconds
            .filter(|seconds| *seconds > 0)
            .unwrap_or(DEFAULT_EXECUTION_SECONDS),
        status: JobStatus::Queued,
        failure: None,
        devices: Vec::new(),
    })
}

fn check_id(id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-'".contains(&byte);
    if (1..=64).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(HubError::argument(format!(
        "The job id \"{id}\" is not valid: it must have 1 to 64 of the characters a-z, 0-9, - and '"
    )))
}

/// Checks the length of a condition. Its syntax is checked when the job starts. The error text about ETags is that
/// of the service.
fn check_condition(condition: &str) -> Result<()> {
    if condition.chars().count() > MAX_QUERY_LENGTH {
        return Err(HubError::new(
            Code::PRECONDITION_FAILED,
            "The etag in the request does not match the etag of the existing resource, as per RFC7232.",
        ));
    }
    Ok(())
}

fn start(text: Option<&str>, now: Timestamp) -> Result<Timestamp> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(now);
    };
    // A time without an offset is taken as UTC.
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .map_err(|_| HubError::argument(format!("startTime is not a valid time: \"{text}\"")))?;
    if time - now.time() > START_LIMIT {
        return Err(HubError::argument(format!(
            "A job must start within {} hours.",
            START_LIMIT.whole_hours()
        )));
    }
    Ok(Timestamp::from(time.to_offset(time::UtcOffset::UTC)))
}

fn twin_action(input: Option<TwinInput>) -> Result<JobAction> {
    let twin = input.ok_or_else(|| HubError::argument("updateTwin is missing."))?;
    if !matches!(twin.etag.as_deref(), Some("*" | "\"*\"")) {
        return Err(HubError::argument(
            "Missing or invalid etag of updateTwin: it must be *.",
        ));
    }
    // Validated here, so that the update does not fail on every device.
    TwinChange::new(twin.tags.clone(), twin.properties.clone())?;
    Ok(JobAction::ScheduleUpdateTwin {
        tags: twin.tags,
        properties: twin.properties,
    })
}

fn method_action(input: Option<MethodInput>) -> Result<JobAction> {
    let method = input.ok_or_else(|| HubError::argument("cloudToDeviceMethod is missing."))?;
    let method_name = body::non_empty(method.method_name);
    let method_name = method_name.ok_or_else(|| HubError::argument("methodName is missing."))?;
    let response = method.response_timeout_in_seconds.unwrap_or(30);
    let connect = method.connect_timeout_in_seconds.unwrap_or(0);
    Timeouts::check(Some(response), Some(connect)).map_err(|error| HubError::argument(error.text))?;
    Ok(JobAction::ScheduleDeviceMethod {
        method_name,
        payload: method.payload,
        response_timeout_in_seconds: response,
        connect_timeout_in_seconds: connect,
    })
}
