//! The writer of import files.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::section::{FILE_VERSION, ImportFileSection, SECTION};
use crate::digital_twins::body;
use crate::error::{Error, Result};
use crate::{DigitalTwin, Relationship, json};

/// A writer of files for [import jobs](crate::DigitalTwinsClient::create_import_job).
///
/// Models come first, then twins, then relationships; each section is optional. Members that only the service sets,
/// such as ETags and update times, are left out, so resources read from one instance can be imported into another. The
/// writer does not validate; see [`ImportFileValidator`](crate::ImportFileValidator).
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::{DigitalTwin, ImportFileWriter, Relationship};
/// use serde_json::json;
///
/// let mut file = ImportFileWriter::new(Vec::new(), "building team", "Contoso")?;
/// file.model(&json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Room;1", "@type": "Interface"}))?;
/// file.twin(&DigitalTwin::new("room-1", "dtmi:example:Room;1", ()))?;
/// file.twin(&DigitalTwin::new("room-2", "dtmi:example:Room;1", ()))?;
/// file.relationship(&Relationship::new("door", "room-1", "leadsTo", "room-2", ()))?;
/// assert_eq!(
///     String::from_utf8(file.finish()?).unwrap(),
///     r#"{"Section":"Header"}
/// {"fileVersion":"1.0.0","author":"building team","organization":"Contoso"}
/// {"Section":"Models"}
/// {"@context":"dtmi:dtdl:context;3","@id":"dtmi:example:Room;1","@type":"Interface"}
/// {"Section":"Twins"}
/// {"$dtId":"room-1","$metadata":{"$model":"dtmi:example:Room;1"}}
/// {"$dtId":"room-2","$metadata":{"$model":"dtmi:example:Room;1"}}
/// {"Section":"Relationships"}
/// {"$dtId":"room-1","$relationshipId":"door","$targetId":"room-2","$relationshipName":"leadsTo"}
/// "#
/// );
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[derive(Debug)]
pub struct ImportFileWriter<W> {
    out: W,
    section: ImportFileSection,
}

impl<W: Write> ImportFileWriter<W> {
    /// Writes the header. Use a [`BufWriter`](std::io::BufWriter) for files, because the writer makes many small
    /// writes.
    ///
    /// # Errors
    ///
    /// Fails if `out` cannot be written.
    pub fn new(out: W, author: impl Into<String>, organization: impl Into<String>) -> Result<Self> {
        let (author, organization) = (author.into(), organization.into());
        let mut writer = Self {
            out,
            section: ImportFileSection::Header,
        };
        writer.line(&json!({SECTION: ImportFileSection::Header.as_str()}))?;
        writer.line(&json!({"fileVersion": FILE_VERSION, "author": author, "organization": organization}))?;
        Ok(writer)
    }

    /// Writes a model, a DTDL interface. The order of models does not matter.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a twin or a relationship has already been written, or if
    /// `model` is not an object; any other error if the write fails.
    pub fn model(&mut self, model: impl Serialize) -> Result<()> {
        let model = body("model", &model)?;
        if !model.is_object() {
            return Err(Error::invalid_input(
                "model",
                format!("must be an object, found {}", json::type_name(&model)),
            ));
        }
        self.enter(ImportFileSection::Models)?;
        self.line(&model)
    }

    /// Writes a twin.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a relationship has already been written, or if the contents do
    /// not serialize to an object; any other error if the write fails.
    pub fn twin<T: Serialize>(&mut self, twin: &DigitalTwin<T>) -> Result<()> {
        let mut object =
            json::to_object(twin).map_err(|error| Error::invalid_input("twin", error.to_string()))?;
        object.shift_remove("$etag");
        object = object
            .into_iter()
            .map(|(name, value)| (name, without_times(value)))
            .collect();
        if let Some(Value::Object(metadata)) = object.get_mut("$metadata") {
            keep_source_times(metadata);
        }
        self.enter(ImportFileSection::Twins)?;
        self.line(&object)
    }

    /// Writes a relationship.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the contents do not serialize to an object; any other error if
    /// the write fails.
    pub fn relationship<T: Serialize>(&mut self, relationship: &Relationship<T>) -> Result<()> {
        let object = json::to_object(relationship)
            .map_err(|error| Error::invalid_input("relationship", error.to_string()))?;
        let mut line = Map::new();
        // In the file format, the `$dtId` of a relationship is the id of its source.
        line.insert("$dtId".to_owned(), json!(relationship.source_id));
        line.insert("$relationshipId".to_owned(), json!(relationship.id));
        line.insert("$targetId".to_owned(), json!(relationship.target_id));
        line.insert("$relationshipName".to_owned(), json!(relationship.name));
        line.extend(object.into_iter().filter(|(name, _)| !name.starts_with('$')));
        self.enter(ImportFileSection::Relationships)?;
        self.line(&line)
    }

    /// Flushes the file and returns the underlying writer.
    ///
    /// # Errors
    ///
    /// Fails if the flush fails.
    pub fn finish(mut self) -> Result<W> {
        self.out.flush().map_err(Error::write_file)?;
        Ok(self.out)
    }

    fn enter(&mut self, section: ImportFileSection) -> Result<()> {
        if section < self.section {
            let parameter = match section {
                ImportFileSection::Header => "header",
                ImportFileSection::Models => "model",
                ImportFileSection::Twins => "twin",
                ImportFileSection::Relationships => "relationship",
            };
            let reason = format!(
                "must not come after the section {}; the order is models, twins, relationships",
                self.section
            );
            return Err(Error::invalid_input(parameter, reason));
        }
        if section > self.section {
            self.section = section;
            self.line(&json!({SECTION: section.as_str()}))?;
        }
        Ok(())
    }

    fn line<T: Serialize>(&mut self, value: &T) -> Result<()> {
        // Serializes the whole line first, so a serialization error leaves no partial line.
        let mut line =
            serde_json::to_vec(value).map_err(|error| Error::invalid_input("value", error.to_string()))?;
        line.push(b'\n');
        self.out.write_all(&line).map_err(Error::write_file)
    }
}

/// Removes the times that only the service sets from a component's metadata. Returns any other value unchanged.
fn without_times(mut value: Value) -> Value {
    if let Some(Value::Object(metadata)) = value.get_mut("$metadata") {
        keep_source_times(metadata);
    }
    value
}

/// Removes the members of `$metadata` that only the service sets. Keeps the model and the source times.
fn keep_source_times(metadata: &mut Map<String, Value>) {
    let kept = std::mem::take(metadata).into_iter().filter_map(|(name, value)| {
        if name == "$model" {
            return Some((name, value));
        }
        let time = value.get("sourceTime")?;
        Some((name, json!({"sourceTime": time})))
    });
    *metadata = kept.collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BasicDigitalTwin, BasicRelationship};

    fn lines(file: ImportFileWriter<Vec<u8>>) -> Vec<String> {
        String::from_utf8(file.finish().unwrap())
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn members_that_the_service_sets_are_left_out() {
        let twin: BasicDigitalTwin = serde_json::from_value(json!({
            "$dtId": "t", "$etag": "W/\"1\"", "a": 1.5, "text": "two\nlines",
            "part": {"b": 2, "$metadata": {"$lastUpdateTime": "2024-01-01T00:00:00Z",
                     "b": {"lastUpdateTime": "2024-01-01T00:00:00Z"}}},
            "$metadata": {"$model": "dtmi:example:T;1", "$lastUpdateTime": "2024-01-01T00:00:00Z",
                "a": {"lastUpdateTime": "2024-01-01T00:00:00Z", "sourceTime": "2023-12-31T23:59:59Z"}},
        }))
        .unwrap();
        let relationship: BasicRelationship = serde_json::from_value(json!({
            "$relationshipId": "r", "$etag": "W/\"1\"", "$sourceId": "t", "$relationshipName": "n", "$targetId": "u",
            "since": 2020,
        }))
        .unwrap();
        let mut file = ImportFileWriter::new(Vec::new(), "a", "o").unwrap();
        file.twin(&twin).unwrap();
        file.relationship(&relationship).unwrap();
        let lines = lines(file);
        assert_eq!(
            lines[3],
            r#"{"$dtId":"t","a":1.5,"text":"two\nlines","part":{"b":2,"$metadata":{}},"$metadata":{"$model":"dtmi:example:T;1","a":{"sourceTime":"2023-12-31T23:59:59Z"}}}"#
        );
        assert_eq!(
            lines[5],
            r#"{"$dtId":"t","$relationshipId":"r","$targetId":"u","$relationshipName":"n","since":2020}"#
        );
    }

    #[test]
    fn a_line_out_of_order_is_refused_and_not_written() {
        let mut file = ImportFileWriter::new(Vec::new(), "a", "o").unwrap();
        let model = json!({"@id": "dtmi:a;1"});
        file.relationship(&Relationship::new("r", "s", "n", "t", ()))
            .unwrap();
        for refused in [
            file.model(&model),
            file.twin(&DigitalTwin::new("t", "m", ())),
            file.model(json!([])),
        ] {
            assert!(refused.unwrap_err().is_invalid_input());
        }
        assert!(
            file.relationship(&Relationship::new("r", "s", "n", "t", f64::NAN))
                .is_ok(),
            "no contents"
        );
        assert!(
            file.relationship(&Relationship::new("r", "s", "n", "t", 7))
                .unwrap_err()
                .is_invalid_input()
        );
        assert_eq!(lines(file).len(), 5);
    }

    #[test]
    fn a_failed_write_is_an_error_with_its_source() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = ImportFileWriter::new(Full, "a", "o").map(|_| ()).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(
            source.to_string(),
            std::io::Error::from(std::io::ErrorKind::StorageFull).to_string()
        );
    }
}
