//! Direct methods.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::iothub::codes::Code;
use crate::iothub::device::method_call;
use crate::iothub::device::method_call::{MethodCall, Timeouts};
use crate::iothub::errors::Result;
use crate::iothub::hub::IotHub;
use crate::iothub::rules::{body, number};
use crate::iothub::store::twin_key::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodInput {
    method_name: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default, deserialize_with = "number::optional")]
    response_timeout_in_seconds: Option<i64>,
    #[serde(default, deserialize_with = "number::optional")]
    connect_timeout_in_seconds: Option<i64>,
}

impl IotHub {
    pub(super) async fn invoke_method(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
    ) -> Result<ServiceResponse> {
        if request.body.len() > method_call::SIZE_LIMIT {
            return Err(method_call::failure(
                Code::MESSAGE_TOO_LARGE,
                format!("The call is longer than {} bytes.", method_call::SIZE_LIMIT),
            ));
        }
        let call: MethodInput =
            body::parse(&request.body).map_err(|error| method_call::failure(error.code, error.text))?;
        let method = call.method_name.as_deref().filter(|name| !name.is_empty());
        let method =
            method.ok_or_else(|| method_call::failure(Code::ARGUMENT_INVALID, "methodName is missing."))?;
        let call = MethodCall {
            method,
            payload: call.payload,
            timeouts: Timeouts::check(call.response_timeout_in_seconds, call.connect_timeout_in_seconds)?,
        };
        let (status, payload) = self.call_method(key, call).await?;
        Ok(ServiceResponse::json(
            StatusCode::OK,
            &json!({ "status": status, "payload": payload }),
        ))
    }
}
