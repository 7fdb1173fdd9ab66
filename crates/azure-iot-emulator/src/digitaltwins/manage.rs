//! The management API of the instance: settings, webhooks and the demo building.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::digitaltwins::DigitalTwins;
use crate::digitaltwins::events::endpoint::{EndpointError, without_password};
use crate::service::management::{ManagementResult, duration, error, parse};
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryLag {
    seconds: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    enabled: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BuildingRequest {
    /// Whether the building replaces the content of the instance.
    replace: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
}

impl DigitalTwins {
    /// Handles a management request; `path` follows `/digitaltwins`. Returns `None` if there is no such operation.
    pub(super) fn manage_instance(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let result = match (&request.method, path) {
            (&Method::GET, ["queryLag"]) => Ok(self.show_query_lag()),
            (&Method::PUT, ["queryLag"]) => self.manage_query_lag(request),
            (&Method::GET, ["rates"]) => Ok(self.show_rates()),
            (&Method::PUT, ["rates"]) => self.manage_rates(request),
            (&Method::PUT, ["building"]) => self.manage_building(request),
            (&Method::GET, ["webhooks"]) => Ok(self.show_webhooks()),
            (&Method::PUT, ["webhooks", name]) => self.manage_webhook(request, name),
            (&Method::DELETE, ["webhooks", name]) => {
                let removed = self.remove_webhook(name);
                removed
                    .map(|()| no_content())
                    .map_err(|error| endpoint_error(&error))
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(|(status, message)| error(status, &message)))
    }

    fn show_query_lag(&self) -> ServiceResponse {
        let seconds = self.instance.session().graph.query_lag().as_secs_f64();
        ServiceResponse::json(StatusCode::OK, &QueryLag { seconds })
    }

    fn manage_query_lag(&self, request: &ServiceRequest) -> ManagementResult {
        let wanted: QueryLag = parse(request)?;
        self.set_query_lag(duration("seconds", wanted.seconds)?);
        Ok(self.show_query_lag())
    }

    fn show_rates(&self) -> ServiceResponse {
        let enabled = self.instance.rates.is_enabled();
        ServiceResponse::json(StatusCode::OK, &Rates { enabled })
    }

    fn manage_rates(&self, request: &ServiceRequest) -> ManagementResult {
        let wanted: Rates = parse(request)?;
        self.set_rate_limits(wanted.enabled);
        Ok(self.show_rates())
    }

    fn manage_building(&self, request: &ServiceRequest) -> ManagementResult {
        let wanted: BuildingRequest = if request.body.is_empty() {
            BuildingRequest::default()
        } else {
            parse(request)?
        };
        let conflict = |text: String| (StatusCode::CONFLICT, text);
        if wanted.replace {
            // Built in a second instance, so that clients see either the old content or the complete building.
            let other = DigitalTwins::new(self.instance.clock.clone());
            other
                .load_building()
                .map_err(|error| conflict(error.to_string()))?;
            self.load(&other.dump())
                .map_err(|error| conflict(error.to_string()))?;
        } else if self.is_empty() {
            self.load_building()
                .map_err(|error| conflict(error.to_string()))?;
        } else {
            let text = "the instance is not empty; send {\"replace\": true} to delete its content";
            return Err(conflict(text.to_owned()));
        }
        Ok(no_content())
    }

    fn show_webhooks(&self) -> ServiceResponse {
        let webhooks: Vec<Value> = self
            .instance
            .events
            .webhooks()
            .iter()
            .map(|(name, url)| json!({"name": name, "url": without_password(url).as_str()}))
            .collect();
        ServiceResponse::json(StatusCode::OK, &webhooks)
    }

    fn manage_webhook(&self, request: &ServiceRequest, name: &str) -> ManagementResult {
        let wanted: Webhook = parse(request)?;
        let url = Url::parse(&wanted.url).map_err(|error| {
            (
                StatusCode::BAD_REQUEST,
                format!("the url \"{}\" is not valid: {error}", wanted.url),
            )
        })?;
        let added = self.add_webhook(name, &url);
        added
            .map(|()| no_content())
            .map_err(|error| endpoint_error(&error))
    }
}

fn endpoint_error(error: &EndpointError) -> (StatusCode, String) {
    let status = match error {
        EndpointError::TooMany | EndpointError::InUse { .. } => StatusCode::CONFLICT,
        EndpointError::NotFound { .. } => StatusCode::NOT_FOUND,
        EndpointError::NoRuntime => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, error.to_string())
}

fn no_content() -> ServiceResponse {
    ServiceResponse::empty(StatusCode::NO_CONTENT)
}
