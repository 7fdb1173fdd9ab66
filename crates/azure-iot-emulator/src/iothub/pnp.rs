//! Digital twins of devices that tell which model they follow, and their commands.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::input;
use super::methods::{self, MethodCall, Timeouts};
use super::twin::{Metadata, Twin, TwinChange};
use super::twins::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

/// The member that makes an object a component rather than a property: `"__t": "c"`.
const COMPONENT_MARK: &str = "__t";

impl IotHub {
    pub(crate) fn get_digital_twin(&self, key: TwinKey<'_>) -> Result<ServiceResponse> {
        let store = self.store.read();
        let twin = key.find(&store)?.twin();
        let tag = etag::of_twin(twin.etag);
        let response = ServiceResponse::json(StatusCode::OK, &render(key.device_id, twin));
        Ok(response.with_header("etag", &format!("\"{tag}\"")))
    }

    pub(crate) fn patch_digital_twin(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
    ) -> Result<ServiceResponse> {
        let operations: Vec<PatchOperation> = serde_json::from_slice(&request.body)
            .map_err(|error| HubError::new(Code::INVALID_DIGITAL_TWIN_JSON_PATCH, error.to_string()))?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let twin = &mut key.find_mut(&mut store)?.twin;
        if_match.check_twin(twin.etag)?;
        let mut desired = Map::new();
        for operation in operations {
            operation.add_to(twin, &mut desired)?;
        }
        twin.patch(TwinChange::new(None, Some(json!({ "desired": desired })))?, now)?;
        let tag = etag::of_twin(twin.etag);
        Ok(ServiceResponse::empty(StatusCode::ACCEPTED)
            .with_header("etag", &format!("\"{tag}\""))
            .with_header("location", &format!("{}{}", request.base_url, request.raw_path)))
    }

    /// A command is a direct method; one of a component has the component's name before it.
    pub(crate) async fn invoke_command(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
        component: Option<&str>,
        command: &str,
    ) -> Result<ServiceResponse> {
        // The service takes shared access signatures only, whatever role a token has.
        if request.caller.is_bearer() {
            return Err(HubError::unauthorized());
        }
        if request.body.len() > methods::SIZE_LIMIT {
            let text = format!("The payload is longer than {} bytes.", methods::SIZE_LIMIT);
            return Err(HubError::new(Code::MESSAGE_TOO_LARGE, text));
        }
        let payload = if request.body.is_empty() {
            Value::Null
        } else {
            input::parse(&request.body)?
        };
        let seconds = |name: &str| {
            request
                .query_value(name)
                .map(|text| {
                    text.parse()
                        .map_err(|_| HubError::argument(format!("{name} is no number: {text:?}")))
                })
                .transpose()
        };
        let timeouts = Timeouts::check(
            seconds("responseTimeoutInSeconds")?,
            seconds("connectTimeoutInSeconds")?,
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
        let (status, payload) = self.call_method(key, call).await?;
        Ok(ServiceResponse::json(StatusCode::OK, &payload)
            .with_header("x-ms-command-statuscode", &status.to_string())
            .with_header("x-ms-request-id", &request.request_id))
    }
}

/// An operation of JSON Patch, of those that make sense on properties.
#[derive(Debug, serde::Deserialize)]
struct PatchOperation {
    op: String,
    path: String,
    #[serde(default)]
    value: Option<Value>,
}

impl PatchOperation {
    /// Adds to a merge patch of desired properties what this operation asks for.
    fn add_to(self, twin: &Twin, desired: &mut Map<String, Value>) -> Result<()> {
        let value = match (self.op.as_str(), self.value) {
            ("add" | "replace", Some(value)) => value,
            ("remove", _) => Value::Null,
            ("add" | "replace", None) => {
                return Err(HubError::new(
                    Code::INVALID_DIGITAL_TWIN_JSON_PATCH,
                    format!("The operation on {} has no value.", self.path),
                ));
            }
            (other, _) => {
                return Err(HubError::new(
                    Code::INVALID_DIGITAL_TWIN_JSON_PATCH,
                    format!("Properties know the operations add, replace and remove, not {other:?}."),
                ));
            }
        };
        let names = path_names(&self.path)?;
        match names.as_slice() {
            // A property, or a whole component.
            [name] => drop(desired.insert(name.clone(), component_or_value(twin, name, value))),
            [first, rest @ ..] => {
                let of_component =
                    is_component(&twin.reported.values, first) || is_component(&twin.desired.values, first);
                let mut inner = match desired.get_mut(first) {
                    Some(Value::Object(inner)) => std::mem::take(inner),
                    _ => Map::new(),
                };
                if of_component {
                    inner.insert(COMPONENT_MARK.to_owned(), json!("c"));
                }
                put(&mut inner, rest, value);
                desired.insert(first.clone(), Value::Object(inner));
            }
            [] => {
                return Err(HubError::new(
                    Code::INVALID_DIGITAL_TWIN_PATCH_PATH,
                    "A digital twin can't be replaced as a whole.",
                ));
            }
        }
        Ok(())
    }
}

fn path_names(path: &str) -> Result<Vec<String>> {
    let invalid = || {
        HubError::new(
            Code::INVALID_DIGITAL_TWIN_PATCH_PATH,
            format!("The path {path:?} is none of a property."),
        )
    };
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let names = path.strip_prefix('/').ok_or_else(invalid)?.split('/');
    let names: Vec<String> = names
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect();
    if names.iter().any(|name| name.is_empty() || name.starts_with('$')) {
        return Err(invalid());
    }
    Ok(names)
}

fn is_component(values: &Map<String, Value>, name: &str) -> bool {
    values.get(name).and_then(|value| value.get(COMPONENT_MARK)) == Some(&json!("c"))
}

/// A component written as a whole is marked as one; a digital twin shows it by its `$metadata`.
fn component_or_value(twin: &Twin, name: &str, value: Value) -> Value {
    match value {
        Value::Object(mut members)
            if members.contains_key("$metadata")
                || is_component(&twin.reported.values, name)
                || is_component(&twin.desired.values, name) =>
        {
            members.shift_remove("$metadata");
            members.insert(COMPONENT_MARK.to_owned(), json!("c"));
            Value::Object(members)
        }
        value => value,
    }
}

/// Puts a value at a path, making the objects on the way.
fn put(place: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(place.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let mut inner = match place.get_mut(first) {
                Some(Value::Object(inner)) => std::mem::take(inner),
                _ => Map::new(),
            };
            put(&mut inner, rest, value);
            place.insert(first.clone(), Value::Object(inner));
        }
    }
}

fn render(device_id: &str, twin: &Twin) -> Value {
    let mut body = Map::from_iter([("$dtId".to_owned(), json!(device_id))]);
    let mut metadata = Map::from_iter([(
        "$model".to_owned(),
        json!(twin.model_id.as_deref().unwrap_or_default()),
    )]);
    // Without a model nobody knows which properties there are.
    if twin.model_id.is_some() {
        let desired = Part {
            values: &twin.desired.values,
            metadata: Some(&twin.desired.metadata),
        };
        let reported = Part {
            values: &twin.reported.values,
            metadata: Some(&twin.reported.metadata),
        };
        add_properties(
            &mut body,
            &mut metadata,
            &desired,
            &reported,
            twin.desired.version,
        );
    }
    body.insert("$metadata".to_owned(), Value::Object(metadata));
    Value::Object(body)
}

/// The desired or reported properties of a twin or of one of its components.
struct Part<'a> {
    values: &'a Map<String, Value>,
    metadata: Option<&'a Metadata>,
}

impl<'a> Part<'a> {
    fn component(&self, name: &str, empty: &'a Map<String, Value>) -> Self {
        Self {
            values: self.values.get(name).and_then(Value::as_object).unwrap_or(empty),
            metadata: self.metadata.and_then(|metadata| metadata.members.get(name)),
        }
    }
}

fn add_properties(
    body: &mut Map<String, Value>,
    metadata: &mut Map<String, Value>,
    desired: &Part<'_>,
    reported: &Part<'_>,
    desired_version: u64,
) {
    let empty = Map::new();
    let mut names: Vec<&String> = reported.values.keys().collect();
    names.extend(
        desired
            .values
            .keys()
            .filter(|name| !reported.values.contains_key(*name)),
    );
    for name in names.into_iter().filter(|name| *name != COMPONENT_MARK) {
        if is_component(reported.values, name) || is_component(desired.values, name) {
            let mut inner = Map::new();
            let mut inner_metadata = Map::new();
            let parts = (desired.component(name, &empty), reported.component(name, &empty));
            add_properties(
                &mut inner,
                &mut inner_metadata,
                &parts.0,
                &parts.1,
                desired_version,
            );
            inner.insert("$metadata".to_owned(), Value::Object(inner_metadata));
            body.insert(name.clone(), Value::Object(inner));
            continue;
        }
        let mut about = Map::new();
        if let Some(value) = desired.values.get(name) {
            let version = desired
                .metadata
                .and_then(|metadata| metadata.members.get(name)?.version);
            about.insert("desiredValue".to_owned(), value.clone());
            about.insert(
                "desiredVersion".to_owned(),
                json!(version.unwrap_or(desired_version)),
            );
        }
        let updated = reported.metadata.and_then(|metadata| metadata.members.get(name));
        match reported.values.get(name) {
            // The device acknowledges a desired value.
            Some(Value::Object(answer)) if answer.contains_key("ac") && answer.contains_key("value") => {
                for (short, long) in [("av", "ackVersion"), ("ac", "ackCode"), ("ad", "ackDescription")] {
                    if let Some(value) = answer.get(short) {
                        about.insert(long.to_owned(), value.clone());
                    }
                }
                body.insert(name.clone(), answer.get("value").cloned().unwrap_or_default());
            }
            Some(value) => drop(body.insert(name.clone(), value.clone())),
            None => {}
        }
        let updated = updated.or_else(|| desired.metadata.and_then(|metadata| metadata.members.get(name)));
        if let Some(updated) = updated {
            about.insert("lastUpdateTime".to_owned(), json!(updated.updated));
        }
        metadata.insert(name.clone(), Value::Object(about));
    }
}
