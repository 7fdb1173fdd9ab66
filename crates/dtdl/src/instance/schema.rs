//! Validates values against schemas.

use serde_json::{Number, Value};

use super::error::{InstanceError, InstanceErrorKind, JsonType};
use super::format::{is_base64, is_date, is_date_time, is_decimal, is_duration, is_time, is_uuid};
use crate::metamodel::ElementKind as K;
use crate::model::{ElementData, ElementIndex, Literal, PerElement, Schema};

/// Maximum nesting depth of values, since recursive schemas do not limit it.
const MAX_DEPTH: usize = 128;

/// Validates a JSON value against a schema. Returns all errors; none if the value is valid.
///
/// ```
/// use dtdl::{InstanceErrorKind, Parser, validate_instance};
/// use serde_json::json;
///
/// let model = Parser::new().parse([json!({
///     "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Pump;1", "@type": "Interface",
///     "contents": [{ "@type": "Property", "name": "limits", "schema": {
///         "@type": "Object",
///         "fields": [{ "name": "low", "schema": "integer" }, { "name": "high", "schema": "integer" }]
///     }}]
/// })])?;
/// let pump = model.interface("dtmi:com:example:Pump;1").ok_or("the model was just parsed")?;
/// let limits = pump.properties().next().and_then(|property| property.schema()).ok_or("it has a schema")?;
/// assert!(validate_instance(&json!({ "low": 1 }), &limits).is_empty());
///
/// let errors = validate_instance(&json!({ "low": 1.5, "hihg": 9 }), &limits);
/// assert_eq!(errors[0].pointer, "/low");
/// assert!(matches!(errors[1].kind, InstanceErrorKind::UnknownField { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn validate_instance(value: &Value, schema: &Schema) -> Vec<InstanceError> {
    let element = schema.element();
    validate_in(&element.model().arena().elements, element.index(), value)
}

/// Validates as [`validate_instance`] does, for elements that do not belong to a [`Model`](crate::Model) yet.
pub(crate) fn validate_in(
    elements: &PerElement<ElementData>,
    schema: ElementIndex,
    value: &Value,
) -> Vec<InstanceError> {
    let mut check = Check {
        elements,
        errors: Vec::new(),
        pointer: String::new(),
        depth: 0,
    };
    check.value(schema, value);
    check.errors
}

struct Check<'a> {
    elements: &'a PerElement<ElementData>,
    errors: Vec<InstanceError>,
    pointer: String,
    depth: usize,
}

/// Escapes a member name as a token of a JSON pointer.
pub(super) fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl<'a> Check<'a> {
    fn error(&mut self, kind: InstanceErrorKind) {
        self.errors.push(InstanceError {
            pointer: self.pointer.clone(),
            kind,
        });
    }

    fn inside(&mut self, name: &str, schema: Option<ElementIndex>, value: &Value) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&token(name));
        self.depth += 1;
        match schema {
            _ if self.depth > MAX_DEPTH => self.error(InstanceErrorKind::TooDeep),
            Some(schema) => self.value(schema, value),
            None => self.error(InstanceErrorKind::NoSchema),
        }
        self.depth -= 1;
        self.pointer.truncate(length);
    }

    fn value(&mut self, schema: ElementIndex, value: &Value) {
        let schema = &self.elements[schema];
        let expected = schema.kind;
        match (expected, value) {
            (_, Value::Null) => self.error(InstanceErrorKind::Null { expected }),
            (K::Array, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(&index.to_string(), schema.target("elementSchema"), item);
                }
            }
            (K::Map, Value::Object(members)) => {
                let values = schema
                    .target("mapValue")
                    .and_then(|values| self.elements[values].target("schema"));
                for (name, member) in members {
                    self.inside(name, values, member);
                }
            }
            (K::Object, Value::Object(members)) => self.object(schema, members),
            (K::Enum, _) => self.one_of(schema, value),
            (_, Value::Number(number)) if expected.is_numeric() && expected != K::Decimal => {
                if let Some(kind) = number_problem(expected, number) {
                    self.error(kind);
                }
            }
            (K::Boolean, Value::Bool(_)) | (K::String, Value::String(_)) => {}
            (_, Value::String(text)) => {
                let fits = match expected {
                    K::Date => is_date(text),
                    K::DateTime => is_date_time(text),
                    K::Time => is_time(text),
                    K::Duration => is_duration(text),
                    K::Decimal => is_decimal(text),
                    K::Uuid => is_uuid(text),
                    K::Bytes => is_base64(text),
                    _ => {
                        self.error(InstanceErrorKind::WrongType {
                            expected,
                            found: JsonType::String,
                        });
                        return;
                    }
                };
                if !fits {
                    self.error(InstanceErrorKind::WrongFormat { expected });
                }
            }
            _ => self.error(InstanceErrorKind::WrongType {
                expected,
                found: JsonType::of(value),
            }),
        }
    }

    fn object(&mut self, schema: &'a ElementData, members: &serde_json::Map<String, Value>) {
        let fields: Vec<&ElementData> = schema
            .targets("fields")
            .map(|field| &self.elements[field])
            .collect();
        for (name, member) in members {
            match fields.iter().find(|field| field.string("name") == Some(name)) {
                Some(field) => self.inside(name, field.target("schema"), member),
                None => {
                    let length = self.pointer.len();
                    self.pointer.push('/');
                    self.pointer.push_str(&token(name));
                    self.error(InstanceErrorKind::UnknownField { name: name.clone() });
                    self.pointer.truncate(length);
                }
            }
        }
        for field in fields {
            let required = field
                .supplements
                .iter()
                .any(|supplement| supplement.term == "Required");
            if let Some(name) = field.string("name")
                && required
                && !members.contains_key(name)
            {
                self.error(InstanceErrorKind::MissingField {
                    name: name.to_owned(),
                });
            }
        }
    }

    fn one_of(&mut self, schema: &'a ElementData, value: &Value) {
        let literals: Vec<&Literal> = schema
            .targets("enumValues")
            .filter_map(|value| self.elements[value].literal("enumValue"))
            .collect();
        let fits = literals.iter().any(|literal| match (literal, value) {
            (Literal::String(known), Value::String(text)) => **known == **text,
            (Literal::Integer(known), Value::Number(number)) => number.as_i64() == Some(*known),
            _ => false,
        });
        if !fits {
            let allowed = literals
                .iter()
                .filter_map(|literal| match literal {
                    Literal::String(text) => Some(Value::from(&**text).to_string()),
                    Literal::Integer(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            self.error(InstanceErrorKind::NotInEnum { allowed });
        }
    }
}

fn number_problem(expected: K, number: &Number) -> Option<InstanceErrorKind> {
    let (min, max) = match expected {
        K::Double => return None,
        K::Float => {
            let fits = number
                .as_f64()
                .is_some_and(|float| float.abs() <= f64::from(f32::MAX));
            return (!fits).then_some(InstanceErrorKind::OutOfRange { expected });
        }
        K::Byte => (i128::from(i8::MIN), i128::from(i8::MAX)),
        K::Short => (i128::from(i16::MIN), i128::from(i16::MAX)),
        K::Integer => (i128::from(i32::MIN), i128::from(i32::MAX)),
        K::Long => (i128::from(i64::MIN), i128::from(i64::MAX)),
        K::UnsignedByte => (0, i128::from(u8::MAX)),
        K::UnsignedShort => (0, i128::from(u16::MAX)),
        K::UnsignedInteger => (0, i128::from(u32::MAX)),
        K::UnsignedLong => (0, i128::from(u64::MAX)),
        _ => return None,
    };
    let whole = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    match whole {
        Some(whole) if (min..=max).contains(&whole) => None,
        Some(_) => Some(InstanceErrorKind::OutOfRange { expected }),
        // An integer beyond 64 bits is out of range; a fraction has the wrong type.
        None if number
            .as_f64()
            .is_some_and(|float| float.fract() == 0.0 && float.abs() >= 9.2e18) =>
        {
            Some(InstanceErrorKind::OutOfRange { expected })
        }
        None => Some(InstanceErrorKind::WrongType {
            expected,
            found: JsonType::Number,
        }),
    }
}
