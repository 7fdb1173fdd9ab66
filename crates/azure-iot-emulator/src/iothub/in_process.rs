//! Requests, dumps and loads in process, without HTTP.

use serde_json::Value;

use crate::error::StateError;
use crate::iothub::hub::IotHub;
use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;
use crate::service::{Service, StatefulService};

impl IotHub {
    /// Handles a request to the service API. Credentials and fault rules are not checked.
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
    /// If the state has unknown, missing or invalid members. The hub is unchanged then.
    pub fn load(&self, state: &Value) -> Result<(), StateError> {
        StatefulService::load(self, state)
    }
}
