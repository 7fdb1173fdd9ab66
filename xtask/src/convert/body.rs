//! Converts body and form parameters to a request body.

use serde_json::{Map, Value, json};

use super::schema::{description, only, parameter_schema, schema};
use super::{Converter, PARAMETER, media_types};
use crate::document::string;
use crate::error::{Fault, Located, Pointer, unsupported};

/// A parameter with its location.
type Parameter<'a> = (Pointer, &'a Map<String, Value>);

/// A converted body. `default_media` is its content type unless the operation declares others.
struct Body {
    required: bool,
    default_media: &'static str,
    schema: Value,
}

impl Converter<'_> {
    /// Converts the parameters of an operation that are a body or form fields.
    pub(super) fn request_body(
        &self,
        operation: &Map<String, Value>,
        parameters: &[Parameter<'_>],
        at: &Pointer,
    ) -> Result<Value, Located> {
        let mut out = Map::new();
        let body = match parameters {
            [(at, body)] if !is_form_field(body) => {
                description(body, &mut out);
                whole_body(body, at)?
            }
            fields if fields.iter().all(|(_, field)| is_form_field(field)) => form(fields)?,
            _ => {
                return Err(unsupported(
                    at,
                    "combination of body parameters",
                    "an operation has either one body or only form fields",
                ));
            }
        };
        if body.required {
            out.insert("required".into(), json!(true));
        }
        let media = media_types(operation, self.map, "consumes");
        let content: Map<_, _> = media
            .unwrap_or_else(|| vec![body.default_media.into()])
            .into_iter()
            .map(|media| (media, json!({ "schema": body.schema })))
            .collect();
        out.insert("content".into(), Value::Object(content));
        // Only Swagger 2.0 has a name for the body; the extension keeps the name that the API's authors chose.
        if let [(_, parameter)] = parameters
            && !is_form_field(parameter)
            && let Some(name) = parameter.get("name")
        {
            out.insert("x-body-name".into(), name.clone());
        }
        Ok(Value::Object(out))
    }
}

fn is_form_field(parameter: &Map<String, Value>) -> bool {
    parameter.get("in").and_then(Value::as_str) == Some("formData")
}

fn has_type(parameter: &Map<String, Value>, name: &str) -> bool {
    parameter.get("type").and_then(Value::as_str) == Some(name)
}

fn is_required(parameter: &Map<String, Value>) -> bool {
    parameter.get("required").and_then(Value::as_bool) == Some(true)
}

fn whole_body(body: &Map<String, Value>, at: &Pointer) -> Result<Body, Located> {
    only(body, |key| key == "schema" || PARAMETER.contains(&key), at)?;
    let value = body
        .get("schema")
        .ok_or_else(|| Located::new(at, Fault::Missing("schema")))?;
    Ok(Body {
        required: is_required(body),
        default_media: "application/json",
        schema: schema(value, &at.at("schema"))?,
    })
}

fn form(fields: &[Parameter<'_>]) -> Result<Body, Located> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (at, field) in fields {
        let name = string(field, "name", at)?;
        let mut property = Map::new();
        description(field, &mut property);
        if has_type(field, "array") {
            return Err(unsupported(
                &at.at("type"),
                "array in a form",
                "form fields must be scalars or files",
            ));
        }
        property.extend(parameter_schema(field, &PARAMETER, at)?);
        properties.insert(name.to_owned(), Value::Object(property));
        if is_required(field) {
            required.push(json!(name));
        }
    }
    let is_required = !required.is_empty();
    let mut schema = json!({ "type": "object", "properties": properties });
    if is_required {
        schema["required"] = Value::Array(required);
    }
    let has_file = fields.iter().any(|(_, field)| has_type(field, "file"));
    Ok(Body {
        required: is_required,
        default_media: if has_file {
            "multipart/form-data"
        } else {
            "application/x-www-form-urlencoded"
        },
        schema,
    })
}
