//! System metrics and custom metrics of configurations.

use indexmap::IndexMap;
use serde::Serialize;

use crate::iothub::configurations::loaded;
use crate::iothub::query::rows;
use crate::iothub::store::Store;
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::content::Target;

/// Queries by name, and the number of rows of each.
#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    pub(crate) results: IndexMap<String, usize>,
    pub(crate) queries: IndexMap<String, String>,
}

impl Metrics {
    /// Creates metrics without results.
    pub(crate) fn new(queries: IndexMap<String, String>) -> Self {
        Self {
            results: IndexMap::new(),
            queries,
        }
    }

    /// Evaluates the queries. An empty query has the result 0.
    pub(crate) fn evaluate(queries: IndexMap<String, String>, store: &Store) -> Self {
        let results = queries
            .iter()
            .map(|(name, text)| (name.clone(), rows::count(store, text).unwrap_or(0)))
            .collect();
        Self { results, queries }
    }
}

/// Returns the queries of the system metrics.
pub(crate) fn system_queries(configuration: &Configuration) -> IndexMap<String, String> {
    // An invalid configuration targets no devices.
    let condition = match loaded::condition(configuration) {
        Ok(_) => configuration.target_condition.trim(),
        Err(_) => "",
    };
    let applied = format!("configurations.[[{}]].status = 'Applied'", configuration.id);
    let (targeted, applied) = match configuration.content.target() {
        Target::Devices => (
            on_devices("", condition),
            format!("SELECT deviceId FROM devices WHERE {applied}"),
        ),
        Target::Modules if condition.is_empty() => {
            let applied = format!("SELECT deviceId, moduleId FROM devices.modules WHERE {applied}");
            (String::new(), applied)
        }
        Target::Modules => (
            format!("SELECT deviceId, moduleId {condition}"),
            format!("SELECT deviceId, moduleId FROM devices.modules WHERE {applied}"),
        ),
        Target::EdgeDevices => (
            on_devices("capabilities.iotEdge = true", condition),
            format!("SELECT deviceId FROM devices.modules WHERE moduleId = '$edgeAgent' AND {applied}"),
        ),
    };
    let mut queries = IndexMap::from([("targetedCount".to_owned(), targeted)]);
    if configuration.content.target() == Target::EdgeDevices {
        let current = "properties.desired.$version = properties.reported.lastDesiredVersion";
        for (name, code) in [
            ("reportedSuccessfulCount", "= 200"),
            ("reportedFailedCount", "!= 200"),
        ] {
            let query =
                format!("{applied} AND {current} AND properties.reported.lastDesiredStatus.code {code}");
            queries.insert(name.to_owned(), query);
        }
    }
    queries.insert("appliedCount".to_owned(), applied);
    queries
}

fn on_devices(kind: &str, condition: &str) -> String {
    let conditions = match (kind, condition) {
        // Without a condition, no devices are targeted.
        (_, "") => return String::new(),
        ("", "*") => return "SELECT deviceId FROM devices".to_owned(),
        (kind, "*") => kind.to_owned(),
        ("", condition) => condition.to_owned(),
        (kind, condition) => format!("{kind} AND ({condition})"),
    };
    format!("SELECT deviceId FROM devices WHERE {conditions}")
}
