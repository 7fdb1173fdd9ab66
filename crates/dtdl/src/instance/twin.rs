//! Validates twins, components and relationships.

use serde_json::{Map, Value};

use super::error::{InstanceError, InstanceErrorKind, JsonType};
use super::format::is_date_time;
use super::schema::{token, validate_instance};
use crate::metamodel::ElementKind as K;
use crate::model::{Content, Interface, Property, Relationship};

/// Validates a digital twin, in the form that Azure Digital Twins stores, against its Interface.
///
/// `$metadata` with a `$model` and every Component are required; Properties are optional. Other members that start
/// with `$` are ignored. Returns all errors; none if the twin is valid.
///
/// ```
/// use dtdl::{InstanceErrorKind, Parser, validate_twin};
/// use serde_json::json;
///
/// let model = Parser::new().parse([json!({
///     "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Pump;1", "@type": "Interface",
///     "contents": [
///         { "@type": "Property", "name": "speed", "schema": "double" },
///         { "@type": "Telemetry", "name": "flow", "schema": "double" }
///     ]
/// })])?;
/// let pump = model.interface("dtmi:com:example:Pump;1").ok_or("the model was just parsed")?;
/// let twin = json!({ "$metadata": { "$model": "dtmi:com:example:Pump;1" }, "speed": "fast", "flow": 3 });
/// let errors = validate_twin(&twin, &pump);
/// assert_eq!(errors[0].pointer, "/speed");
/// assert!(matches!(&errors[1].kind, InstanceErrorKind::NotAProperty { name, .. } if name == "flow"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn validate_twin(twin: &Value, interface: &Interface) -> Vec<InstanceError> {
    let mut check = Check::default();
    let Some(members) = check.object(twin, K::Interface) else {
        return check.errors;
    };
    match members.get("$metadata") {
        Some(Value::Object(metadata)) => {
            match metadata.get("$model") {
                Some(Value::String(model)) if *model == interface.id().as_str() => {}
                Some(Value::String(model)) => {
                    let kind = InstanceErrorKind::WrongModel {
                        expected: interface.id().clone(),
                        found: model.clone(),
                    };
                    check.at("/$metadata/$model", kind);
                }
                Some(other) => {
                    let kind = InstanceErrorKind::WrongType {
                        expected: K::String,
                        found: JsonType::of(other),
                    };
                    check.at("/$metadata/$model", kind);
                }
                None => check.at("/$metadata", InstanceErrorKind::MissingModel),
            }
            check.metadata("/$metadata", metadata);
        }
        _ => check.at("", InstanceErrorKind::MissingMetadata),
    }
    check.members("", members, interface);
    check.errors
}

/// Validates the value of a Component against its Interface. Unlike the `$metadata` of a twin, that of a Component
/// needs no `$model`.
#[must_use]
pub fn validate_component(component: &Value, interface: &Interface) -> Vec<InstanceError> {
    let mut check = Check::default();
    check.component("", component, interface);
    check.errors
}

/// Validates the Properties of a relationship between twins. Members that start with `$` are ignored.
#[must_use]
pub fn validate_relationship(value: &Value, relationship: &Relationship) -> Vec<InstanceError> {
    let mut check = Check::default();
    let Some(members) = check.object(value, K::Relationship) else {
        return check.errors;
    };
    for (name, member) in members.iter().filter(|(name, _)| !name.starts_with('$')) {
        let pointer = format!("/{}", token(name));
        match relationship.property(name) {
            Some(property) => check.property(&pointer, member, &property),
            None => check.at(
                &pointer,
                InstanceErrorKind::UnknownProperty { name: name.clone() },
            ),
        }
    }
    check.errors
}

#[derive(Default)]
struct Check {
    errors: Vec<InstanceError>,
}

impl Check {
    fn at(&mut self, pointer: &str, kind: InstanceErrorKind) {
        self.errors.push(InstanceError {
            pointer: pointer.to_owned(),
            kind,
        });
    }

    fn object<'v>(&mut self, value: &'v Value, expected: K) -> Option<&'v Map<String, Value>> {
        if let Value::Object(members) = value {
            return Some(members);
        }
        self.at(
            "",
            InstanceErrorKind::WrongType {
                expected,
                found: JsonType::of(value),
            },
        );
        None
    }

    fn members(&mut self, pointer: &str, members: &Map<String, Value>, interface: &Interface) {
        for (name, member) in members.iter().filter(|(name, _)| !name.starts_with('$')) {
            let pointer = format!("{pointer}/{}", token(name));
            match interface.content(name) {
                Some(Content::Property(property)) => self.property(&pointer, member, &property),
                Some(Content::Component(component)) => match component.schema() {
                    Some(interface) => self.component(&pointer, member, &interface),
                    None => self.at(&pointer, InstanceErrorKind::NoSchema),
                },
                Some(other) => {
                    self.at(
                        &pointer,
                        InstanceErrorKind::NotAProperty {
                            name: name.clone(),
                            kind: other.kind(),
                        },
                    );
                }
                None => self.at(
                    &pointer,
                    InstanceErrorKind::UnknownProperty { name: name.clone() },
                ),
            }
        }
        for component in interface.components() {
            if !members.contains_key(component.name()) {
                self.at(
                    pointer,
                    InstanceErrorKind::MissingComponent {
                        name: component.name().to_owned(),
                    },
                );
            }
        }
    }

    fn component(&mut self, pointer: &str, value: &Value, interface: &Interface) {
        let Value::Object(members) = value else {
            let kind = InstanceErrorKind::WrongType {
                expected: K::Component,
                found: JsonType::of(value),
            };
            self.at(pointer, kind);
            return;
        };
        match members.get("$metadata") {
            Some(Value::Object(metadata)) => self.metadata(&format!("{pointer}/$metadata"), metadata),
            _ => self.at(pointer, InstanceErrorKind::MissingMetadata),
        }
        self.members(pointer, members, interface);
    }

    fn property(&mut self, pointer: &str, value: &Value, property: &Property) {
        let Some(schema) = property.schema() else {
            self.at(pointer, InstanceErrorKind::NoSchema);
            return;
        };
        for error in validate_instance(value, &schema) {
            self.at(&format!("{pointer}{}", error.pointer), error.kind);
        }
    }

    /// Validates the `sourceTime` of each property, the only metadata that callers can set.
    fn metadata(&mut self, pointer: &str, metadata: &Map<String, Value>) {
        for (name, value) in metadata.iter().filter(|(name, _)| !name.starts_with('$')) {
            if let Some(time) = value.get("sourceTime")
                && !time.as_str().is_some_and(is_date_time)
            {
                let pointer = format!("{pointer}/{}/sourceTime", token(name));
                self.at(
                    &pointer,
                    InstanceErrorKind::WrongFormat {
                        expected: K::DateTime,
                    },
                );
            }
        }
    }
}
