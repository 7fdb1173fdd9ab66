//! Validation of import files.

use digitaltwins_convenience::{
    BasicDigitalTwin, ImportFileProblemKind as Kind, ImportFileReport, ImportFileValidator, ImportFileWriter,
    Relationship,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn room() -> Value {
    json!({
        "@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Room;1", "@type": "Interface",
        "contents": [
            {"@type": "Property", "name": "temperature", "schema": "double"},
            {"@type": "Relationship", "name": "leadsTo", "target": "dtmi:example:Room;1",
             "properties": [{"@type": "Property", "name": "width", "schema": "integer"}]},
        ],
    })
}

fn hall() -> Value {
    json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Hall;1", "@type": "Interface",
           "extends": "dtmi:example:Room;1"})
}

const HEADER: &str = r#"{"Section":"Header"}
{"fileVersion":"1.0.0","author":"a","organization":"o"}
"#;

fn twin(id: &str, model: &str) -> Value {
    json!({"$dtId": id, "$metadata": {"$model": format!("dtmi:example:{model};1")}})
}

fn relationship(source: &str, id: &str, target: &str) -> Value {
    json!({"$dtId": source, "$relationshipId": id, "$targetId": target, "$relationshipName": "leadsTo"})
}

fn file(sections: &[(&str, Vec<Value>)]) -> String {
    let mut text = HEADER.to_owned();
    for (name, lines) in sections {
        text.push_str(&format!("{}\n", json!({"Section": name})));
        for line in lines {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

fn check(text: &str) -> ImportFileReport {
    ImportFileValidator::new()
        .with_self_contained()
        .check(text.as_bytes())
        .unwrap()
}

fn problems(text: &str) -> Vec<(u64, Kind)> {
    check(text)
        .problems
        .iter()
        .map(|problem| (problem.line, problem.kind))
        .collect()
}

#[test]
fn a_written_file_is_valid() {
    let mut file = ImportFileWriter::new(Vec::new(), "a", "o").unwrap();
    for model in [hall(), room()] {
        file.model(&model).unwrap();
    }
    let contents = Map::from_iter([("temperature".to_owned(), json!(20))]);
    file.twin(&BasicDigitalTwin::new("r", "dtmi:example:Room;1", contents))
        .unwrap();
    file.twin(&BasicDigitalTwin::new("h", "dtmi:example:Hall;1", Map::new()))
        .unwrap();
    file.relationship(&Relationship::new("1", "h", "leadsTo", "r", json!({"width": 2})))
        .unwrap();
    file.relationship(&Relationship::new("1", "r", "leadsTo", "h", ()))
        .unwrap();
    let text = String::from_utf8(file.finish().unwrap()).unwrap();
    let report = check(&text);
    assert!(report.is_ok(), "{:?}", report.problems);
    assert_eq!((report.models, report.twins, report.relationships), (2, 2, 2));
}

#[test]
fn each_line_is_checked_against_its_model() {
    let mut wrong = twin("a", "Room");
    wrong["temperature"] = json!("warm");
    wrong["speed"] = json!(1);
    let mut wide = relationship("a", "2", "b");
    wide["width"] = json!(2.5);
    let mut other = relationship("a", "3", "b");
    other["$relationshipName"] = json!("flowsTo");
    let lamp = json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Lamp;1", "@type": "Interface"});
    let text = file(&[
        ("Models", vec![room(), lamp]),
        (
            "Twins",
            vec![
                wrong,
                twin("b", "Room"),
                twin("c", "Lamp"),
                twin("d", "Car"),
                json!({"$dtId": "e"}),
            ],
        ),
        (
            "Relationships",
            vec![
                relationship("a", "1", "b"),
                wide,
                other,
                relationship("a", "4", "c"),
                relationship("a", "5", "a"),
                relationship("a", "1", "b"),
                relationship("a", "6", "missing"),
                json!({"$sourceId": "a"}),
            ],
        ),
    ]);
    let found = check(&text);
    let lines: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn sections_are_in_order_and_at_most_once() {
    let twins = ("Twins", vec![twin("a", "Room")]);
    let models = ("Models", vec![room()]);
    assert_eq!(problems(&file(&[models.clone(), twins.clone()])), []);
    assert_eq!(
        problems(&file(&[twins.clone(), models.clone()])),
        [
            (4, Kind::UnknownModel),
            (5, Kind::Section),
            (6, Kind::MissingMember),
            (6, Kind::MissingMember)
        ]
    );
    assert_eq!(
        problems(&file(&[models.clone(), models])),
        [(5, Kind::Section), (6, Kind::Duplicate)]
    );
    assert_eq!(problems(&file(&[("Lamps", vec![])])), [(3, Kind::Section)]);
    assert_eq!(problems(""), [(0, Kind::Header)]);
    assert_eq!(problems("{\"Section\":\"Twins\"}"), [(1, Kind::Header)]);
    assert_eq!(problems("{\"a\":1}\n"), [(1, Kind::Section), (1, Kind::Header)]);
    assert_eq!(problems("{\"Section\":\"Header\"}\n"), [(1, Kind::Header)]);
    assert_eq!(problems(&HEADER.replace("1.0.0", "2.0.0")), [(2, Kind::Header)]);
    assert_eq!(problems(&format!("{HEADER}{{}}\n")), [(3, Kind::Header)]);
}

#[test]
fn every_line_is_a_json_object() {
    for line in ["7", "{", "[]", "\u{feff}{}"] {
        assert_eq!(
            problems(&format!("{HEADER}{line}\n")),
            [(3, Kind::NotAnObject)],
            "{line}"
        );
    }
    assert_eq!(
        problems(&format!("{HEADER}\r\n\n")),
        [],
        "trailing empty lines are accepted"
    );
    let inside = HEADER.replace("{\"fileVersion", "\n{\"fileVersion");
    assert_eq!(problems(&inside), [(2, Kind::NotAnObject)]);
    assert_eq!(problems(&HEADER.replace('\n', "\r\n")), []);
    let report = ImportFileValidator::new().check(&b"\xff\xfe\n"[..]).unwrap();
    assert_eq!(report.problems[0].kind, Kind::NotAnObject);
}

/// ADT-IMPORT-23.
#[test]
fn a_byte_order_mark_at_the_start_is_skipped() {
    assert_eq!(problems(&format!("\u{feff}{HEADER}")), []);
    assert_eq!(problems(&format!("\u{feff}{}", HEADER.replace('\n', "\r\n"))), []);
}

/// ADT-IMPORT-17.
#[test]
fn a_wrong_section_line_is_reported_with_the_valid_sections() {
    for (line, text) in [
        (json!({"section": "Twins"}), "\"section\""),
        (json!({"Sections": "twins"}), "\"Sections\""),
        (json!({"Section": "twins"}), "\"twins\""),
        (json!({"Section": 7}), "7"),
    ] {
        let report = check(&format!("{HEADER}{line}\n"));
        let [problem] = report.problems.as_slice() else {
            panic!("{:?}", report.problems)
        };
        assert_eq!((problem.line, problem.kind), (3, Kind::Section));
        let sections = "Header, Models, Twins, Relationships";
        assert!(
            problem.message.contains(text) && problem.message.contains(sections),
            "{problem}"
        );
    }
}

/// ADT-ID-3, ADT-ID-4: the validator refuses the same ids as the client.
#[test]
fn ids_that_would_address_another_resource_are_refused() {
    let mut twins = vec![twin("a->b", "Room"), twin("ü #?%2F\\", "Room")];
    let arrow = relationship("a->b", "a->b-leadsTo->ü", "ü #?%2F\\");
    let text = file(&[
        ("Models", vec![room()]),
        ("Twins", twins.clone()),
        ("Relationships", vec![arrow]),
    ]);
    assert_eq!(problems(&text), []);
    for id in [".", "..", "a/b"] {
        twins.push(twin(id, "Room"));
    }
    let relationships = vec![relationship("a->b", "x/y", "..")];
    let text = file(&[
        ("Models", vec![room()]),
        ("Twins", twins),
        ("Relationships", relationships),
    ]);
    let refused = [8, 9, 10, 12, 12].map(|line| (line, Kind::Invalid));
    assert_eq!(problems(&text), refused);
}

/// ADT-IMPORT-18, ADT-IMPORT-25.
#[test]
fn the_source_is_in_dt_id_and_properties_may_differ_in_case() {
    let twins = vec![twin("a", "Room"), twin("b", "Room")];
    let mut wide = relationship("a", "1", "b");
    wide["Width"] = json!(2);
    let mut wrong = relationship("a", "2", "b");
    wrong["$sourceId"] = wrong["$dtId"].take();
    let text = file(&[
        ("Models", vec![room()]),
        ("Twins", twins),
        ("Relationships", vec![wide, wrong]),
    ]);
    let report = check(&text);
    let lines: Vec<u64> = report.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [10, 10]);
    assert!(
        report.problems[1].message.contains("$sourceId"),
        "{}",
        report.problems[1]
    );
}

#[test]
fn models_are_validated_as_dtdl() {
    let mut broken = room();
    broken["contents"][0]["schema"] = json!("warmth");
    assert_eq!(
        problems(&file(&[("Models", vec![hall(), broken])]))[0],
        (5, Kind::InvalidModel)
    );
    assert_eq!(
        problems(&file(&[("Models", vec![hall()])])),
        [(4, Kind::UnknownModel)]
    );
    assert_eq!(
        problems(&file(&[("Models", vec![room(), room()])])),
        [(5, Kind::Duplicate)]
    );
    assert_eq!(
        problems(&file(&[("Models", vec![json!({"@type": "Interface"})])])),
        [(4, Kind::MissingMember)]
    );
}

#[test]
fn references_to_stored_models_and_twins_are_accepted() {
    let text = file(&[
        ("Models", vec![hall()]),
        ("Twins", vec![twin("a", "Hall"), twin("b", "Car")]),
        ("Relationships", vec![relationship("a", "1", "elsewhere")]),
    ]);
    let report = ImportFileValidator::new().check(text.as_bytes()).unwrap();
    assert!(report.is_ok(), "{:?}", report.problems);
    let mut wrong = twin("a", "Hall");
    wrong["temperature"] = json!("warm");
    let text = file(&[("Twins", vec![wrong])]);
    let validator = ImportFileValidator::new()
        .with_models([hall(), room()])
        .with_self_contained();
    let report = validator.check(text.as_bytes()).unwrap();
    assert_eq!(
        report
            .problems
            .iter()
            .map(|problem| problem.kind)
            .collect::<Vec<_>>(),
        [Kind::Invalid]
    );
}

#[test]
fn size_limits_and_the_maximum_of_problems_are_enforced() {
    let mut large = twin("a", "Car");
    large["text"] = json!("x".repeat(33 * 1024));
    let text = file(&[("Twins", vec![large])]);
    let report = ImportFileValidator::new().check(text.as_bytes()).unwrap();
    assert_eq!(report.problems[0].kind, Kind::TooLarge);
    let endless = std::io::repeat(b'\n');
    use std::io::Read;
    let text = "7\n".repeat(5000);
    let report = ImportFileValidator::new()
        .with_max_problems(10)
        .check(text.as_bytes())
        .unwrap();
    assert_eq!(report.problems.len(), 10);
    let empty = std::io::BufReader::new(endless.take(1000));
    assert_eq!(ImportFileValidator::new().check(empty).unwrap().problems.len(), 1);
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        ImportFileValidator::new().check(&bytes[..]).unwrap();
    }

    #[test]
    fn arbitrary_lines_do_not_panic(lines in prop::collection::vec(prop_oneof![
        Just(r#"{"Section":"Header"}"#.to_owned()),
        Just(r#"{"Section":"Models"}"#.to_owned()),
        Just(r#"{"Section":"Twins"}"#.to_owned()),
        Just(r#"{"Section":"Relationships"}"#.to_owned()),
        Just(room().to_string()),
        Just(hall().to_string()),
        Just(twin("a", "Room").to_string()),
        Just(relationship("a", "1", "b").to_string()),
        Just(r#"{"$metadata":7,"@id":{},"$dtId":[]}"#.to_owned()),
        Just(String::new()),
    ], 0..20)) {
        let text = lines.join("\n");
        let report = ImportFileValidator::new().with_self_contained().check(text.as_bytes()).unwrap();
        for problem in report.problems {
            prop_assert!(problem.line <= lines.len() as u64);
        }
    }
}
