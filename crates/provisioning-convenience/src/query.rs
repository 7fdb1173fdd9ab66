//! Query options.

use provisioning_protocol::types::QuerySpecification;

use crate::error::{Error, Result};

/// Options of [`query_individual_enrollments`](crate::ProvisioningServiceClient::query_individual_enrollments),
/// [`query_enrollment_groups`](crate::ProvisioningServiceClient::query_enrollment_groups) and
/// [`list_registrations`](crate::ProvisioningServiceClient::list_registrations).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// The maximum number of rows per page, at least 1. Default: the service's page size.
    pub page_size: Option<u32>,
    /// The [`continuation_token`](crate::Pager::continuation_token) of an earlier pager of the same query, to resume
    /// it.
    pub continuation_token: Option<String>,
}

pub(crate) fn page_size(options: &QueryOptions) -> Result<Option<i32>> {
    let Some(size) = options.page_size else {
        return Ok(None);
    };
    match i32::try_from(size) {
        Ok(size) if size > 0 => Ok(Some(size)),
        _ => Err(Error::invalid_input(
            "page_size",
            format!("is {size}; it must be between 1 and {}", i32::MAX),
        )),
    }
}

pub(crate) fn specification(query: &str) -> Result<QuerySpecification> {
    if query.trim().is_empty() {
        return Err(Error::invalid_input("query", "must not be empty"));
    }
    Ok(QuerySpecification {
        query: query.to_owned(),
    })
}
