//! Checks patches of digital twins against the device's model.

use dtdl::{Content, Interface, Property, Schema, SchemaType};
use serde_json::Value;

use crate::iothub::codes::Code;
use crate::iothub::digital_twins::patch::PropertyChange;
use crate::iothub::errors::{HubError, Result};

/// Checks that every change is to a writable property and that the value matches its schema.
pub(crate) fn check(interface: &Interface, changes: &[PropertyChange]) -> Result<()> {
    changes
        .iter()
        .try_for_each(|change| check_content(interface, &change.name, &change.rest, &change.value))
}

fn check_content(interface: &Interface, name: &str, rest: &[String], value: &Value) -> Result<()> {
    match interface.content(name) {
        Some(Content::Property(property)) => check_property(&property, rest, value),
        Some(Content::Component(component)) => {
            let model = component.schema();
            let model = model.ok_or_else(|| invalid(name, "its component has no model"))?;
            check_component(&model, name, rest, value)
        }
        Some(content) => Err(invalid(name, &format!("it is a {} of the model", content.kind()))),
        None => Err(invalid(name, "the model does not have it")),
    }
}

/// Checks a change of one property of a component, or of the component as a whole.
fn check_component(model: &Interface, name: &str, path: &[String], value: &Value) -> Result<()> {
    match (path.split_first(), value) {
        (Some((property, rest)), value) => check_content(model, property, rest, value),
        (None, Value::Object(members)) => members
            .iter()
            .filter(|(member, _)| !member.starts_with('$'))
            .try_for_each(|(property, value)| check_content(model, property, &[], value)),
        // Null removes the component.
        (None, Value::Null) => Ok(()),
        (None, _) => Err(invalid(name, "a component is an object")),
    }
}

fn check_property(property: &Property, path: &[String], value: &Value) -> Result<()> {
    let name = property.name();
    if !property.is_writable() {
        return Err(invalid(name, "it is not writable"));
    }
    let schema = path.iter().try_fold(property.schema(), |schema, part| {
        let schema = schema.ok_or_else(|| invalid(name, "it has no schema"))?;
        member(&schema, part)
            .map(Some)
            .ok_or_else(|| invalid(name, &format!("its schema has no \"{part}\"")))
    })?;
    match schema {
        // Null removes a value, so it is valid for any schema.
        Some(schema) if !value.is_null() => match dtdl::validate_instance(value, &schema).first() {
            Some(error) => Err(invalid(name, &format!("{}{}", error.pointer, error.kind))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Returns the schema of a member: a field of an object, or a value of a map.
fn member(schema: &Schema, name: &str) -> Option<Schema> {
    match schema.schema_type() {
        SchemaType::Object(object) => object.fields().find(|field| field.name() == name)?.schema(),
        SchemaType::Map(map) => map.value_schema(),
        _ => None,
    }
}

fn invalid(name: &str, reason: &str) -> HubError {
    let text = format!("The property {name} does not fit the model of the device: {reason}.");
    HubError::new(Code::INVALID_PNP_DESIRED_PROPERTIES, text)
}
