//! Lookup of values by path in twins and relationships, and comparison of values.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use serde_json::Value;
use twin_query::{Literal, Number};

use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::twin::{
    ComponentJson, MetadataJson, Property, PropertyMetadataJson, Twin, TwinJson,
};

/// A value at a path. Objects that are composed for the response, such as `$metadata`, are serialized only when
/// they are returned.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Json(&'a Value),
    Text(Cow<'a, str>),
    Twin(TwinJson<'a>),
    Component(ComponentJson<'a>),
    Metadata(MetadataJson<'a>),
    PropertyMetadata(PropertyMetadataJson<'a>),
    Relationship(&'a Relationship),
}

impl Serialize for Found<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Found::Json(value) => value.serialize(serializer),
            Found::Text(text) => text.serialize(serializer),
            Found::Twin(twin) => twin.serialize(serializer),
            Found::Component(component) => component.serialize(serializer),
            Found::Metadata(metadata) => metadata.serialize(serializer),
            Found::PropertyMetadata(metadata) => metadata.serialize(serializer),
            Found::Relationship(relationship) => relationship.serialize(serializer),
        }
    }
}

/// Returns the value at a path in a twin; `None` if the path does not exist.
pub(crate) fn in_twin<'a>(twin: &'a Twin, path: &[String], with_update_times: bool) -> Option<Found<'a>> {
    let whole = TwinJson {
        twin,
        with_update_times,
    };
    let Some((first, rest)) = path.split_first() else {
        return Some(Found::Twin(whole));
    };
    match first.as_str() {
        "$dtId" => last(rest, || Found::Text(Cow::Borrowed(&twin.id))),
        "$etag" => last(rest, || Found::Text(Cow::Owned(twin.etag.to_string()))),
        "$metadata" => match rest.first().map(String::as_str) {
            None => Some(Found::Metadata(whole.metadata())),
            Some("$model") => last(&rest[1..], || Found::Text(Cow::Borrowed(&twin.model))),
            Some("$lastUpdateTime") => last(&rest[1..], || {
                Found::Text(Cow::Owned(twin.last_update.to_string()))
            }),
            Some(name) => in_property_metadata(twin.property(name)?, &rest[1..]),
        },
        name => match twin.property(name) {
            Some(property) => in_json(&property.value, rest),
            None => in_component(
                ComponentJson {
                    component: twin.component(name)?,
                    with_update_times,
                },
                rest,
            ),
        },
    }
}

fn in_component<'a>(json: ComponentJson<'a>, path: &[String]) -> Option<Found<'a>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(Found::Component(json));
    };
    if first != "$metadata" {
        return in_json(&json.component.property(first)?.value, rest);
    }
    match rest.first().map(String::as_str) {
        None => Some(Found::Metadata(json.metadata())),
        Some("$lastUpdateTime") => last(&rest[1..], || {
            Found::Text(Cow::Owned(json.component.last_update.to_string()))
        }),
        Some(name) => in_property_metadata(json.component.property(name)?, &rest[1..]),
    }
}

fn in_property_metadata<'a>(property: &'a Property, path: &[String]) -> Option<Found<'a>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(Found::PropertyMetadata(PropertyMetadataJson(property)));
    };
    match first.as_str() {
        "lastUpdateTime" => last(rest, || Found::Text(Cow::Owned(property.last_update.to_string()))),
        "sourceTime" => {
            let time = property.source_time.as_deref()?;
            last(rest, || Found::Text(Cow::Borrowed(time)))
        }
        _ => None,
    }
}

/// Returns the value at a path in a relationship.
pub(crate) fn in_relationship<'a>(relationship: &'a Relationship, path: &[String]) -> Option<Found<'a>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(Found::Relationship(relationship));
    };
    let text = match first.as_str() {
        "$relationshipId" => Cow::Borrowed(&*relationship.id),
        "$sourceId" => Cow::Borrowed(&*relationship.source_id),
        "$targetId" => Cow::Borrowed(&*relationship.target_id),
        "$relationshipName" => Cow::Borrowed(&*relationship.name),
        "$etag" => Cow::Owned(relationship.etag.to_string()),
        name => return in_json(relationship.property(name)?, rest),
    };
    last(rest, || Found::Text(text))
}

/// Follows a path through objects and maps. Array elements have no path.
fn in_json<'a>(value: &'a Value, path: &[String]) -> Option<Found<'a>> {
    path.iter()
        .try_fold(value, |value, name| value.as_object()?.get(name))
        .map(Found::Json)
}

/// Returns a value without members if the path ends at it (`rest` is empty); otherwise `None`.
fn last<'a>(rest: &[String], value: impl FnOnce() -> Found<'a>) -> Option<Found<'a>> {
    rest.is_empty().then(value)
}

/// A value in a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(Numeric),
    Text(&'a str),
    /// An object or an array.
    Composite,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Numeric {
    Integer(i128),
    Float(f64),
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Numeric {
    /// Compares two values. Integers are compared exactly, even beyond the precision of a double.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Numeric::Integer(a), Numeric::Integer(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }
}

impl Numeric {
    #[expect(clippy::cast_precision_loss, reason = "comparisons with a double use doubles")]
    fn as_f64(self) -> f64 {
        match self {
            Numeric::Integer(value) => value as f64,
            Numeric::Float(value) => value,
        }
    }
}

impl<'a> Found<'a> {
    pub(crate) fn scalar(&'a self) -> Scalar<'a> {
        match self {
            Found::Json(value) => scalar(value),
            Found::Text(text) => Scalar::Text(text),
            _ => Scalar::Composite,
        }
    }

    /// Returns whether the value is a JSON object.
    pub(crate) fn is_object(&self) -> bool {
        match self {
            Found::Json(value) => value.is_object(),
            Found::Text(_) => false,
            _ => true,
        }
    }
}

/// A value in an index. Equal values have equal hashes, independent of the notation of a number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum IndexedScalar<'a> {
    Null,
    Bool(bool),
    /// The bits of the number as a double. Integers beyond its precision may collide.
    Number(u64),
    Text(Cow<'a, str>),
}

impl<'a> IndexedScalar<'a> {
    /// Converts a value. Returns `None` for objects and arrays, which are never equal to anything.
    fn new(scalar: Scalar<'a>) -> Option<Self> {
        Some(match scalar {
            Scalar::Null => IndexedScalar::Null,
            Scalar::Bool(value) => IndexedScalar::Bool(value),
            // Adding zero turns -0.0 into 0.0, so that equal values have the same bits.
            Scalar::Number(number) => IndexedScalar::Number((number.as_f64() + 0.0).to_bits()),
            Scalar::Text(text) => IndexedScalar::Text(Cow::Borrowed(text)),
            Scalar::Composite => return None,
        })
    }

    pub(crate) fn constant(literal: &'a Literal) -> Option<Self> {
        IndexedScalar::new(constant(literal))
    }

    /// Returns the value of a twin at a path that [`is_indexed`] allows.
    pub(crate) fn in_twin(twin: &'a Twin, path: &[String]) -> Option<Self> {
        IndexedScalar::of(in_twin(twin, path, true)?)
    }

    /// Returns the value of a relationship at a path that [`is_indexed`] allows.
    pub(crate) fn in_relationship(relationship: &'a Relationship, path: &[String]) -> Option<Self> {
        IndexedScalar::of(in_relationship(relationship, path)?)
    }

    fn of(found: Found<'a>) -> Option<Self> {
        match found {
            Found::Json(value) => IndexedScalar::new(scalar(value)),
            Found::Text(text) => Some(IndexedScalar::Text(text)),
            _ => None,
        }
    }
}

/// Returns whether values at a path are indexed: properties are, and so are relationship ids, which are unique only
/// within their source; metadata is not.
pub(crate) fn is_indexed(path: &[String]) -> bool {
    matches!(path, [name] if name == "$relationshipId")
        || (!path.is_empty() && !path.iter().any(|name| name.starts_with('$')))
}

pub(crate) fn scalar(value: &Value) -> Scalar<'_> {
    match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::String(text) => Scalar::Text(text),
        Value::Array(_) | Value::Object(_) => Scalar::Composite,
        Value::Number(number) => Scalar::Number(match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Numeric::Integer(value.into()),
            (None, Some(value)) => Numeric::Integer(value.into()),
            (None, None) => Numeric::Float(number.as_f64().unwrap_or(f64::NAN)),
        }),
    }
}

pub(crate) fn constant(literal: &Literal) -> Scalar<'_> {
    match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(value) => Scalar::Bool(*value),
        Literal::String(text) => Scalar::Text(text),
        Literal::Number(number) => Scalar::Number(numeric(number)),
    }
}

fn numeric(number: &Number) -> Numeric {
    number.as_i64().map_or_else(
        || Numeric::Float(number.as_f64()),
        |value| Numeric::Integer(value.into()),
    )
}
