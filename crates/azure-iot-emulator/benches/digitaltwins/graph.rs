//! The benchmark's graph, written as the input file of an import job.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

/// Interval between halls in the numbering of the twins. The model Hall extends Room, which extends
/// Space.
const HALL_INTERVAL: usize = 100;

fn models() -> [Value; 3] {
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let interface = |id: &str, extends: &[&str], contents: Value| {
        json!({
            "@id": id, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "extends": extends, "contents": contents,
        })
    };
    let relationships = [
        json!({"@type": "Relationship", "name": "next"}),
        json!({"@type": "Relationship", "name": "above", "properties": [property("weight", "integer")]}),
    ];
    [
        interface(
            "dtmi:bench:Space;1",
            &[],
            json!([property("number", "integer"), property("name", "string")]),
        ),
        interface(
            "dtmi:bench:Room;1",
            &["dtmi:bench:Space;1"],
            json!([
                property("temperature", "double"),
                relationships[0],
                relationships[1]
            ]),
        ),
        interface("dtmi:bench:Hall;1", &["dtmi:bench:Room;1"], json!([])),
    ]
}

pub(crate) fn halls(twins: usize) -> usize {
    twins.div_ceil(HALL_INTERVAL)
}

pub(crate) fn twin(number: usize) -> Value {
    let model = if number.is_multiple_of(HALL_INTERVAL) {
        "dtmi:bench:Hall;1"
    } else {
        "dtmi:bench:Room;1"
    };
    json!({
        "$dtId": format!("room-{number}"), "$metadata": {"$model": model},
        "number": number, "name": format!("Room number {number}"), "temperature": 20.5,
    })
}

/// Returns the two relationships of a twin: one to the next twin, and one to the twin a third of
/// the graph away.
fn relationships(number: usize, twins: usize) -> [Value; 2] {
    [("next", number + 1), ("above", number + 1 + twins / 3)].map(|(name, target)| {
        json!({
            "$dtId": format!("room-{number}"), "$relationshipId": name,
            "$relationshipName": name, "$targetId": format!("room-{}", target % twins),
        })
    })
}

/// Writes the input file of the import job.
pub(crate) fn write_input(path: &Path, twins: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", json!({"Section": "Header"}))?;
    writeln!(file, "{}", json!({"fileVersion": "1.0.0"}))?;
    writeln!(file, "{}", json!({"Section": "Models"}))?;
    for model in models() {
        writeln!(file, "{model}")?;
    }
    writeln!(file, "{}", json!({"Section": "Twins"}))?;
    for number in 0..twins {
        writeln!(file, "{}", twin(number))?;
    }
    writeln!(file, "{}", json!({"Section": "Relationships"}))?;
    for number in 0..twins {
        for relationship in relationships(number, twins) {
            writeln!(file, "{relationship}")?;
        }
    }
    file.flush()
}
