//! The API of a parsed model.

#![cfg(test)]

#[path = "support/ontology.rs"]
mod ontology;

use dtdl::{Content, Document, Dtmi, ElementKind, EnumValueLiteral, Interface, Model, Parser, SchemaType};
use serde_json::{Value, json};

const PLANT: &str = r#"[
  {
    "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"],
    "@id": "dtmi:com:example:Machine;1",
    "@type": "Interface",
    "displayName": { "en": "Machine", "de": "Maschine" },
    "comment": "Any machine with a nameplate",
    "contents": [
      { "@type": "Property", "name": "serial", "schema": "string" },
      { "@type": ["Telemetry", "Temperature"], "name": "heat", "schema": "double", "unit": "degreeCelsius" }
    ]
  },
  {
    "@context": ["dtmi:dtdl:context;3"],
    "@id": "dtmi:com:example:Pump;1",
    "@type": "Interface",
    "extends": "dtmi:com:example:Machine;1",
    "schemas": [
      { "@id": "dtmi:com:example:Pump:Mode;1", "@type": "Enum", "valueSchema": "integer", "enumValues": [
        { "name": "off", "enumValue": 0, "displayName": "Standing" }, { "name": "on", "enumValue": 1 } ] }
    ],
    "contents": [
      { "@type": "Property", "name": "mode", "schema": "dtmi:com:example:Pump:Mode;1", "writable": true },
      { "@type": "Component", "name": "motor", "schema": "dtmi:com:example:Motor;1" },
      { "@type": "Command", "name": "start", "request": { "name": "delay", "schema": "duration" } },
      { "@type": "Relationship", "name": "feeds", "target": "dtmi:com:example:Tank;1", "maxMultiplicity": 2,
        "properties": [ { "@type": "Property", "name": "metres", "schema": "float" } ] }
    ]
  },
  { "@context": "dtmi:dtdl:context;2", "@id": "dtmi:com:example:Motor;1", "@type": "Interface",
    "contents": [ { "@type": "Telemetry", "name": "turns", "schema": { "@type": "Object", "fields": [
      { "name": "axes", "schema": { "@type": "Map", "mapKey": { "name": "axis", "schema": "string" },
        "mapValue": { "name": "speed", "schema": "double" } } } ] } } ] }
]"#;

fn plant() -> Model {
    Parser::new().parse([PLANT]).unwrap()
}

fn names(contents: impl Iterator<Item = Content>) -> Vec<String> {
    contents.map(|content| content.name().to_owned()).collect()
}

#[test]
fn contents_are_inherited() {
    let model = plant();
    let pump = model.interface("dtmi:com:example:Pump;1").unwrap();
    assert_eq!(names(pump.own_contents()), ["mode", "motor", "start", "feeds"]);
    assert_eq!(
        names(pump.contents()),
        ["mode", "motor", "start", "feeds", "serial", "heat"]
    );
    assert_eq!(
        pump.properties().map(|p| p.name().to_owned()).collect::<Vec<_>>(),
        ["mode", "serial"]
    );
    assert_eq!(pump.telemetries().count(), 1);
    assert_eq!(pump.commands().count(), 1);
    assert_eq!(
        pump.components().next().unwrap().schema().unwrap().id(),
        "dtmi:com:example:Motor;1"
    );
    assert!(matches!(pump.content("heat"), Some(Content::Telemetry(_))));
    assert!(pump.content("cold").is_none());
    assert!(model.is_subtype_of("dtmi:com:example:Pump;1", "dtmi:com:example:Machine;1"));
    assert!(model.is_subtype_of("dtmi:com:example:Pump;1", "dtmi:com:example:Pump;1"));
    assert!(!model.is_subtype_of("dtmi:com:example:Machine;1", "dtmi:com:example:Pump;1"));
    assert!(!model.is_subtype_of("dtmi:com:example:Nothing;1", "dtmi:com:example:Nothing;1"));
}

#[test]
fn elements_have_localized_strings_types_and_json() {
    let model = plant();
    let machine = model.interface("dtmi:com:example:Machine;1").unwrap();
    let element = machine.element();
    assert_eq!(element.display_name().get("de"), Some("Maschine"));
    assert_eq!(element.display_name().iter().count(), 2);
    assert!(element.description().is_empty());
    assert_eq!(element.comment(), Some("Any machine with a nameplate"));
    assert_eq!(element.dtdl_version(), 3);
    assert_eq!(
        model.element("dtmi:com:example:Motor;1").unwrap().dtdl_version(),
        2
    );

    let heat = model
        .element("dtmi:com:example:Machine:_contents:__heat;1")
        .unwrap();
    assert_eq!(heat.kind(), ElementKind::Telemetry);
    assert!(heat.has_type("Temperature") && !heat.has_type("Length"));
    assert_eq!(heat.related("unit").next().unwrap().name(), Some("degreeCelsius"));
    assert_eq!(heat.parent().unwrap().id(), machine.id());
    assert!(
        heat.json()
            .unwrap()
            .starts_with(r#"{ "@type": ["Telemetry", "Temperature"]"#)
    );
    assert_eq!(heat.to_value().unwrap()["name"], "heat");

    let all: Value = serde_json::from_str(PLANT).unwrap();
    assert_eq!(element.to_value().unwrap(), all[0]);
}

#[test]
fn schemas_have_typed_views() {
    let model = plant();
    let pump = model.interface("dtmi:com:example:Pump;1").unwrap();
    let mode = pump.properties().next().unwrap();
    assert!(mode.is_writable());
    let SchemaType::Enum(mode) = mode.schema().unwrap().schema_type() else {
        panic!("an Enum")
    };
    assert_eq!(mode.value_kind(), ElementKind::Integer);
    let values: Vec<_> = mode
        .values()
        .map(|value| (value.name().to_owned(), value.value()))
        .collect();
    assert_eq!(values[0], ("off".to_owned(), Some(EnumValueLiteral::Integer(0))));

    let feeds = pump.relationships().next().unwrap();
    assert_eq!(
        feeds.target_id(),
        Some("dtmi:com:example:Tank;1".parse::<Dtmi>().unwrap())
    );
    assert_eq!(feeds.max_multiplicity(), Some(2));
    assert!(feeds.property("metres").is_some() && feeds.property("miles").is_none());
    assert_eq!(
        model.missing_targets(),
        ["dtmi:com:example:Tank;1".parse::<Dtmi>().unwrap()]
    );

    let start = pump.commands().next().unwrap();
    assert_eq!(
        start.request().unwrap().schema().unwrap().kind(),
        ElementKind::Duration
    );
    assert!(start.response().is_none());

    let motor = model.interface("dtmi:com:example:Motor;1").unwrap();
    let turns = motor.telemetries().next().unwrap().schema().unwrap();
    let SchemaType::Object(turns) = turns.schema_type() else {
        panic!("an Object")
    };
    let axes = turns.fields().next().unwrap();
    assert!(!axes.is_required());
    let SchemaType::Map(axes) = axes.schema().unwrap().schema_type() else {
        panic!("a Map")
    };
    assert_eq!(axes.key_name().as_deref(), Some("axis"));
    assert_eq!(
        axes.value_schema().unwrap().schema_type(),
        SchemaType::Primitive(ElementKind::Double)
    );
}

#[test]
fn dependencies_come_first() {
    let model = plant();
    let ids: Vec<String> = model
        .in_dependency_order()
        .iter()
        .map(|i| i.id().to_string())
        .collect();
    let position = |id: &str| ids.iter().position(|known| known == id).unwrap();
    assert!(position("dtmi:com:example:Pump;1") > position("dtmi:com:example:Motor;1"));
    assert!(position("dtmi:com:example:Pump;1") > position("dtmi:com:example:Machine;1"));
    assert_eq!(ids.len(), 3);

    let documents = ontology::documents(200);
    let model = Parser::new().parse(documents.iter().rev()).unwrap();
    let order = model.in_dependency_order();
    for (position, interface) in order.iter().enumerate() {
        for id in interface.dependencies() {
            let before = order.iter().take(position);
            assert!(
                before.map(Interface::id).any(|known| *known == id),
                "{id} comes before {}",
                interface.id()
            );
        }
    }
    assert_eq!(order.len(), 200);
}

#[test]
fn missing_elements_are_requested_in_batches() {
    let mut documents = ontology::documents(50);
    let last = documents.pop().unwrap();
    let mut batches: Vec<usize> = Vec::new();
    let resolver = |missing: &[Dtmi]| -> Vec<Document<'static>> {
        batches.push(missing.len());
        let found = missing.iter().filter_map(|id| {
            documents
                .iter()
                .find(|text| text.contains(&format!(r#""@id": "{id}""#)))
        });
        found.map(|text| Document::from(text.clone())).collect()
    };
    let model = Parser::new().parse_with([&last], resolver).unwrap();
    assert_eq!(batches, [1, 1, 1, 1]);
    assert_eq!(model.len(), 5);

    // A parsed model can be the resolver of a later parse.
    let more = r#"{ "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Extra;1", "@type": "Interface",
        "extends": ["dtmi:com:example:plant:Part49;1", "dtmi:com:example:plant:Part9;1"] }"#;
    let extended = Parser::new().parse_with([more], &model).unwrap();
    assert_eq!(extended.len(), 6);
    assert!(extended.is_subtype_of("dtmi:com:example:Extra;1", "dtmi:com:example:plant:Part9;1"));
}

#[test]
fn a_nested_interface_is_resolved_with_its_outermost_element_once() {
    let outer = r#"{ "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Outer;1", "@type": "Interface",
        "extends": [{ "@id": "dtmi:com:example:Inner;1", "@type": "Interface" }] }"#;
    let library = Parser::new().parse([outer]).unwrap();
    let more = r#"{ "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Extra;1", "@type": "Interface",
        "extends": ["dtmi:com:example:Outer;1", "dtmi:com:example:Inner;1"] }"#;
    assert_eq!(Parser::new().parse_with([more], &library).unwrap().len(), 3);
    let only_inner = more.replace(r#""dtmi:com:example:Outer;1", "#, "");
    assert_eq!(Parser::new().parse_with([only_inner], &library).unwrap().len(), 3);
}

#[test]
fn unresolved_references_have_referrer_property_and_location() {
    let text = "{ \"@context\": \"dtmi:dtdl:context;3\", \"@id\": \"dtmi:com:example:Pump;1\",\n  \"@type\": \"Interface\",\n  \"extends\": \"dtmi:com:example:Machine;1\" }";
    let error = Parser::new()
        .parse([Document::named("pump.json", text)])
        .unwrap_err();
    assert!(error.diagnostics.is_empty());
    let [missing] = error.unresolved.as_slice() else {
        panic!("one reference")
    };
    assert_eq!(missing.id, "dtmi:com:example:Machine;1");
    assert_eq!(
        (&*missing.referrer.to_string(), &*missing.property),
        ("dtmi:com:example:Pump;1", "extends")
    );
    assert_eq!(
        (&*missing.location.document, missing.location.line),
        ("pump.json", Some(3))
    );
    assert!(error.to_string().contains("pump.json:3:"));
}

#[test]
fn all_errors_are_reported_in_one_pass() {
    let text = r#"[
      { "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:A;1", "@type": "Interface",
        "contents": [
          { "@type": "Property", "name": "1st", "schema": "double" },
          { "@type": "Telemetry", "name": "second" },
          { "@type": "Relationship", "name": "third", "minMultiplicity": 3 }
        ] },
      { "@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:B;1", "@type": "Interface",
        "extends": "dtmi:com:example:B;1", "color": "red" }
    ]"#;
    let error = Parser::new().parse([text]).unwrap_err();
    let found: Vec<_> = error
        .diagnostics
        .iter()
        .map(|d| {
            (
                d.code.id().rsplit(':').next().unwrap(),
                &*d.location.pointer,
                d.location.line,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("stringInvalid", "/0/contents/0/name", Some(4)),
            ("missingObjectProperty", "/0/contents/1", Some(5)),
            ("valueNotExact", "/0/contents/2/minMultiplicity", Some(6)),
            ("propertyUndefinedTerm", "/1/color", Some(9)),
            ("recursiveStructureNarrow", "/1/@id", Some(8)),
        ]
    );
    assert_eq!(
        error.diagnostics[0].element.as_ref().unwrap().as_str(),
        "dtmi:com:example:A:_contents:__1st;1"
    );
}

#[test]
fn values_bytes_and_text_give_the_same_model() {
    let value: Value = serde_json::from_str(PLANT).unwrap();
    assert_eq!(Parser::new().parse([&value]).unwrap().len(), 3);
    assert_eq!(Parser::new().parse([value]).unwrap().len(), 3);
    assert_eq!(Parser::new().parse([PLANT.as_bytes()]).unwrap().len(), 3);
    let with_mark = format!("\u{feff}{PLANT}");
    assert_eq!(Parser::new().parse([with_mark]).unwrap().len(), 3);
    let error = Parser::new().parse([&b"\xff{}"[..]]).unwrap_err();
    assert_eq!(error.diagnostics[0].code, dtdl::Code::InvalidJson);
    let error = Parser::new().parse([json!({ "@id": 1 })]).unwrap_err();
    assert_eq!(error.diagnostics[0].location.line, None);
    assert!(Parser::new().parse(Vec::<String>::new()).unwrap().is_empty());
}

#[test]
fn models_are_shared_between_threads() {
    fn is_shareable<T: Send + Sync + Clone + 'static>(_: &T) {}
    let model = plant();
    let pump = model.interface("dtmi:com:example:Pump;1").unwrap();
    is_shareable(&model);
    is_shareable(&pump);
    is_shareable(&Parser::new());
    drop(model);
    // An element keeps its model alive.
    assert_eq!(
        std::thread::spawn(move || pump.contents().count())
            .join()
            .unwrap(),
        6
    );
}
