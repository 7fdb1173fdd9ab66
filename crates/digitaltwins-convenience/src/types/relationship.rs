//! A relationship between two twins.

use azure_core::http::Etag;
use azure_service_core::Precondition;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::component::{content_members, in_document, write_members};
use crate::json;

const ID: &str = "$relationshipId";
const ETAG: &str = "$etag";
const SOURCE: &str = "$sourceId";
const NAME: &str = "$relationshipName";
const TARGET: &str = "$targetId";

/// A relationship with properties of type `T`, or `()` if it has none.
///
/// The rules for `T`, unknown properties and `None` are those of [`DigitalTwin`](crate::DigitalTwin). Relationships
/// have no `$metadata`.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::Relationship;
///
/// let relationship = Relationship::new("floor-1-room-1", "floor-1", "contains", "room-1", ());
/// assert_eq!(
///     serde_json::to_string(&relationship)?,
///     r#"{"$relationshipId":"floor-1-room-1","$sourceId":"floor-1","$relationshipName":"contains","$targetId":"room-1"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Relationship<T = Map<String, Value>> {
    /// The id of the relationship, unique among the relationships that start at the same twin, from
    /// `$relationshipId`.
    pub id: String,
    /// The version of the relationship, from `$etag`; `None` until it is stored.
    pub etag: Option<Etag>,
    /// The id of the twin where the relationship starts, from `$sourceId`.
    pub source_id: String,
    /// The name of the relationship in the model of the source, from `$relationshipName`.
    pub name: String,
    /// The id of the twin where the relationship ends, from `$targetId`.
    pub target_id: String,
    /// The properties.
    pub contents: T,
    /// Properties unknown to `T`.
    pub extra: Map<String, Value>,
}

/// A relationship with properties as JSON values by name.
pub type BasicRelationship = Relationship;

impl<T> Relationship<T> {
    /// Creates a relationship.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        source_id: impl Into<String>,
        name: impl Into<String>,
        target_id: impl Into<String>,
        contents: T,
    ) -> Self {
        Self {
            id: id.into(),
            etag: None,
            source_id: source_id.into(),
            name: name.into(),
            target_id: target_id.into(),
            contents,
            extra: Map::new(),
        }
    }

    /// Returns the precondition that the relationship has not changed since it was read.
    ///
    /// # Errors
    ///
    /// Fails if the relationship has no ETag.
    pub fn precondition(&self) -> crate::Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }
}

impl<T: Serialize> Serialize for Relationship<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = content_members(&self.contents, &self.extra).map_err(S::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(ID, &self.id)?;
        if let Some(etag) = &self.etag {
            map.serialize_entry(ETAG, etag)?;
        }
        map.serialize_entry(SOURCE, &self.source_id)?;
        map.serialize_entry(NAME, &self.name)?;
        map.serialize_entry(TARGET, &self.target_id)?;
        write_members(&mut map, &members, &[ID, ETAG, SOURCE, NAME, TARGET])?;
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Relationship<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Map::deserialize(deserializer)?;
        let mut read = || {
            let id: String = json::take(&mut object, ID)?;
            let etag = json::take_optional(&mut object, ETAG)?;
            let source_id = json::take(&mut object, SOURCE)?;
            let name = json::take(&mut object, NAME)?;
            let target_id = json::take(&mut object, TARGET)?;
            let (contents, extra) =
                json::split(format_args!("relationship {id}"), std::mem::take(&mut object))?;
            Ok(Self {
                id,
                etag,
                source_id,
                name,
                target_id,
                contents,
                extra,
            })
        };
        read().map_err(|error: serde_json::Error| D::Error::custom(in_document("relationship", &error)))
    }
}

/// A relationship as listed for its target, without properties and ETag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct IncomingRelationship {
    /// The id of the relationship, unique among the relationships that start at the same twin.
    #[serde(rename = "$relationshipId")]
    pub id: String,
    /// The id of the twin where the relationship starts.
    #[serde(rename = "$sourceId")]
    pub source_id: String,
    /// The name of the relationship in the model of the source.
    #[serde(rename = "$relationshipName")]
    pub name: String,
    /// The path of the relationship. To read the relationship, use
    /// [`get_relationship`](crate::DigitalTwinsClient::get_relationship) with the two ids.
    #[serde(
        rename = "$relationshipLink",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub link: Option<String>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

lossless!(IncomingRelationship, "incoming relationship", required: ["$relationshipId", "$sourceId", "$relationshipName"]);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_relationship_survives_a_round_trip() {
        let text = r#"{"$relationshipId":"r","$etag":"W/\"1\"","$sourceId":"a","$relationshipName":"feeds","$targetId":"b","z":1,"flow":2.5,"a":null}"#;
        let basic: BasicRelationship = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::to_string(&basic).unwrap(),
            text.replace(r#","a":null"#, "")
        );

        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Pipe {
            flow: f64,
        }
        let pipe: Relationship<Pipe> = serde_json::from_str(text).unwrap();
        assert_eq!(
            (
                pipe.source_id.as_str(),
                pipe.target_id.as_str(),
                pipe.name.as_str()
            ),
            ("a", "b", "feeds")
        );
        assert_eq!(pipe.contents, Pipe { flow: 2.5 });
        assert_eq!(pipe.extra.keys().collect::<Vec<_>>(), ["z", "a"]);
    }

    #[test]
    fn an_incoming_relationship_keeps_unknown_members() {
        let value = json!({"$relationshipId": "r", "$sourceId": "a", "$relationshipName": "feeds",
                           "$relationshipLink": "https://host/digitaltwins/a/relationships/r", "$later": true});
        let incoming: IncomingRelationship = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(incoming.extra["$later"], true);
        assert_eq!(serde_json::to_value(incoming).unwrap(), value);
    }
}
