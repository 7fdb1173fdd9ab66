//! Blob containers for import and export jobs, with a subset of the Azure Blob Storage API.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use crate::iothub::hub::IotHub;
use crate::iothub::store::blob::Blob;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

/// The HTTP service of the containers. It does not check credentials, so it must listen only on the
/// loopback address.
pub(crate) struct Blobs(pub(crate) Arc<IotHub>);

impl Blobs {
    fn route(&self, request: &ServiceRequest) -> ServiceResponse {
        let segments = request.segments();
        let is = |name: &str, value: &str| request.query_value(name) == Some(value);
        let is_plain = request.query_value("comp").is_none_or(str::is_empty);
        match (&request.method, segments.as_slice()) {
            (&Method::PUT, [container]) if is("restype", "container") => self.create_container(container),
            (&Method::GET, [container]) if is("comp", "list") => self.list(container),
            (&Method::DELETE, [container]) if is("restype", "container") => self.delete_container(container),
            (&Method::PUT, [container, path @ ..]) if !path.is_empty() && is_plain => {
                self.put_blob(request, container, &path.join("/"))
            }
            (&Method::GET | &Method::HEAD, [container, path @ ..]) if !path.is_empty() => {
                self.get_blob(container, &path.join("/"))
            }
            (&Method::DELETE, [container, path @ ..]) if !path.is_empty() => {
                self.delete_blob(container, &path.join("/"))
            }
            _ => error(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
        }
    }

    fn create_container(&self, container: &str) -> ServiceResponse {
        self.0.write(|store| {
            if store.containers.add_group(container) {
                ServiceResponse::empty(StatusCode::CREATED)
            } else {
                error(StatusCode::CONFLICT, "ContainerAlreadyExists")
            }
        })
    }

    fn delete_container(&self, container: &str) -> ServiceResponse {
        match self.0.write(|store| store.containers.remove_group(container)) {
            Some(_) => ServiceResponse::empty(StatusCode::ACCEPTED),
            None => error(StatusCode::NOT_FOUND, "ContainerNotFound"),
        }
    }

    fn put_blob(&self, request: &ServiceRequest, container: &str, name: &str) -> ServiceResponse {
        let blob = Blob {
            content_type: request
                .header("x-ms-blob-content-type")
                .or_else(|| request.header("content-type"))
                .unwrap_or("application/octet-stream")
                .to_owned(),
            bytes: request.body.to_vec(),
        };
        self.0.write(|store| store.put_blob(container, name, blob));
        ServiceResponse::empty(StatusCode::CREATED)
    }

    fn get_blob(&self, container: &str, name: &str) -> ServiceResponse {
        self.0.read(|store| {
            let Some(blob) = store.blob(container, name) else {
                return error(StatusCode::NOT_FOUND, "BlobNotFound");
            };
            let mut response = ServiceResponse::empty(StatusCode::OK);
            response.body = blob.bytes.clone().into();
            if let Ok(content_type) = HeaderValue::from_str(&blob.content_type) {
                response.headers.insert(CONTENT_TYPE, content_type);
            }
            response.with_header("x-ms-blob-type", "BlockBlob")
        })
    }

    fn delete_blob(&self, container: &str, name: &str) -> ServiceResponse {
        let removed = self.0.write(|store| store.containers.remove(container, name));
        match removed {
            Some(_) => ServiceResponse::empty(StatusCode::ACCEPTED),
            None => error(StatusCode::NOT_FOUND, "BlobNotFound"),
        }
    }

    fn list(&self, container: &str) -> ServiceResponse {
        self.0.read(|store| {
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
        })
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
    let reason = status.canonical_reason().unwrap_or("");
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
            Refusal::BodyTimeout { .. } => error(StatusCode::REQUEST_TIMEOUT, "OperationTimedOut"),
            Refusal::Unsupported(_) => error(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
            Refusal::Fault(status) => error(*status, "InternalError"),
        }
    }
}
