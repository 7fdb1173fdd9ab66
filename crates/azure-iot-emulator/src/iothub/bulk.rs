//! `POST /devices`: bulk changes of identities and twins. Items are applied one by one; an error in one item
//! does not undo the others.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::json;

use crate::iothub::codes::Code;
use crate::iothub::configurations::scope::Scope;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::registry::bulk_item;
use crate::iothub::registry::bulk_item::{BulkItem, BulkItemError};
use crate::iothub::rules::body;
use crate::iothub::store::api_version::ApiVersion;
use crate::service::{ServiceRequest, ServiceResponse};

/// Maximum number of items of a request.
const ITEM_LIMIT: usize = 100;

impl IotHub {
    pub(super) fn bulk_update(
        &self,
        request: &ServiceRequest,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let items: Vec<BulkItem> =
            body::parse_list(&request.body).map_err(|error| HubError::format(&error))?;
        if items.len() > ITEM_LIMIT {
            let text = format!("A request can have {ITEM_LIMIT} devices, not {}.", items.len());
            return Err(HubError::new(Code::TOO_MANY_DEVICES, text));
        }
        let mut seen = HashSet::new();
        // Items for a device and for its modules have the same device id.
        let device_ids = items.iter().filter_map(BulkItem::device_id);
        if let Some(repeated) = device_ids.into_iter().find(|device_id| !seen.insert(*device_id)) {
            let text = format!("DeviceDefinedMultipleTimes, device ID {repeated}");
            return Err(HubError::new(Code::DEVICE_DEFINED_MULTIPLE_TIMES, text));
        }
        let now = self.now();
        let errors = self.write(|store| {
            let mut errors = Vec::new();
            let mut written = Vec::new();
            for item in items {
                let (device_id, module_id) = item.ids();
                if let Err(error) = bulk_item::apply(store, item, version, now) {
                    errors.push(BulkItemError::new(device_id, module_id, error));
                } else {
                    written.push(device_id);
                }
            }
            if !store.configurations.is_empty() {
                for device_id in &written {
                    store.reconcile(Scope::Device(device_id), now);
                }
            }
            errors
        });
        let succeeded = errors.is_empty();
        let body = json!({"isSuccessful": succeeded, "errors": errors, "warnings": []});
        if succeeded {
            return Ok(ServiceResponse::json(StatusCode::OK, &body));
        }
        let code = Code::BULK_REGISTRY_OPERATION_FAILURE;
        Ok(ServiceResponse::json(code.status(), &body)
            .with_header("iothuberrorcode", code.name())
            .with_header("iothub-errorcode", code.name()))
    }
}
