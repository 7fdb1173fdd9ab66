//! Scheduled jobs in wire format.

use serde_json::{Map, Value, json};

use crate::iothub::store::job::{DeviceJobStatus, Job, JobAction};

/// Returns the job in wire format.
pub(crate) fn job(job: &Job) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
    put("jobId", json!(job.id));
    put("queryCondition", json!(job.condition));
    put("createdTime", json!(job.created));
    put("startTime", json!(job.start));
    if let Some(ended) = job.ended {
        put("endTime", json!(ended));
    }
    put("maxExecutionTimeInSeconds", json!(job.max_execution_seconds));
    put("type", json!(job.action.name()));
    add_action(&mut body, &job.action);
    let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
    put("status", json!(job.status));
    if let Some(failure) = &job.failure {
        put("failureReason", json!(failure));
    }
    put(
        "deviceJobStatistics",
        json!({
            "deviceCount": job.devices.len(),
            "failedCount": job.count(DeviceJobStatus::Failed),
            "succeededCount": job.count(DeviceJobStatus::Completed),
            "runningCount": job.count(DeviceJobStatus::Running),
            "pendingCount": job.count(DeviceJobStatus::Pending),
        }),
    );
    Value::Object(body)
}

fn add_action(body: &mut Map<String, Value>, action: &JobAction) {
    match action {
        JobAction::ScheduleUpdateTwin { tags, properties } => {
            let mut twin = json!({ "deviceId": null, "etag": "*" });
            if let Some(tags) = tags {
                twin["tags"] = tags.clone();
            }
            if let Some(properties) = properties {
                twin["properties"] = properties.clone();
            }
            body.insert("updateTwin".to_owned(), twin);
        }
        JobAction::ScheduleDeviceMethod {
            method_name,
            payload,
            response_timeout_in_seconds,
            connect_timeout_in_seconds,
        } => {
            let method = json!({
                "methodName": method_name,
                // The service serializes the payload as an array of bytes.
                "payload": payload.to_string().into_bytes(),
                "responseTimeoutInSeconds": response_timeout_in_seconds,
                "connectTimeoutInSeconds": connect_timeout_in_seconds,
            });
            body.insert("cloudToDeviceMethod".to_owned(), method);
        }
    }
}
