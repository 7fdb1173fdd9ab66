//! A generated ontology: levels of Interfaces, each of which extends one Interface of the level above.

use std::fmt::Write as _;

/// The number of levels.
const LEVELS: usize = 5;

/// Returns the identifier of an Interface of the ontology.
pub(crate) fn id(number: usize) -> String {
    format!("dtmi:com:example:plant:Part{number};1")
}

/// Returns one document per Interface. Each level has the same number of Interfaces; the first level extends nothing.
pub(crate) fn documents(count: usize) -> Vec<String> {
    (0..count).map(|number| document(number, count)).collect()
}

fn document(number: usize, count: usize) -> String {
    let per_level = count.div_ceil(LEVELS).max(1);
    let level = number / per_level;
    let mut text = String::with_capacity(1400);
    let _ = write!(
        text,
        r#"{{
  "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"],
  "@id": "{}",
  "@type": "Interface",
  "displayName": {{ "en": "Part {number}", "de": "Teil {number}" }},
  "description": "A part on level {level} of the plant.","#,
        id(number)
    );
    if level > 0 {
        let _ = write!(
            text,
            r#"
  "extends": "{}","#,
            id((level - 1) * per_level + number % per_level)
        );
    }
    let target = id((number * 7 + 3) % count);
    let _ = write!(
        text,
        r#"
  "contents": [
    {{ "@type": "Property", "name": "label{level}", "schema": "string", "writable": true }},
    {{ "@type": ["Property", "Temperature"], "name": "limit{level}", "schema": "double", "unit": "degreeCelsius" }},
    {{ "@type": "Property", "name": "state{level}", "schema": {{
        "@type": "Enum", "valueSchema": "integer", "enumValues": [
          {{ "name": "off", "enumValue": 0 }},
          {{ "name": "on", "enumValue": 1, "displayName": "running" }}
        ] }} }},
    {{ "@type": "Telemetry", "name": "reading{level}", "schema": {{
        "@type": "Object", "fields": [
          {{ "name": "value", "schema": "double" }},
          {{ "name": "at", "schema": "dateTime" }}
        ] }} }},
    {{ "@type": "Command", "name": "reset{level}", "request": {{ "name": "delay", "schema": "duration" }} }},
    {{ "@type": "Relationship", "name": "feeds{level}", "target": "{target}", "properties": [
          {{ "@type": "Property", "name": "since", "schema": "date" }}
        ] }}
  ]
}}"#
    );
    text
}
