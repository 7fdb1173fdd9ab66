//! Configurations in wire format.

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::iothub::configurations::metrics;
use crate::iothub::configurations::metrics::Metrics;
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::content::Content;
use crate::iothub::store::{Store, etag};
use crate::timestamp::Timestamp;

/// A configuration in wire format. Without a store, its metrics have no results.
pub(crate) struct ConfigurationView<'a>(pub(crate) &'a Configuration, pub(crate) Option<&'a Store>);

impl Serialize for ConfigurationView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(configuration, store) = *self;
        let metrics = |queries: IndexMap<String, String>| match store {
            Some(store) => Metrics::evaluate(queries, store),
            None => Metrics::new(queries),
        };
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            id: &'a str,
            schema_version: &'a Option<String>,
            content_type: &'a Option<String>,
            labels: &'a Option<IndexMap<String, String>>,
            content: &'a Content,
            target_condition: &'a str,
            created_time_utc: Timestamp,
            last_updated_time_utc: Timestamp,
            priority: i64,
            system_metrics: Metrics,
            metrics: Metrics,
            etag: String,
        }
        Fields {
            id: &configuration.id,
            schema_version: &configuration.schema_version,
            content_type: &configuration.content_type,
            labels: &configuration.labels,
            content: &configuration.content,
            target_condition: &configuration.target_condition,
            created_time_utc: configuration.created,
            last_updated_time_utc: configuration.updated,
            priority: configuration.priority,
            system_metrics: metrics(metrics::system_queries(configuration)),
            metrics: metrics(configuration.queries.clone()),
            etag: etag::of_identity(configuration.version),
        }
        .serialize(serializer)
    }
}
