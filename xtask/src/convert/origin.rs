//! Maps a location in a converted document to its origin in the Swagger 2.0 file.

use serde_json::{Map, Value};

use super::schema::SECTIONS;
use crate::document::METHODS;
use crate::error::{Fault, Located, Pointer};

/// Maps a fault in the converted document to the Swagger document. The resulting pointer always resolves: for a node
/// added by the conversion, it is that of the nearest existing ancestor.
pub fn in_swagger(swagger: &Value, mut located: Located) -> Located {
    if let Some(other) = located.fault.other_mut() {
        *other = pointer(swagger, other).as_str().to_owned();
    }
    let fault = match located.fault {
        Fault::UnresolvableReference(reference) => {
            let old = SECTIONS.iter().find_map(|(old, new)| {
                let name = reference.strip_prefix(new)?;
                Some(format!("{old}{name}"))
            });
            Fault::UnresolvableReference(old.unwrap_or(reference))
        }
        fault => fault,
    };
    Located::new(&pointer(swagger, &located.pointer), fault)
}

fn pointer(swagger: &Value, converted: &str) -> Pointer {
    let tokens: Vec<_> = converted
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect();
    let tokens: Vec<_> = tokens.iter().map(String::as_str).collect();
    let mut cursor = Cursor {
        swagger,
        at: Pointer::root(),
        node: swagger,
    };
    // On `None`, `cursor` is at the nearest existing ancestor.
    let _ = cursor.document(&tokens);
    cursor.at
}

/// A cursor in the Swagger document. A step to a node that does not exist returns `None` and leaves the cursor in
/// place.
#[derive(Clone)]
struct Cursor<'a> {
    swagger: &'a Value,
    at: Pointer,
    node: &'a Value,
}

impl<'a> Cursor<'a> {
    fn document(&mut self, tokens: &[&str]) -> Option<()> {
        match tokens {
            ["components", "schemas", name, rest @ ..] => {
                self.steps(&["definitions", name])?;
                self.schema(rest)
            }
            ["components", "parameters", name, rest @ ..] => {
                self.steps(&["parameters", name])?;
                self.parameter(rest)
            }
            ["components", "responses", name, rest @ ..] => {
                self.steps(&["responses", name])?;
                self.response(rest)
            }
            ["components", "securitySchemes", rest @ ..] => {
                self.steps(&["securityDefinitions"])?;
                self.steps(rest)
            }
            ["paths", path, rest @ ..] => {
                let is_extra = self
                    .swagger
                    .get("paths")
                    .and_then(|paths| paths.get(path))
                    .is_none();
                let has_extra = self.swagger.get("x-ms-paths").is_some();
                let section = if is_extra && has_extra {
                    "x-ms-paths"
                } else {
                    "paths"
                };
                self.steps(&[section, path])?;
                self.path_item(rest)
            }
            other => self.steps(other),
        }
    }

    fn path_item(&mut self, tokens: &[&str]) -> Option<()> {
        match tokens {
            ["parameters", index, rest @ ..] => self.nth_parameter(index, rest),
            [method, rest @ ..] if METHODS.contains(method) => {
                let item = self.clone();
                self.steps(&[method])?;
                self.operation(rest, item)
            }
            other => self.steps(other),
        }
    }

    fn operation(&mut self, tokens: &[&str], item: Self) -> Option<()> {
        match tokens {
            ["parameters", index, rest @ ..] => self.nth_parameter(index, rest),
            ["requestBody", rest @ ..] => self.body(rest, item),
            ["responses", code, rest @ ..] => {
                self.steps(&["responses", code])?;
                self.response(rest)
            }
            other => self.steps(other),
        }
    }

    /// Moves to a parameter by its index among the parameters without bodies, as in the converted document.
    fn nth_parameter(&mut self, index: &str, rest: &[&str]) -> Option<()> {
        let wanted: usize = index.parse().ok()?;
        let (index, _) = self
            .own_parameters()
            .into_iter()
            .filter(|(_, parameter)| !is_body(parameter))
            .nth(wanted)?;
        self.steps(&["parameters", &index.to_string()])?;
        self.parameter(rest)
    }

    fn parameter(&mut self, tokens: &[&str]) -> Option<()> {
        match tokens {
            ["schema", rest @ ..] => self.schema(rest),
            ["style" | "explode", ..] => self.steps(&["collectionFormat"]),
            other => self.steps(other),
        }
    }

    fn body(&mut self, tokens: &[&str], item: Self) -> Option<()> {
        if let ["content", media] = tokens {
            return self.consumed(media);
        }
        let bodies = |cursor: &Self| -> Vec<_> {
            let all = cursor.own_parameters();
            all.into_iter().filter(|(_, p)| is_body(p)).collect()
        };
        let mut found = bodies(self);
        if found.is_empty() {
            *self = item;
            found = bodies(self);
        }
        let field = match tokens {
            ["content", _, "schema", "properties", name, ..] => found
                .iter()
                .find(|(_, p)| is(p, "in", "formData") && is(p, "name", name)),
            _ => None,
        };
        let (index, parameter) = field.or(found.first())?;
        self.steps(&["parameters", &index.to_string()])?;
        match (tokens, field) {
            (["content", _, "schema", "properties", _, rest @ ..], Some(_)) => self.schema(rest),
            (["content", _, "schema", rest @ ..], None) if is(parameter, "in", "body") => {
                self.steps(&["schema"])?;
                self.schema(rest)
            }
            _ => Some(()),
        }
    }

    /// Moves to a media type of the operation, or else of the document.
    fn consumed(&mut self, media: &str) -> Option<()> {
        let root = Cursor {
            swagger: self.swagger,
            at: Pointer::root(),
            node: self.swagger,
        };
        [self.clone(), root].into_iter().find_map(|mut cursor| {
            let list = cursor.node.get("consumes")?.as_array()?;
            let index = list.iter().position(|m| m == media)?;
            cursor.steps(&["consumes", &index.to_string()])?;
            *self = cursor;
            Some(())
        })
    }

    fn response(&mut self, tokens: &[&str]) -> Option<()> {
        match tokens {
            ["content", _, "schema", rest @ ..] => {
                self.steps(&["schema"])?;
                self.schema(rest)
            }
            ["headers", name, "schema", rest @ ..] => {
                self.steps(&["headers", name])?;
                self.schema(rest)
            }
            other => self.steps(other),
        }
    }

    fn schema(&mut self, tokens: &[&str]) -> Option<()> {
        match tokens {
            [] => Some(()),
            // A `$ref` with siblings is converted to an `allOf`.
            ["allOf", "0", rest @ ..] if self.node.get("$ref").is_some() => self.schema(rest),
            ["nullable", ..] => self.steps(&["x-nullable"]),
            // A property may be named like a keyword.
            ["properties", name, rest @ ..] => {
                self.steps(&["properties", name])?;
                self.schema(rest)
            }
            [first, rest @ ..] => {
                self.steps(&[first])?;
                self.schema(rest)
            }
        }
    }

    fn steps(&mut self, tokens: &[&str]) -> Option<()> {
        tokens.iter().try_for_each(|token| {
            if child(self.node, token).is_none() {
                self.follow_reference()?;
            }
            self.node = child(self.node, token)?;
            self.at = self.at.at(token);
            Some(())
        })
    }

    /// Moves to the target of the node's `$ref`.
    fn follow_reference(&mut self) -> Option<()> {
        let reference = self.node.get("$ref")?.as_str()?;
        self.node = self.swagger.pointer(reference.strip_prefix('#')?)?;
        self.at = Pointer::to(reference);
        Some(())
    }

    /// Returns the resolved parameters of a path or operation, with their indexes.
    fn own_parameters(&self) -> Vec<(usize, &'a Map<String, Value>)> {
        let list = self.node.get("parameters").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .enumerate()
            .filter_map(|(index, parameter)| {
                let mut cursor = self.clone();
                cursor.node = parameter;
                if parameter.get("$ref").is_some() {
                    cursor.follow_reference()?;
                }
                Some((index, cursor.node.as_object()?))
            })
            .collect()
    }
}

fn child<'a>(node: &'a Value, token: &str) -> Option<&'a Value> {
    match node {
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        other => other.get(token),
    }
}

fn is(map: &Map<String, Value>, key: &str, value: &str) -> bool {
    map.get(key).and_then(Value::as_str) == Some(value)
}

fn is_body(parameter: &Map<String, Value>) -> bool {
    is(parameter, "in", "body") || is(parameter, "in", "formData")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "consumes": ["application/json"],
            "paths": { "/a": {
                "parameters": [{ "name": "shared", "in": "body", "schema": { "items": {} } }],
                "post": {
                    "consumes": ["text/x"],
                    "parameters": [{ "$ref": "#/parameters/b~1c" }, { "name": "q", "in": "query", "items": {}, "collectionFormat": "csv" }],
                    "responses": { "200": { "$ref": "#/responses/r" } }
                },
                "put": {
                    "parameters": [{ "name": "x", "in": "formData" }, { "name": "y", "in": "formData", "type": "array" }]
                },
                "get": {}
            } },
            "parameters": { "q": { "name": "q", "in": "query", "items": {} }, "b/c": { "name": "b", "in": "body", "schema": { "properties": { "p": { "$ref": "#/definitions/d", "x-nullable": true } } } } },
            "responses": { "r": { "schema": { "type": "x" }, "headers": { "h": { "items": {} } } } },
            "definitions": { "d": { "type": "object" } }
        })
    }

    #[track_caller]
    fn assert_origin(from: &str, to: &str) {
        let document = document();
        let located = Located {
            pointer: from.to_owned(),
            fault: Fault::Missing("x"),
        };
        let found = in_swagger(&document, located).pointer;
        assert_eq!(found, to);
        assert!(document.pointer(&found).is_some());
    }

    #[test]
    fn moved_nodes_map_to_their_swagger_location() {
        assert_origin("/components/schemas/d/type", "/definitions/d/type");
        assert_origin("/components/parameters/q/schema/items", "/parameters/q/items");
        assert_origin(
            "/components/responses/r/content/x~1y/schema/type",
            "/responses/r/schema/type",
        );
        assert_origin("/paths/~1a/post/parameters/0", "/paths/~1a/post/parameters/1");
        assert_origin(
            "/paths/~1a/post/parameters/0/schema/items",
            "/paths/~1a/post/parameters/1/items",
        );
        assert_origin(
            "/paths/~1a/post/parameters/0/style",
            "/paths/~1a/post/parameters/1/collectionFormat",
        );
        assert_origin(
            "/paths/~1a/post/responses/200/headers/h/schema/items",
            "/responses/r/headers/h/items",
        );
        assert_origin(
            "/paths/~1a/post/responses/200/$ref",
            "/paths/~1a/post/responses/200/$ref",
        );
    }

    #[test]
    fn request_bodies_map_to_body_parameters() {
        assert_origin("/paths/~1a/post/requestBody", "/paths/~1a/post/parameters/0");
        assert_origin(
            "/paths/~1a/post/requestBody/content/text~1x/schema/properties/p/allOf/0/$ref",
            "/parameters/b~1c/schema/properties/p/$ref",
        );
        assert_origin(
            "/paths/~1a/post/requestBody/content/text~1x/schema/properties/p/nullable",
            "/parameters/b~1c/schema/properties/p/x-nullable",
        );
        assert_origin(
            "/paths/~1a/post/requestBody/content/text~1x",
            "/paths/~1a/post/consumes/0",
        );
        assert_origin(
            "/paths/~1a/get/requestBody/content/application~1json",
            "/consumes/0",
        );
        assert_origin(
            "/paths/~1a/get/requestBody/content/application~1json/schema/items",
            "/paths/~1a/parameters/0/schema/items",
        );
        assert_origin(
            "/paths/~1a/put/requestBody/content/z/schema/properties/y/type",
            "/paths/~1a/put/parameters/1/type",
        );
        assert_origin(
            "/paths/~1a/put/requestBody/content/z/schema",
            "/paths/~1a/put/parameters/0",
        );
    }

    #[test]
    fn added_nodes_map_to_the_nearest_ancestor() {
        assert_origin("/components/schemas/d/items/type", "/definitions/d");
        assert_origin("/components/schemas/none", "/definitions");
        assert_origin("/servers/0", "");
        assert_origin("/paths/~1a/post/parameters/7", "/paths/~1a/post");
    }
}
