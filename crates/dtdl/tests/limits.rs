//! Limits that take a large model to reach, and models that are large in nasty ways.

#![cfg(test)]

use dtdl::{Code, Document, Dtmi, Parser};

fn codes(parser: &Parser, documents: &[String]) -> Vec<Code> {
    match parser.parse(documents) {
        Ok(_) => Vec::new(),
        Err(error) => error
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code)
            .collect(),
    }
}

fn interface(version: u8, name: &str, members: &str) -> String {
    format!(
        r#"{{"@context": "dtmi:dtdl:context;{version}", "@id": "dtmi:com:example:{name};1", "@type": "Interface"{members}}}"#
    )
}

/// Interfaces that each extend the next.
fn chain(version: u8, length: usize) -> Vec<String> {
    let link = |number: usize| {
        if number + 1 == length {
            interface(version, &format!("Link{number}"), "")
        } else {
            let next = format!(r#", "extends": "dtmi:com:example:Link{};1""#, number + 1);
            interface(version, &format!("Link{number}"), &next)
        }
    };
    (0..length).map(link).collect()
}

/// ADT-DTDL-14.
#[test]
fn extends_has_a_depth() {
    let parser = Parser::new();
    for (version, depth) in [(2, 10), (3, 10), (4, 12)] {
        assert_eq!(codes(&parser, &chain(version, depth + 1)), []);
        assert_eq!(
            codes(&parser, &chain(version, depth + 2)),
            [Code::ExcessiveDepthNarrow]
        );
    }
}

/// ADT-DTDL-14.
#[test]
fn extends_reaches_so_many() {
    let parser = Parser::new();
    for (version, count, expected) in [(3, 1024, vec![]), (3, 1025, vec![Code::ExcessiveCount])] {
        let ids: Vec<String> = (0..count)
            .map(|n| format!(r#""dtmi:com:example:Base{n};1""#))
            .collect();
        let mut documents: Vec<String> = (0..count)
            .map(|n| interface(version, &format!("Base{n}"), ""))
            .collect();
        documents.push(interface(
            version,
            "Top",
            &format!(r#", "extends": [{}]"#, ids.join(",")),
        ));
        assert_eq!(codes(&parser, &documents), expected);
    }
}

/// ADT-DTDL-3.
#[test]
fn identifiers_have_a_length() {
    let long = format!("dtmi:com:example:{};1", "a".repeat(2049));
    let parser = Parser::new();
    let itself = format!(r#"{{"@context": "dtmi:dtdl:context;3", "@id": "{long}", "@type": "Interface"}}"#);
    assert_eq!(codes(&parser, &[itself]), [Code::IdTooLong]);
    let contents =
        format!(r#", "contents": [{{"@type": "Relationship", "name": "feeds", "target": "{long}"}}]"#);
    assert_eq!(
        codes(&parser, &[interface(3, "Pump", &contents)]),
        [Code::IdentifierTooLong]
    );
}

/// ADT-DTDL-15.
#[test]
fn an_interface_has_a_size() {
    let text = r#"{"@type": "Telemetry", "name": "NAME", "comment": "COMMENT", "schema": "double"}"#;
    let contents: Vec<String> = (0..2200)
        .map(|n| {
            text.replace("NAME", &format!("t{n}"))
                .replace("COMMENT", &"x".repeat(480))
        })
        .collect();
    let contents = format!(r#", "contents": [{}]"#, contents.join(","));
    assert_eq!(
        codes(&Parser::new(), &[interface(3, "Pump", &contents)]),
        [Code::PartitionTooLarge]
    );
}

/// ADT-DTDL-13.
#[test]
fn contents_have_a_number_in_version_2() {
    let contents = |prefix: &str, count: usize| {
        let items: Vec<String> = (0..count)
            .map(|n| format!(r#"{{"@type": "Telemetry", "name": "{prefix}{n}", "schema": "double"}}"#))
            .collect();
        format!(r#", "contents": [{}]"#, items.join(","))
    };
    let parser = Parser::new();
    let extends = r#", "extends": "dtmi:com:example:Base;1""#;
    for (count, expected) in [(150, vec![]), (151, vec![Code::ObjectCountAboveMax])] {
        let documents = [
            interface(2, "Base", &contents("a", 150)),
            interface(2, "Pump", &format!("{extends}{}", contents("b", count))),
        ];
        assert_eq!(codes(&parser, &documents), expected);
    }
}

#[test]
fn limits_of_an_extension() {
    let text = |context: &str| {
        format!(
            r#"{{"@context": [{context}], "@id": "dtmi:com:example:Camera;1", "@type": "Interface", "description": "{}"}}"#,
            "x".repeat(3000)
        )
    };
    let parser = Parser::new().limits(["dtmi:dtdl:limits:onvif;1", "dtmi:dtdl:limits:aio"]);
    let onvif = r#""dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:onvif;1""#;
    let aio = r#""dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:aio;1""#;
    assert_eq!(codes(&parser, &[text(onvif)]), []);
    assert_eq!(codes(&parser, &[text(aio)]), [Code::LangStringValueTooLong]);
    assert_eq!(
        codes(&parser, &[text(r#""dtmi:dtdl:context;4""#)]),
        [Code::LangStringValueTooLong]
    );
}

/// Nothing in the parser goes as deep as its input: no stack runs out.
#[test]
fn deep_and_long_models() {
    let parser = Parser::new();
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"contents":"#, "}]")] {
        for depth in [100, 10_000, 200_000] {
            let text = open.repeat(depth) + "1" + &close.repeat(depth);
            assert!(parser.parse([&text]).is_err());
            assert!(parser.parse([&open.repeat(depth)]).is_err());
        }
    }
    let mut nested = r#""double""#.to_owned();
    for _ in 0..60 {
        nested = format!(r#"{{"@type": "Array", "elementSchema": {nested}}}"#);
    }
    let contents = format!(r#", "contents": [{{"@type": "Telemetry", "name": "flow", "schema": {nested}}}]"#);
    assert!(codes(&parser, &[interface(3, "Pump", &contents)]).contains(&Code::ExcessiveDepthWide));

    let found = codes(&parser, &chain(3, 5000));
    assert!(found.contains(&Code::ExcessiveDepthNarrow));
    let mut circle = chain(3, 3000);
    let last = circle.len() - 1;
    circle[last] = interface(
        3,
        &format!("Link{last}"),
        r#", "extends": "dtmi:com:example:Link0;1""#,
    );
    assert!(codes(&parser, &circle).contains(&Code::RecursiveStructureNarrow));
}

/// Every Interface extends the two before it: the number of ways up doubles with each.
#[test]
fn many_ways_to_one_ancestor() {
    let documents: Vec<String> = (0..300)
        .map(|n: usize| {
            let bases: Vec<String> = (n.saturating_sub(2)..n)
                .map(|base| format!(r#""dtmi:com:example:Part{base};1""#))
                .collect();
            interface(
                3,
                &format!("Part{n}"),
                &format!(r#", "extends": [{}]"#, bases.join(",")),
            )
        })
        .collect();
    let found = codes(&Parser::new(), &documents);
    assert!(found.contains(&Code::ExcessiveDepthNarrow) && found.contains(&Code::ExcessiveCount));
}

/// A resolver that never ends is the caller's to stop; one that repeats itself is not asked again.
#[test]
fn a_resolver_is_asked_once_for_each() {
    let mut asked: Vec<Dtmi> = Vec::new();
    let resolver = |missing: &[Dtmi]| {
        asked.extend(missing.iter().cloned());
        vec![Document::from(interface(3, "Other", ""))]
    };
    let error = Parser::new()
        .parse_with(
            [interface(
                3,
                "Pump",
                r#", "extends": ["dtmi:com:example:A;1", "dtmi:com:example:B;1"]"#,
            )],
            resolver,
        )
        .unwrap_err();
    assert_eq!(error.unresolved_ids().len(), 2);
    assert_eq!(asked.len(), 2);
}

#[test]
fn no_more_diagnostics_than_wanted() {
    let text = format!("[{}]", vec!["1"; 5000].join(","));
    let found = codes(&Parser::new().max_diagnostics(100), &[text]);
    assert_eq!(found.len(), 100);
}
