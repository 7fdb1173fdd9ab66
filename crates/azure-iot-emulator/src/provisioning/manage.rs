//! The management API of the provisioning service.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::service::management::parse;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryAfter {
    seconds: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttling {
    enabled: bool,
}

impl ProvisioningService {
    /// Handles a management request; `path` follows `/provisioning`. Returns `None` if there is no such operation.
    pub(super) fn manage_service(
        &self,
        request: &ServiceRequest,
        path: &[&str],
    ) -> Option<Result<ServiceResponse>> {
        match (&request.method, path) {
            (&Method::GET, ["retryAfter"]) => Some(Ok(self.show_retry_after())),
            (&Method::PUT, ["retryAfter"]) => Some(self.change_retry_after(request)),
            (&Method::GET, ["throttling"]) => Some(Ok(self.show_throttling())),
            (&Method::PUT, ["throttling"]) => Some(self.change_throttling(request)),
            _ => None,
        }
    }

    fn show_retry_after(&self) -> ServiceResponse {
        let seconds = self.retry_after();
        ServiceResponse::json(StatusCode::OK, &RetryAfter { seconds })
    }

    fn show_throttling(&self) -> ServiceResponse {
        let enabled = self.is_throttling();
        ServiceResponse::json(StatusCode::OK, &Throttling { enabled })
    }

    fn change_throttling(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: Throttling =
            parse(request).map_err(|(_, message)| ProvisioningError::argument(message))?;
        self.set_throttling(input.enabled);
        Ok(self.show_throttling())
    }

    fn change_retry_after(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: RetryAfter =
            parse(request).map_err(|(_, message)| ProvisioningError::argument(message))?;
        self.set_retry_after(input.seconds);
        Ok(self.show_retry_after())
    }
}
