//! Validation of uploaded models: DTDL, and the service's additional rules.

use std::collections::HashMap;
use std::sync::Arc;

use dtdl::{Code, Document, Dtmi, ParseError, Parser};
use serde_json::Value;

use crate::digitaltwins::errors::{self, ServiceError, ServiceResult};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::store::interface::{Content, Interface, RelationshipType};
use crate::digitaltwins::store::model_store::ModelStore;

/// Validates models together with the stored models that they refer to, which `stored` returns by id. Returns their
/// interfaces in the same order.
#[expect(
    clippy::expect_used,
    reason = "the parser refuses documents that are not an Interface with an id"
)]
pub(crate) fn check(
    documents: &[Value],
    limits: &Limits,
    stored: &dyn Fn(&str) -> Option<Arc<Value>>,
) -> ServiceResult<Vec<Interface>> {
    check_documents(documents, limits)?;
    let resolver = |missing: &[Dtmi]| -> Vec<Document<'static>> {
        missing
            .iter()
            .filter_map(|id| stored(id.as_str()))
            .map(|model| Document::from((*model).clone()))
            .collect()
    };
    let parsed = Parser::azure_digital_twins()
        .parse_with(documents, resolver)
        .map_err(|error| parser_error(&error))?;
    let mut faults = Vec::new();
    for interface in parsed.interfaces() {
        faults.extend(service_rule_violation(&interface));
    }
    if !faults.is_empty() {
        return Err(errors::dtdl_parser_error(&faults));
    }
    Ok(documents
        .iter()
        .map(|document| {
            let id = document.get("@id").and_then(Value::as_str);
            let interface = id.and_then(|id| parsed.interface(id));
            compile(&interface.expect("a parsed document is an Interface with an id"))
        })
        .collect())
}

/// Returns an error if a document is too large or not an object.
fn check_documents(documents: &[Value], limits: &Limits) -> ServiceResult<()> {
    if documents.iter().any(Value::is_array) {
        return Err(errors::models_empty());
    }
    if let Some(large) = documents
        .iter()
        .find(|document| document.to_string().len() > limits.model_bytes)
    {
        let id = large.get("@id").and_then(Value::as_str).unwrap_or("without @id");
        let text = format!(
            "The model {id} is larger than the maximum of {} bytes.",
            limits.model_bytes
        );
        return Err(errors::models_limit_exceeded(text));
    }
    if let Some(other) = documents.iter().find(|document| !document.is_object()) {
        return Err(errors::dtdl_parser_error(&[format!(
            "{other} is not an Interface."
        )]));
    }
    Ok(())
}

/// Returns an error if one of the models exists already, or if they exceed a limit.
pub(crate) fn check_new<'a>(
    models: &ModelStore,
    limits: &Limits,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> ServiceResult<()> {
    let added = ids.len();
    let known: Vec<&str> = ids.filter(|id| models.get(id).is_some()).collect();
    if !known.is_empty() {
        return Err(errors::models_exist(&known));
    }
    if models.len() + added > limits.models {
        let text = format!(
            "The instance would hold more than its maximum of {} models.",
            limits.models
        );
        return Err(errors::models_limit_exceeded(text));
    }
    if !models.has_room_for(added) {
        let text = "The instance has no upload sequence numbers left.";
        return Err(errors::models_limit_exceeded(text));
    }
    Ok(())
}

/// Returns an error if an id is not a valid model id.
pub(crate) fn check_id(id: &str) -> ServiceResult<()> {
    id.parse::<Dtmi>()
        .map(drop)
        .map_err(|_| errors::model_id_malformed(id))
}

fn parser_error(error: &ParseError) -> ServiceError {
    for diagnostic in &error.diagnostics {
        match diagnostic.code {
            Code::DisallowedContextVersion => {
                return errors::model_version_not_supported(
                    "A model is written in a DTDL version that is not supported. Use version 2 or 3.",
                );
            }
            Code::DisallowedVersionDefinition => {
                return errors::model_version_not_supported(&describe(diagnostic));
            }
            _ => {}
        }
    }
    let mut messages: Vec<String> = error.diagnostics.iter().map(describe).collect();
    if !error.unresolved.is_empty() {
        let places = error
            .unresolved
            .iter()
            .fold(Vec::<(&Dtmi, usize)>::new(), |mut places, missing| {
                match places.iter_mut().find(|(id, _)| **id == missing.id) {
                    Some((_, count)) => *count += 1,
                    None => places.push((&missing.id, 1)),
                }
                places
            });
        let ids: Vec<_> = places
            .iter()
            .map(|(id, count)| {
                let places = if *count == 1 { "place" } else { "places" };
                format!("{id} (referenced in {count} {places})")
            })
            .collect();
        messages.push(format!(
            "DtmiResolverAsync failed to resolve requisite references to element(s): {}",
            ids.join(", ")
        ));
    }
    errors::dtdl_parser_error(&messages)
}

/// Formats a diagnostic: the element, the error and its fix.
fn describe(diagnostic: &dtdl::Diagnostic) -> String {
    let element = diagnostic
        .element
        .as_ref()
        .map(|element| format!("{element}: "))
        .unwrap_or_default();
    format!(
        "{element}{}. {}",
        diagnostic.message.trim_end_matches('.'),
        diagnostic.help
    )
}

/// Returns the first violation of the rules that the service adds to those of DTDL; `None` if there is none.
fn service_rule_violation(interface: &dtdl::Interface) -> Option<String> {
    let id = interface.id();
    if interface.element().parent().is_some() {
        return Some(format!(
            "The Interface {id} is defined inside another element. Define it on its own and refer to it by its @id."
        ));
    }
    let version = interface.element().dtdl_version();
    let components = interface.components().filter_map(|component| component.schema());
    let newer = interface
        .extends()
        .chain(components)
        .find(|other| other.element().dtdl_version() > version)?;
    Some(format!(
        "The Interface {id} is written in DTDL version {version} and cannot extend {} or have it as a component, because that is written in version {}.",
        newer.id(),
        newer.element().dtdl_version()
    ))
}

fn shared(id: &Dtmi) -> Arc<str> {
    Arc::from(id.as_str())
}

/// Compiles an interface for the validation of twins.
fn compile(interface: &dtdl::Interface) -> Interface {
    let mut contents = HashMap::new();
    let mut components = Vec::new();
    for content in interface.contents() {
        let name: Arc<str> = Arc::from(content.name());
        let compiled = match content {
            dtdl::Content::Property(property) => property.schema().map(Content::Property),
            dtdl::Content::Component(component) => {
                components.push(Arc::clone(&name));
                component
                    .schema()
                    .map(|schema| Content::Component(shared(schema.id())))
            }
            dtdl::Content::Relationship(relationship) => Some(Content::Relationship(RelationshipType {
                target: relationship.target_id().as_ref().map(shared),
                properties: relationship
                    .properties()
                    .filter_map(|property| Some((Arc::from(property.name()), property.schema()?)))
                    .collect(),
            })),
            dtdl::Content::Telemetry(_) => Some(Content::Telemetry),
            dtdl::Content::Command(_) => Some(Content::Command),
            _ => None,
        };
        contents.extend(compiled.map(|content| (name, content)));
    }
    Interface {
        id: shared(interface.id()),
        requires: interface.dependencies().iter().map(shared).collect(),
        ancestors: interface
            .ancestors()
            .map(|ancestor| shared(ancestor.id()))
            .collect(),
        contents,
        components,
    }
}
