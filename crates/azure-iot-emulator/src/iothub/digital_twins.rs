//! Digital twins of Plug and Play devices, and their commands.

pub(super) mod component;
pub(super) mod conformance;
pub(super) mod patch;
pub(super) mod view;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::iothub::codes::Code;
use crate::iothub::device::method_call;
use crate::iothub::device::method_call::{MethodCall, Timeouts};
use crate::iothub::digital_twins::patch::{PatchOperation, PropertyChange};
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::rules::body;
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::twin_patch::TwinChange;
use crate::iothub::store::etag;
use crate::iothub::store::twin_key::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};
use crate::text::json_error_text;

impl IotHub {
    pub(super) fn get_digital_twin(&self, device_id: &str) -> Result<ServiceResponse> {
        self.read(|store| {
            let twin = &store.device(device_id)?.identity.twin;
            let tag = etag::of_twin(twin.etag);
            let response = ServiceResponse::json(StatusCode::OK, &view::digital_twin(device_id, twin));
            Ok(response.with_header("etag", &format!("\"{tag}\"")))
        })
    }

    pub(super) fn patch_digital_twin(
        &self,
        request: &ServiceRequest,
        device_id: &str,
    ) -> Result<ServiceResponse> {
        let operations: Vec<PatchOperation> = body::parse_list(&request.body)
            .map_err(|error| HubError::new(Code::INVALID_DIGITAL_TWIN_JSON_PATCH, json_error_text(&error)))?;
        let changes: Vec<PropertyChange> = operations
            .into_iter()
            .map(PropertyChange::new)
            .collect::<Result<_>>()?;
        let if_match = IfMatch::of(&request.headers);
        let (now, models) = (self.now(), self.models());
        self.write(|store| {
            let twin = &mut store.device_mut(device_id)?.identity.twin;
            if_match.check_twin(twin.etag)?;
            // If the device has no model, or its model is unknown to the hub, any property is accepted.
            let model = twin.model_id.as_deref().and_then(|id| models.interface(id));
            if let Some(model) = model {
                conformance::check(&model, &changes)?;
            }
            let mut desired = Map::new();
            for change in changes {
                change.add_to(twin, &mut desired);
            }
            twin.apply(TwinChange::new(None, Some(json!({ "desired": desired })))?, now)?;
            let tag = etag::of_twin(twin.etag);
            Ok(ServiceResponse::empty(StatusCode::ACCEPTED)
                .with_header("etag", &format!("\"{tag}\""))
                .with_header("location", &format!("{}{}", request.base_url, request.raw_path)))
        })
    }

    /// Invokes a command as a direct method. The component's name, if any, is prefixed to the method's name.
    pub(super) async fn invoke_command(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        component: Option<&str>,
        command: &str,
    ) -> Result<ServiceResponse> {
        // Here the service accepts only shared access signatures, regardless of the roles of a bearer token.
        if request.caller.is_bearer() {
            return Err(HubError::unauthorized());
        }
        if request.body.len() > method_call::SIZE_LIMIT {
            let text = format!("The payload is longer than {} bytes.", method_call::SIZE_LIMIT);
            return Err(HubError::new(Code::MESSAGE_TOO_LARGE, text));
        }
        let payload = if request.body.is_empty() {
            Value::Null
        } else {
            body::parse_any(&request.body)?
        };
        let timeouts = Timeouts::check(
            seconds(request, "responseTimeoutInSeconds")?,
            seconds(request, "connectTimeoutInSeconds")?,
        )?;
        let method = match component {
            Some(component) => format!("{component}*{command}"),
            None => command.to_owned(),
        };
        let call = MethodCall {
            method: &method,
            payload,
            timeouts,
        };
        let (status, payload) = self.call_method(TwinKey::device(device_id), call).await?;
        Ok(ServiceResponse::json(StatusCode::OK, &payload)
            .with_header("x-ms-command-statuscode", &status.to_string())
            .with_header("x-ms-request-id", &request.request_id))
    }
}

fn seconds(request: &ServiceRequest, name: &str) -> Result<Option<i64>> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| HubError::argument(format!("{name} is not a number: \"{text}\"")))
    };
    request.query_value(name).map(parse).transpose()
}
