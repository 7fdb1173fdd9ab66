//! Queries of enrollments and registrations, in pages.

use std::collections::BTreeMap;
use std::ops::Bound;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::api_version::ApiVersion;
use crate::provisioning::rules::query;
use crate::provisioning::rules::query::Page;
use crate::provisioning::store::enrollment::EnrollmentKind;
use crate::provisioning::store::view;
use crate::provisioning::store::view::EnrollmentExtent;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Default, Deserialize)]
#[serde(default)]
struct QueryInput {
    query: Option<String>,
}

impl ProvisioningService {
    pub(super) fn query_enrollments(
        &self,
        request: &ServiceRequest,
        kind: EnrollmentKind,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        query::check(parse(&request.body)?.query.as_deref(), kind.list_member())?;
        let page = Page::of(request)?;
        let extent = EnrollmentExtent {
            kind,
            keys: false,
            registry: version.has_device_registry(),
        };
        let item_type = match kind {
            EnrollmentKind::Individual => "enrollment",
            EnrollmentKind::Group => "enrollmentGroup",
        };
        self.read(|store| {
            let (rows, next) = rows(store.enrollments(kind), &page, |key, enrollment| {
                Some(view::enrollment(enrollment, store.registration(key), extent))
            });
            Ok(respond(&rows, next.as_deref(), item_type))
        })
    }

    /// Lists the registrations of a group. Some clients send a query.
    pub(super) fn query_registrations(
        &self,
        request: &ServiceRequest,
        group: &str,
    ) -> Result<ServiceResponse> {
        let input = if request.body.is_empty() {
            QueryInput::default()
        } else {
            parse(&request.body)?
        };
        query::check(input.query.as_deref(), "registrations")?;
        let page = Page::of(request)?;
        self.read(|store| {
            if store.enrollment(EnrollmentKind::Group, group).is_none() {
                return Err(ProvisioningError::not_found(EnrollmentKind::Group));
            }
            let (rows, next) = rows(&store.registrations, &page, |_, registration| {
                let of_group = registration.proof.group();
                let matches = of_group.is_some_and(|found| found.eq_ignore_ascii_case(group));
                matches.then(|| view::registration_state(registration))
            });
            Ok(respond(&rows, next.as_deref(), "deviceRegistration"))
        })
    }
}

fn parse(body: &[u8]) -> Result<QueryInput> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format_error(&error))?;
    if !value.is_object() {
        let message = "The body must be an object with a query.";
        return Err(ProvisioningError::new(Code::FORMAT_ERROR, message));
    }
    serde_json::from_value(value).map_err(|error| format_error(&error))
}

fn format_error(error: &serde_json::Error) -> ProvisioningError {
    ProvisioningError::new(Code::FORMAT_ERROR, format!("The body is not valid: {error}"))
}

/// Returns the rows of a page, and the key of the last one if there is another page. `row` omits records.
fn rows<T>(
    records: &BTreeMap<String, T>,
    page: &Page,
    row: impl Fn(&str, &T) -> Option<Value>,
) -> (Vec<Value>, Option<String>) {
    let from = page.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let mut matching = records
        .range::<str, _>((from, Bound::Unbounded))
        .filter_map(|(key, record)| row(key, record).map(|row| (key, row)));
    let mut rows = Vec::new();
    let mut last = None;
    for (key, row) in matching.by_ref().take(page.size) {
        rows.push(row);
        last = Some(key);
    }
    let next = matching.next().and(last).cloned();
    (rows, next)
}

/// Returns a page. The last one has no continuation token.
fn respond(rows: &[Value], next: Option<&str>, item_type: &str) -> ServiceResponse {
    let response = ServiceResponse::json(StatusCode::OK, &rows).with_header(query::ITEM_TYPE, item_type);
    match next {
        Some(key) => response.with_header(query::CONTINUATION, &query::token(key)),
        None => response,
    }
}
