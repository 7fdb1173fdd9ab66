//! The rows of `FROM devices.jobs`: one row per device of each job.

use serde_json::{Map, Value, json};
use twin_query::Name;

use crate::iothub::query::condition::Row;
use crate::iothub::query::value::Operand;
use crate::iothub::store::Store;
use crate::iothub::store::job::{DeviceJob, Job};

/// A row of `devices.jobs`. Member names are case-insensitive in queries.
#[derive(Debug, Clone)]
pub(crate) struct JobRow(Map<String, Value>);

impl JobRow {
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

impl<'a> Row<'a> for &'a JobRow {
    fn property(self, path: &[Name]) -> Operand<'a> {
        let Some((first, rest)) = path.split_first() else {
            return Operand::Undefined;
        };
        let mut value = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(first.as_str()))
            .map(|(_, value)| value);
        for name in rest {
            value = value.and_then(|value| value.get(name.as_str()));
        }
        value.map_or(Operand::Undefined, Operand::borrowed)
    }
}

/// Returns all rows, ordered by job and then by device.
pub(crate) fn rows(store: &Store) -> impl Iterator<Item = JobRow> + '_ {
    store
        .jobs
        .values()
        .flat_map(|job| job.devices.iter().map(|device| row(job, device)))
}

fn row(job: &Job, device: &DeviceJob) -> JobRow {
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| drop(row.insert(key.to_owned(), value));
    put("deviceId", json!(device.device_id));
    if let Some(module_id) = &device.module_id {
        put("moduleId", json!(module_id));
    }
    put("jobId", json!(job.id));
    put("jobType", json!(job.action.name()));
    put("status", json!(device.status.name()));
    put("startTimeUtc", json!(device.started));
    put("endTimeUtc", json!(device.ended));
    put("createdDateTimeUtc", json!(job.created));
    put("lastUpdatedDateTimeUtc", json!(device.updated));
    put("outcome", json!({ "deviceMethodResponse": device.response }));
    if let Some((code, text)) = &device.error {
        put("error", json!({ "code": code, "description": text }));
    }
    JobRow(row)
}
