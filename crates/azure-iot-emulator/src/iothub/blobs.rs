//! Blob containers for import and export jobs: as much of Azure's blob storage as it takes to fill and to read them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;

use super::IotHub;
use super::store::Store;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

/// A blob with its type. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Blob {
    content_type: String,
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub(crate) bytes: Vec<u8>,
}

pub(crate) type Container = BTreeMap<String, Blob>;

impl Blob {
    pub(crate) fn text(text: String) -> Self {
        Self {
            content_type: "text/plain; charset=utf-8".to_owned(),
            bytes: text.into_bytes(),
        }
    }
}

fn write_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(de::Error::custom)
}

impl Store {
    pub(crate) fn blob(&self, container: &str, name: &str) -> Option<&Blob> {
        self.containers.get(container)?.get(name)
    }

    /// Writes a blob; its container comes into being with it.
    pub(crate) fn put_blob(&mut self, container: &str, name: &str, blob: Blob) {
        if !self.containers.contains_key(container) {
            self.containers.insert(container.to_owned(), Container::new());
        }
        if let Some(container) = self.containers.get_mut(container) {
            container.insert(name.to_owned(), blob);
        }
    }
}

/// The containers as a service of their own. It takes every caller, and is for the loopback address only.
pub(crate) struct Blobs(pub(crate) Arc<IotHub>);

impl Blobs {
    fn route(&self, request: &ServiceRequest) -> ServiceResponse {
        let segments = request.segments();
        let parameter = |name: &str| request.query_value(name).unwrap_or_default();
        match (&request.method, segments.as_slice()) {
            (&Method::PUT, [container]) if parameter("restype") == "container" => self.create(container),
            (&Method::GET, [container]) if parameter("comp") == "list" => self.list(container),
            (&Method::DELETE, [container]) if parameter("restype") == "container" => {
                match self.0.store.write().containers.remove(container) {
                    Some(_) => ServiceResponse::empty(StatusCode::ACCEPTED),
                    None => error(StatusCode::NOT_FOUND, "ContainerNotFound"),
                }
            }
            (&Method::PUT, [container, path @ ..]) if !path.is_empty() && parameter("comp").is_empty() => {
                let content_type = request.header("x-ms-blob-content-type");
                let blob = Blob {
                    content_type: content_type
                        .or_else(|| request.header("content-type"))
                        .unwrap_or("application/octet-stream")
                        .to_owned(),
                    bytes: request.body.to_vec(),
                };
                self.0.store.write().put_blob(container, &path.join("/"), blob);
                ServiceResponse::empty(StatusCode::CREATED)
            }
            (&Method::GET | &Method::HEAD, [container, path @ ..]) if !path.is_empty() => {
                self.read(container, &path.join("/"))
            }
            (&Method::DELETE, [container, path @ ..]) if !path.is_empty() => {
                let mut store = self.0.store.write();
                let container = store.containers.get_mut(container);
                match container.and_then(|container| container.remove(&path.join("/"))) {
                    Some(_) => ServiceResponse::empty(StatusCode::ACCEPTED),
                    None => error(StatusCode::NOT_FOUND, "BlobNotFound"),
                }
            }
            _ => error(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        }
    }

    fn create(&self, container: &str) -> ServiceResponse {
        let mut store = self.0.store.write();
        if store.containers.contains_key(container) {
            return error(StatusCode::CONFLICT, "ContainerAlreadyExists");
        }
        store.containers.insert(container.to_owned(), Container::new());
        ServiceResponse::empty(StatusCode::CREATED)
    }

    fn read(&self, container: &str, name: &str) -> ServiceResponse {
        let store = self.0.store.read();
        let Some(blob) = store.blob(container, name) else {
            return error(StatusCode::NOT_FOUND, "BlobNotFound");
        };
        let mut response = ServiceResponse::empty(StatusCode::OK);
        response.body = blob.bytes.clone().into();
        if let Ok(content_type) = HeaderValue::from_str(&blob.content_type) {
            response.headers.insert(CONTENT_TYPE, content_type);
        }
        response.with_header("x-ms-blob-type", "BlockBlob")
    }

    fn list(&self, container: &str) -> ServiceResponse {
        let store = self.0.store.read();
        let Some(blobs) = store.containers.get(container) else {
            return error(StatusCode::NOT_FOUND, "ContainerNotFound");
        };
        let entry = |(name, blob): (&String, &Blob)| {
            format!(
                "<Blob><Name>{}</Name><Properties><Content-Length>{}</Content-Length></Properties></Blob>",
                escape(name),
                blob.bytes.len()
            )
        };
        let entries: String = blobs.iter().map(entry).collect();
        xml(
            StatusCode::OK,
            &format!("<EnumerationResults><Blobs>{entries}</Blobs><NextMarker /></EnumerationResults>"),
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn xml(status: StatusCode, body: &str) -> ServiceResponse {
    let mut response = ServiceResponse::empty(status).with_header("content-type", "application/xml");
    response.body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{body}").into();
    response
}

fn error(status: StatusCode, code: &str) -> ServiceResponse {
    let reason = status.canonical_reason().unwrap_or_default();
    xml(
        status,
        &format!("<Error><Code>{code}</Code><Message>{reason}</Message></Error>"),
    )
    .with_header("x-ms-error-code", code)
}

impl Service for Blobs {
    fn name(&self) -> &'static str {
        "blobs"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(std::future::ready(self.route(&request)))
    }

    fn refuse(&self, refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        match refusal {
            Refusal::Unauthorized(_) => error(StatusCode::FORBIDDEN, "AuthenticationFailed"),
            Refusal::BadRequest(_) => error(StatusCode::BAD_REQUEST, "InvalidUri"),
            Refusal::BodyTooLarge { .. } => error(StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge"),
            Refusal::Fault(status) => error(*status, "InternalError"),
        }
    }
}
