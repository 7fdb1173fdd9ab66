//! Requests, dumps and loads in process, without HTTP.

use serde_json::Value;

use crate::error::StateError;
use crate::provisioning::instance::ProvisioningService;
use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;
use crate::service::{Service, StatefulService};

impl ProvisioningService {
    /// Handles a request to the service API or from a device. The credentials of services and fault rules are not checked;
    /// those of devices are. A custom allocation needs a Tokio runtime.
    pub async fn handle(&self, request: ServiceRequest) -> ServiceResponse {
        Service::handle(self, request).await
    }

    /// Returns the whole state, for [`load`](Self::load).
    pub fn dump(&self) -> Value {
        StatefulService::dump(self)
    }

    /// Replaces the whole state.
    ///
    /// # Errors
    /// If the state has unknown, missing or invalid members. The service is unchanged then.
    pub fn load(&self, state: &Value) -> Result<(), StateError> {
        StatefulService::load(self, state)
    }
}
