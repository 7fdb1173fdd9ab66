//! The result of lowering.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::placeholders;
use crate::error::Located;

/// A lowered description and the metadata of its operations.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// The input of the code generator.
    pub document: Value,
    /// The operations, in the order in which the code generator emits them.
    pub operations: Vec<Operation>,
    /// The operations that cannot be generated.
    pub skipped: Vec<Skipped>,
    /// The faults of schemas that no value can satisfy. Operations that need such a schema are skipped.
    pub invalid: Vec<Located>,
    /// The members that `Debug` must not show.
    pub secrets: Vec<Secret>,
    /// The schemas for which the service may return a subtype, whose members may be secret.
    pub open: BTreeSet<String>,
}

/// An operation that cannot be generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The operation id.
    pub id: String,
    /// The HTTP method, in uppercase.
    pub method: String,
    /// The path, with placeholders.
    pub path: String,
    /// The reason, with its location in the description.
    pub reason: Located,
}

/// A member of a schema that is marked as a secret (`x-ms-secret`).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Secret {
    /// The schema's name.
    pub schema: String,
    /// The member's name.
    pub property: String,
}

/// Metadata of an operation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Operation {
    /// The operation id.
    pub id: String,
    /// The HTTP method, in uppercase.
    pub method: String,
    /// The path, with placeholders.
    pub path: String,
    /// The path given to the generator: an API version is filled in, and a query distinguishes it from others.
    #[serde(skip)]
    pub template: String,
    /// The query that is part of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_query: Option<String>,
    /// The path parameters whose slashes separate segments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unencoded: Vec<String>,
    /// The place of the API version in the request.
    pub api_version: ApiVersion,
    /// The status codes that mean success; none if all 2xx do.
    pub success: Vec<u16>,
    /// The successful codes without a body, if others have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_body: Vec<u16>,
    /// The content type of the request body.
    pub content_type: Option<String>,
    /// Whether the request body can be omitted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional_body: bool,
    /// Whether the request can be repeated without changing its effect.
    pub idempotent: bool,
    /// The paging mechanism of the result.
    pub paging: Paging,
}

impl Operation {
    /// Returns the names of the placeholders in the path that callers fill in.
    pub(crate) fn path_parameters(&self) -> Vec<&str> {
        let base = self.path.split('?').next().unwrap_or_default();
        let mut names = placeholders(base).unwrap_or_default();
        if !self.template.contains(VERSION)
            && placeholders(&self.template).map_or(0, |own| own.len()) < names.len()
        {
            names.retain(|name| *name != VERSION);
        }
        names
    }
}

/// The name of the parameter that is the API version.
const VERSION: &str = "api-version";

/// The place of the API version in a request. The value is set if it differs from the description's version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub enum ApiVersion {
    /// None, or in the path.
    None,
    /// In the query.
    Query(Option<String>),
    /// In a header.
    Header(Option<String>),
}

/// The paging mechanism of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Paging {
    /// The result is not paged.
    None,
    /// By a link in the response body.
    NextLink,
    /// By a token in the response body.
    BodyToken,
    /// By a token in a response header.
    HeaderToken,
}
