//! `POST /enrollments` and `POST /enrollmentGroups`: bulk changes. Items are applied one by one; an error does not undo
//! the others.

use std::collections::HashSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::api_version::ApiVersion;
use crate::provisioning::rules::enrollment_input::{EnrollmentInput, WriteContext};
use crate::provisioning::rules::id;
use crate::provisioning::rules::precondition::IfMatch;
use crate::provisioning::store::enrollment::EnrollmentKind;
use crate::provisioning::store::{Store, etag};
use crate::service::{ServiceRequest, ServiceResponse};
use crate::timestamp::Timestamp;

/// Maximum number of items of a request.
const ITEM_LIMIT: usize = 10;

/// The operation of all items of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BulkMode {
    Create,
    Update,
    UpdateIfMatch,
    Delete,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkInput {
    mode: Option<String>,
    #[serde(default)]
    enrollments: Option<Vec<Value>>,
    #[serde(default)]
    enrollment_groups: Option<Vec<Value>>,
}

impl ProvisioningService {
    pub(super) fn run_bulk(
        &self,
        request: &ServiceRequest,
        kind: EnrollmentKind,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let input: BulkInput = serde_json::from_slice(&request.body).map_err(|error| {
            ProvisioningError::new(Code::FORMAT_ERROR, format!("The body is not valid: {error}"))
        })?;
        let mode = mode(input.mode.as_deref())?;
        let items = match kind {
            EnrollmentKind::Individual => input.enrollments,
            EnrollmentKind::Group => input.enrollment_groups,
        };
        let items = items.ok_or_else(|| {
            let message = format!("The body has no array \"{}\".", kind.list_member());
            ProvisioningError::argument(message)
        })?;
        if items.len() > ITEM_LIMIT {
            let message = format!(
                "A request can have {ITEM_LIMIT} enrollments, not {}.",
                items.len()
            );
            return Err(ProvisioningError::new(Code::TOO_MANY_ENROLLMENTS, message));
        }
        let items: Vec<EnrollmentInput> = items
            .into_iter()
            .map(EnrollmentInput::from_value)
            .collect::<Result<_>>()?;
        check_distinct(kind, &items)?;
        let linked = self.linked_hosts();
        let context = WriteContext {
            kind,
            version,
            linked: &linked,
        };
        let now = self.now();
        let errors: Vec<Value> = self.write(|store| {
            items
                .into_iter()
                .filter_map(|item| {
                    let id = item.id(kind).unwrap_or_default().to_owned();
                    let error = apply(store, item, &id, mode, context, now).err()?;
                    Some(error_item(kind, &id, &error))
                })
                .collect()
        });
        let body = json!({ "isSuccessful": errors.is_empty(), "errors": errors });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }
}

fn mode(text: Option<&str>) -> Result<BulkMode> {
    match text.unwrap_or("").to_ascii_lowercase().as_str() {
        "create" => Ok(BulkMode::Create),
        "update" => Ok(BulkMode::Update),
        // Clients differ in the case of the last letters.
        "updateifmatchetag" => Ok(BulkMode::UpdateIfMatch),
        "delete" => Ok(BulkMode::Delete),
        _ => Err(ProvisioningError::argument(format!(
            "Unknown mode \"{}\"; it must be create, update, updateIfMatchETag or delete.",
            text.unwrap_or("")
        ))),
    }
}

fn check_distinct(kind: EnrollmentKind, items: &[EnrollmentInput]) -> Result<()> {
    let mut seen = HashSet::new();
    let ids = items.iter().filter_map(|item| item.id(kind));
    let mut ids = ids.map(str::to_ascii_lowercase);
    match ids.find(|id| !seen.insert(id.clone())) {
        Some(id) => {
            let message = format!("The {} \"{id}\" is in the request twice.", kind.id_member());
            Err(ProvisioningError::new(Code::DEFINED_MULTIPLE_TIMES, message))
        }
        None => Ok(()),
    }
}

/// Applies an item.
fn apply(
    store: &mut Store,
    item: EnrollmentInput,
    id: &str,
    mode: BulkMode,
    context: WriteContext<'_>,
    now: Timestamp,
) -> Result<()> {
    let kind = context.kind;
    id::check(kind, id)?;
    let existing = store.enrollment(kind, id);
    match (mode, existing) {
        (BulkMode::Create, Some(_)) => {
            let message = format!("There is already an enrollment \"{id}\".");
            return Err(ProvisioningError::new(Code::conflict(kind), message));
        }
        (BulkMode::Update | BulkMode::UpdateIfMatch | BulkMode::Delete, None) => {
            return Err(ProvisioningError::not_found(kind));
        }
        (BulkMode::UpdateIfMatch, Some(existing)) => {
            let if_match = IfMatch::of_tag(item.etag.as_deref().unwrap_or_default());
            if if_match.is_absent() {
                let message = "The mode updateIfMatchETag requires an etag.";
                return Err(ProvisioningError::new(Code::PRECONDITION_FAILED, message));
            }
            if_match.check(&etag::of_enrollment(existing.etag))?;
        }
        (BulkMode::Create, None) | (BulkMode::Update | BulkMode::Delete, Some(_)) => {}
    }
    if mode == BulkMode::Delete {
        store.delete_enrollment(kind, id);
        return Ok(());
    }
    let write = item.check(context, existing)?;
    store.put_enrollment(kind, id, write.attestation, write.settings, now);
    Ok(())
}

fn error_item(kind: EnrollmentKind, id: &str, error: &ProvisioningError) -> Value {
    let mut item = Map::new();
    item.insert(kind.id_member().to_owned(), json!(id));
    item.insert("errorCode".to_owned(), json!(error.code.number()));
    item.insert("errorStatus".to_owned(), json!(error.message));
    Value::Object(item)
}
