//! Records of twins, and their JSON.
//!
//! Metadata stored as JSON would take more memory than the values. Therefore names are shared with the model, and
//! timestamps take eight bytes each.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::timestamp::Timestamp;

#[derive(Debug, Clone)]
pub(crate) struct Twin {
    pub(crate) id: Arc<str>,
    pub(crate) model: Arc<str>,
    pub(crate) etag: ETag,
    pub(crate) last_update: Timestamp,
    pub(crate) properties: Vec<Property>,
    pub(crate) components: Vec<Component>,
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: Arc<str>,
    pub(crate) value: Value,
    pub(crate) last_update: Timestamp,
    /// The source time, exactly as in the request.
    pub(crate) source_time: Option<Box<str>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) name: Arc<str>,
    pub(crate) last_update: Timestamp,
    pub(crate) properties: Vec<Property>,
}

impl Twin {
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| *property.name == *name)
    }

    pub(crate) fn component(&self, name: &str) -> Option<&Component> {
        self.components.iter().find(|component| *component.name == *name)
    }

    /// Returns the document that a JSON Patch applies to: values, the model and source times, without read-only members.
    pub(crate) fn patch_document(&self) -> Map<String, Value> {
        let mut document = values(&self.properties);
        for component in &self.components {
            let mut members = values(&component.properties);
            members.insert(
                "$metadata".to_owned(),
                Value::Object(source_times(&component.properties)),
            );
            document.insert(component.name.to_string(), Value::Object(members));
        }
        let mut metadata = Map::new();
        metadata.insert("$model".to_owned(), Value::String(self.model.to_string()));
        metadata.append(&mut source_times(&self.properties));
        document.insert("$metadata".to_owned(), Value::Object(metadata));
        document
    }

    /// Returns the size of the twin's JSON in bytes.
    #[expect(
        clippy::expect_used,
        reason = "strings, numbers and maps with string keys serialize"
    )]
    pub(crate) fn json_size(&self) -> usize {
        let mut counter = ByteCounter(0);
        let json = TwinJson {
            twin: self,
            with_update_times: true,
        };
        serde_json::to_writer(&mut counter, &json).expect("a twin serializes, and the counter never fails");
        counter.0
    }
}

impl Component {
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| *property.name == *name)
    }
}

fn values(properties: &[Property]) -> Map<String, Value> {
    properties
        .iter()
        .map(|property| (property.name.to_string(), property.value.clone()))
        .collect()
}

fn source_times(properties: &[Property]) -> Map<String, Value> {
    properties
        .iter()
        .map(|property| {
            let mut entry = Map::new();
            if let Some(time) = &property.source_time {
                entry.insert("sourceTime".to_owned(), Value::String(time.to_string()));
            }
            (property.name.to_string(), Value::Object(entry))
        })
        .collect()
}

struct ByteCounter(usize);

impl std::io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A twin, as the service serializes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwinJson<'a> {
    pub(crate) twin: &'a Twin,
    /// Whether `$metadata` has `$lastUpdateTime`, which api-versions before 2022-05-31 lack.
    pub(crate) with_update_times: bool,
}

impl Serialize for TwinJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let twin = self.twin;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$dtId", &*twin.id)?;
        map.serialize_entry("$etag", &format_args!("{}", twin.etag))?;
        for property in &twin.properties {
            map.serialize_entry(&*property.name, &property.value)?;
        }
        for component in &twin.components {
            let json = ComponentJson {
                component,
                with_update_times: self.with_update_times,
            };
            map.serialize_entry(&*component.name, &json)?;
        }
        map.serialize_entry("$metadata", &self.metadata())?;
        map.end()
    }
}

impl<'a> TwinJson<'a> {
    pub(crate) fn metadata(&self) -> MetadataJson<'a> {
        MetadataJson {
            model: Some(&self.twin.model),
            last_update: self.with_update_times.then_some(self.twin.last_update),
            properties: &self.twin.properties,
        }
    }
}

/// A component, as the service serializes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComponentJson<'a> {
    pub(crate) component: &'a Component,
    pub(crate) with_update_times: bool,
}

impl Serialize for ComponentJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for property in &self.component.properties {
            map.serialize_entry(&*property.name, &property.value)?;
        }
        map.serialize_entry("$metadata", &self.metadata())?;
        map.end()
    }
}

impl<'a> ComponentJson<'a> {
    pub(crate) fn metadata(&self) -> MetadataJson<'a> {
        MetadataJson {
            model: None,
            last_update: self.with_update_times.then_some(self.component.last_update),
            properties: &self.component.properties,
        }
    }
}

/// The `$metadata` of a twin or component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetadataJson<'a> {
    model: Option<&'a str>,
    last_update: Option<Timestamp>,
    properties: &'a [Property],
}

impl Serialize for MetadataJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(model) = self.model {
            map.serialize_entry("$model", model)?;
        }
        if let Some(time) = self.last_update {
            map.serialize_entry("$lastUpdateTime", &time)?;
        }
        for property in self.properties {
            map.serialize_entry(&*property.name, &PropertyMetadataJson(property))?;
        }
        map.end()
    }
}

/// The entry of one property in `$metadata`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PropertyMetadataJson<'a>(pub(crate) &'a Property);

impl Serialize for PropertyMetadataJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("lastUpdateTime", &self.0.last_update)?;
        if let Some(time) = &self.0.source_time {
            map.serialize_entry("sourceTime", time)?;
        }
        map.end()
    }
}
