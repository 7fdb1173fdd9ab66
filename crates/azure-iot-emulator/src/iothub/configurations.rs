//! Configurations: settings for all devices that a condition selects.

pub(super) mod authorship;
pub(super) mod loaded;
pub(super) mod metrics;
pub(super) mod reconcile;
pub(super) mod scope;
pub(super) mod settings;
pub(super) mod twin_update;
pub(super) mod view;
pub(super) mod write;

use http::StatusCode;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};
use twin_query::iothub as language;

use crate::iothub::configurations::scope::Scope;
use crate::iothub::configurations::view::ConfigurationView;
use crate::iothub::configurations::write::ConfigurationInput;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::{body, configuration_content, target_condition};
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::{Store, etag};
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestInput {
    target_condition: Option<String>,
    custom_metric_queries: Option<IndexMap<String, String>>,
}

impl IotHub {
    pub(super) fn get_configuration(&self, id: &str) -> Result<ServiceResponse> {
        self.read(|store| Ok(respond(store.configuration(id)?, Some(store))))
    }

    pub(super) fn list_configurations(&self) -> ServiceResponse {
        self.read(|store| {
            let configurations = store.configurations.values();
            let views: Vec<_> = configurations
                .map(|configuration| ConfigurationView(configuration, Some(store)))
                .collect();
            ServiceResponse::json(StatusCode::OK, &views)
        })
    }

    pub(super) fn put_configuration(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let body: ConfigurationInput = body::parse(&request.body)?;
        let if_match = IfMatch::of(&request.headers);
        let (now, tier) = (self.now(), self.tier());
        self.write(|store| {
            let response = respond(store.put_configuration(id, body, &if_match, tier, now)?, None);
            store.reconcile(Scope::All, now);
            Ok(response)
        })
    }

    pub(super) fn delete_configuration(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        self.write(|store| {
            if_match.check_identity(store.configuration(id)?.version)?;
            store.configurations.remove(id);
            store.reconcile(Scope::All, now);
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }

    pub(super) fn test_configuration_queries(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let body: TestInput = body::parse(&request.body)?;
        let condition = body.target_condition.unwrap_or_default();
        let condition_error = if condition.trim() == "*" {
            Some("The target condition '*' cannot be tested.".to_owned())
        } else {
            target_condition::parse_any(&condition).err()
        };
        let errors: IndexMap<String, String> = body
            .custom_metric_queries
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, query)| Some((name, language::parse_metric(&query).err()?.to_string())))
            .collect();
        let body = json!({ "targetConditionError": condition_error, "customMetricQueryErrors": errors });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    pub(super) fn apply_configuration(
        &self,
        request: &ServiceRequest,
        device_id: &str,
    ) -> Result<ServiceResponse> {
        let body: Value = body::parse_any(&request.body)?;
        let now = self.now();
        self.write(|store| {
            if !store.device(device_id)?.edge {
                return Err(HubError::argument("Not an Azure IoT Edge device"));
            }
            let content = configuration_content::check_for_edge(body)?;
            store.apply_content(device_id, &content, now)?;
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }
}

fn respond(configuration: &Configuration, store: Option<&Store>) -> ServiceResponse {
    let tag = etag::of_identity(configuration.version);
    ServiceResponse::json(StatusCode::OK, &ConfigurationView(configuration, store))
        .with_header("etag", &format!("\"{tag}\""))
}
