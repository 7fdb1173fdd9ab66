//! The errors, one line per text. Read the snapshots critically when they change: they are what users see.

use std::fmt::Write as _;

use twin_query::{MAX_DEPTH, ParseErrorKind, digitaltwins, iothub};

/// Each text with its error.
fn table(texts: &[&str], error: impl Fn(&str) -> String) -> String {
    texts.iter().fold(String::new(), |mut table, text| {
        let _ = writeln!(table, "{text}\n    {}", error(text));
        table
    })
}

#[test]
fn digitaltwins_syntax() {
    let texts = [
        "",
        " ",
        "foo",
        "SELECT",
        "SELECT *",
        "SELECT * FORM DIGITALTWINS",
        "SELECT * FROM twins",
        "SELECT *, T FROM DIGITALTWINS T",
        "SELECT COUNT(), T FROM DIGITALTWINS T",
        "SELECT COUNT() AS n FROM DIGITALTWINS",
        "SELECT COUNT(*) FROM DIGITALTWINS",
        "SELECT TOP 5 FROM DIGITALTWINS",
        "SELECT TOP(-5) FROM DIGITALTWINS",
        "SELECT TOP(99999999999999999999) FROM DIGITALTWINS",
        "SELECT T. FROM DIGITALTWINS T",
        "SELECT T.GROUP FROM DIGITALTWINS T",
        "SELECT T.1key FROM DIGITALTWINS T",
        "SELECT T AS FROM DIGITALTWINS T",
        "SELECT * FROM DIGITALTWINS T U",
        "SELECT * FROM DIGITALTWINS ORDER BY name",
        "SELECT * FROM DIGITALTWINS T JOIN RELATED T.has",
        "SELECT * FROM DIGITALTWINS T JOIN S RELATED T",
        "SELECT a FROM DIGITALTWINS MATCH a-[]->(b)",
        "SELECT a FROM DIGITALTWINS MATCH (a)-->(b)",
        "SELECT a FROM DIGITALTWINS MATCH (a)<-[]->(b)",
        "SELECT a FROM DIGITALTWINS MATCH (a)-[has]->(b",
        "SELECT a FROM DIGITALTWINS MATCH (a)-[:]->(b)",
        "SELECT a FROM DIGITALTWINS MATCH (a)-[*]->(b)",
        "SELECT a FROM DIGITALTWINS MATCH (a)-[*1..]->(b)",
        "SELECT * FROM DIGITALTWINS WHERE",
        "SELECT * FROM DIGITALTWINS WHERE a",
        "SELECT * FROM DIGITALTWINS WHERE a =",
        "SELECT * FROM DIGITALTWINS WHERE a <> 1",
        "SELECT * FROM DIGITALTWINS WHERE a = 1 AND",
        "SELECT * FROM DIGITALTWINS WHERE (a = 1",
        "SELECT * FROM DIGITALTWINS WHERE a = 1)",
        "SELECT * FROM DIGITALTWINS WHERE a IN []",
        "SELECT * FROM DIGITALTWINS WHERE a IN ['x',]",
        "SELECT * FROM DIGITALTWINS WHERE a IN ('x')",
        "SELECT * FROM DIGITALTWINS WHERE a = b + 1",
        "SELECT * FROM DIGITALTWINS WHERE a[0] = 1",
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL()",
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:a;1', precise)",
        "SELECT * FROM DIGITALTWINS WHERE IS_DEFINED('a')",
        "SELECT * FROM DIGITALTWINS WHERE STARTSWITH(a, 1)",
        "SELECT * FROM DIGITALTWINS WHERE LOWER(a) = 'x'",
        "SELECT * FROM DIGITALTWINS WHERE a = \"x\"",
        "SELECT * FROM DIGITALTWINS WHERE a = 'it's'",
        "SELECT * FROM DIGITALTWINS WHERE a = 'never closed, and a good deal longer than what is shown",
        "SELECT * FROM DIGITALTWINS WHERE a = 'C:\\temp'",
        "SELECT * FROM DIGITALTWINS WHERE [[a] = 1",
        "SELECT * FROM DIGITALTWINS WHERE [[]] = 1",
        "SELECT * FROM DIGITALTWINS WHERE a = 1e999",
        "SELECT * FROM DIGITALTWINS WHERE a = 0x1F",
        "SELECT * FROM DIGITALTWINS WHERE a = #",
        "SELECT * FROM DIGITALTWINS WHERE a = @x",
        "SELECT *\n  FROM DIGITALTWINS\n  WHERE büro = 1",
    ];
    let error =
        |text: &str| digitaltwins::parse(text).map_or_else(|error| error.to_string(), |_| "no error".into());
    insta::assert_snapshot!(table(&texts, error));
}

#[test]
fn iothub_syntax() {
    let texts = [
        "",
        "SELECT deviceId devices",
        "SELECT * FROM device",
        "SELECT * FROM devices.twins",
        "SELECT COUNT(x) FROM devices",
        "SELECT AVG() FROM devices",
        "SELECT LOWER(x) FROM devices",
        "SELECT TOP FROM devices WHERE TOP 5",
        "SELECT from FROM devices",
        "SELECT * FROM devices GROUP tags.x",
        "SELECT * FROM devices GROUP BY",
        "SELECT * FROM devices ORDER BY tags.x",
        "SELECT * FROM devices WHERE a = 1 = 2",
        "SELECT * FROM devices WHERE a = -b",
        "SELECT * FROM devices WHERE a LIKE 'x'",
        "SELECT * FROM devices WHERE a IN ('x')",
        "SELECT * FROM devices WHERE a = [1, b]",
        "SELECT * FROM devices WHERE NOT",
        "SELECT * FROM devices WHERE REVERSE(a) = 'x'",
        "SELECT * FROM devices WHERE a = '\\q'",
        "SELECT * FROM devices WHERE a = '\\uD83D'",
        "SELECT * FROM devices WHERE a = \"x'",
        "SELECT * FROM devices WHERE a = 0xFFFFFFFFFFFFFFFF",
        "SELECT * FROM devices WHERE a = 0xG",
        "SELECT * FROM devices; DROP",
    ];
    let error =
        |text: &str| iothub::parse(text).map_or_else(|error| error.to_string(), |_| "no error".into());
    insta::assert_snapshot!(table(&texts, error));
}

#[test]
fn digitaltwins_rules() {
    let alternatives = (0..52)
        .map(|n| format!("a = {n}"))
        .collect::<Vec<_>>()
        .join(" OR ");
    let alternatives = format!("SELECT * FROM DIGITALTWINS WHERE {alternatives}");
    let values = format!(
        "SELECT * FROM DIGITALTWINS WHERE a IN [{}]",
        ["1"; 101].join(", ")
    );
    let texts = [
        "SELECT * FROM DIGITALTWINS T JOIN S RELATED T.has WHERE T.$dtId = 't'",
        "SELECT S FROM RELATIONSHIPS T JOIN S RELATED T.has WHERE T.$dtId = 't'",
        "SELECT G FROM DIGITALTWINS A JOIN B RELATED A.r JOIN C RELATED B.r JOIN D RELATED C.r JOIN E RELATED D.r \
         JOIN F RELATED E.r JOIN G RELATED F.r WHERE A.$dtId = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE T.name = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE T.$dtId != 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE T.$dtId = 't' OR S.x = 1",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE NOT T.$dtId = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE T.$dtId = S.$dtId",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED X.has WHERE S.$dtId = 't'",
        "SELECT S FROM DIGITALTWINS JOIN S RELATED T.has WHERE S.$dtId = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has R JOIN U RELATED R.has WHERE S.$dtId = 't'",
        "SELECT T FROM DIGITALTWINS T JOIN T RELATED T.has WHERE T.$dtId = 't'",
        "SELECT name FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE $dtId = 't'",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId = 't' AND IS_OF_MODEL('dtmi:a;1')",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has R WHERE S.$dtId = 't' AND IS_OF_MODEL(R, 'dtmi:a;1')",
        "SELECT S FROM DIGITALTWINS T JOIN S RELATED T.has R WHERE S.$dtId = 't' AND IS_OF_MODEL(X, 'dtmi:a;1')",
        "SELECT * FROM RELATIONSHIPS WHERE IS_OF_MODEL('dtmi:a;1')",
        "SELECT * FROM RELATIONSHIPS R WHERE ARRAY_CONTAINS(R.tags, 'x')",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r]->(b) WHERE a.$dtId = 'x' AND ARRAY_CONTAINS(r.tags, 'x')",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r]->(b) WHERE a.$dtId = 'x' AND ARRAY_CONTAINS(b.tags, 'x')",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[]->(b)",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[*11]->(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[*..11]->(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[*0]->(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[*5..3]->(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r*2]->(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r*1]->(b)-[r]->(c) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[a]->(b) WHERE a.$dtId = 'x'",
        "SELECT c FROM DIGITALTWINS MATCH (a)-[]->(b) WHERE a.$dtId = 'x'",
        // A pattern may come back to a twin; a join may be fixed at its far end; a list of ids will do.
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r*1]->(b)-[]->(a) WHERE a.$dtId = 'x'",
        "SELECT T FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId IN ['x', 'y'] AND T.a = 1",
        "SELECT T FROM DIGITALTWINS T JOIN S RELATED T.has WHERE S.$dtId = 'x' OR 'y' = T.$dtId",
        &alternatives,
        &values,
    ];
    let error = |text: &str| {
        digitaltwins::parse_and_validate(text).map_or_else(|error| error.to_string(), |_| "no error".into())
    };
    insta::assert_snapshot!(table(&texts, error));
}

#[test]
fn iothub_rules() {
    let texts = [
        "SELECT deviceId FROM devices.jobs",
        "SELECT COUNT() FROM devices.jobs",
        "SELECT * FROM devices.jobs GROUP BY status",
        "SELECT * FROM devices.jobs WHERE tags.floor = 3",
        "SELECT * FROM devices.jobs WHERE devices.jobs.status = 'failed'",
        "SELECT * FROM devices GROUP BY tags.floor",
        "SELECT deviceId, COUNT() FROM devices",
        "SELECT deviceId FROM devices GROUP BY tags.floor",
        "SELECT devices.tags.floor, COUNT() FROM devices GROUP BY tags.floor",
        "SELECT * FROM devices WHERE devices.jobs.status = 'failed'",
        "SELECT * FROM devices.modules WHERE devices.deviceId = 'a'",
        "SELECT * FROM devices.modules WHERE devices.modules.deviceId = 'a' AND moduleId = 'b'",
        "SELECT * FROM devices WHERE IS_DEFINED()",
        "SELECT * FROM devices WHERE STARTSWITH(a) AND CONCAT(a, b, c) = 'x'",
        "SELECT * FROM devices WHERE SUBSTRING(a, 1, 2, 3) = 'x'",
    ];
    let error = |text: &str| {
        iothub::parse_and_validate(text).map_or_else(|error| error.to_string(), |_| "no error".into())
    };
    insta::assert_snapshot!(table(&texts, error));
}

#[test]
fn texts_have_a_greatest_length_in_characters() {
    let digitaltwins = |length: usize| {
        let frame = "SELECT * FROM DIGITALTWINS WHERE a = ''".len();
        digitaltwins::parse_and_validate(&format!(
            "SELECT * FROM DIGITALTWINS WHERE a = '{}'",
            "é".repeat(length - frame)
        ))
    };
    assert!(digitaltwins(8_000).is_ok());
    let too_long = digitaltwins::ValidationError::TextTooLong { length: 8_001 };
    assert_eq!(digitaltwins(8_001), Err(digitaltwins::Error::Invalid(too_long)));

    let iothub = |length: usize| {
        let frame = "SELECT * FROM devices WHERE a = ''".len();
        iothub::parse_and_validate(&format!(
            "SELECT * FROM devices WHERE a = '{}'",
            "é".repeat(length - frame)
        ))
    };
    assert!(iothub(8_192).is_ok());
    let too_long = iothub::ValidationError::TextTooLong { length: 8_193 };
    assert_eq!(iothub(8_193), Err(iothub::Error::Invalid(too_long)));
}

#[test]
fn places_count_lines_characters_and_bytes() {
    let error = digitaltwins::parse("SELECT *\r\nFROM DIGITALTWINS WHERE a = 'é☃' b").unwrap_err();
    assert_eq!((error.line(), error.column(), error.found()), (2, 34, Some("b")));
    assert_eq!(
        error.offset(),
        "SELECT *\r\nFROM DIGITALTWINS WHERE a = 'é☃' ".len()
    );
    let error = digitaltwins::parse("SELECT *\n").unwrap_err();
    assert_eq!((error.line(), error.column(), error.found()), (2, 1, None));
}

/// What nests in each language, as text before and after the innermost part.
const NESTING: [(&str, &str); 2] = [("(", ")"), ("NOT ", "")];

#[test]
fn deep_nesting_is_refused_long_before_the_stack_ends() {
    for (open, close) in NESTING {
        for (head, parse) in [
            ("SELECT * FROM DIGITALTWINS WHERE ", kind as fn(&str) -> _),
            ("SELECT * FROM devices WHERE ", iothub_kind),
        ] {
            let text = |depth: usize| format!("{head}{}a = 1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(parse(&text(MAX_DEPTH)), None);
            assert_eq!(parse(&text(MAX_DEPTH + 1)), Some(ParseErrorKind::TooDeep));
            assert_eq!(parse(&text(20_000)), Some(ParseErrorKind::TooDeep));
        }
    }
    let arrays = |depth: usize| {
        format!(
            "SELECT * FROM devices WHERE a = {}1{}",
            "[ ".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert_eq!(iothub_kind(&arrays(MAX_DEPTH)), None);
    assert_eq!(iothub_kind(&arrays(20_000)), Some(ParseErrorKind::TooDeep));
    let calls = |depth: usize| {
        format!(
            "SELECT * FROM devices WHERE {}a{}",
            "ABS(".repeat(depth),
            ")".repeat(depth)
        )
    };
    assert_eq!(iothub_kind(&calls(MAX_DEPTH)), None);
    assert_eq!(iothub_kind(&calls(MAX_DEPTH + 1)), Some(ParseErrorKind::TooDeep));
}

fn kind(text: &str) -> Option<ParseErrorKind> {
    digitaltwins::parse(text).err().map(|error| error.kind().clone())
}

fn iothub_kind(text: &str) -> Option<ParseErrorKind> {
    iothub::parse(text).err().map(|error| error.kind().clone())
}

#[test]
fn the_deepest_texts_fit_a_small_stack() {
    // Everything that adds levels to the tree between two levels that count.
    let level = "(x OR NOT x AND 1 + 2 * ";
    let depth = MAX_DEPTH - 1;
    let text = format!(
        "SELECT * FROM devices WHERE {}a{}",
        level.repeat(depth),
        ")".repeat(depth)
    );
    let parse = move || {
        let query = iothub::parse(&text).map_err(|error| error.to_string())?;
        let printed = query.to_string();
        let cloned = query.clone();
        let _ = query.validate();
        Ok::<_, String>(iothub::parse(&printed).as_ref() == Ok(&cloned))
    };
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(parse)
        .unwrap();
    assert_eq!(thread.join().unwrap(), Ok(true));
}

#[test]
fn long_chains_are_no_nesting() {
    let conditions = vec!["a = 1"; 20_000].join(" AND ");
    assert_eq!(
        kind(&format!("SELECT * FROM DIGITALTWINS WHERE {conditions}")),
        None
    );
    assert_eq!(
        iothub_kind(&format!("SELECT * FROM devices WHERE {conditions}")),
        None
    );
    let sum = vec!["1"; 20_000].join(" + ");
    assert_eq!(
        iothub_kind(&format!("SELECT * FROM devices WHERE a = {sum}")),
        None
    );
}

#[test]
fn trees_made_by_hand_are_checked() {
    use digitaltwins::{Condition, ValidationError};

    let mut query = digitaltwins::parse("SELECT * FROM DIGITALTWINS WHERE a = 1").unwrap();
    let inner = query.filter.clone().unwrap();
    let nested = |depth| (0..depth).fold(inner.clone(), |inner, _| Condition::Not(Box::new(inner)));
    query.filter = Some(nested(MAX_DEPTH));
    assert_eq!(query.validate(), Ok(()));
    assert_eq!(digitaltwins::parse(&query.to_string()).as_ref(), Ok(&query));
    query.filter = Some(nested(MAX_DEPTH + 1));
    assert_eq!(query.validate(), Err(ValidationError::TooDeep));
    query.filter = Some(Condition::And(vec![]));
    assert_eq!(query.validate(), Err(ValidationError::EmptyList));

    let mut query = iothub::parse("SELECT * FROM devices WHERE a = 1").unwrap();
    let inner = query.filter.clone().unwrap();
    let nested = |depth| (0..depth).fold(inner.clone(), |inner, _| iothub::Expression::Not(Box::new(inner)));
    query.filter = Some(nested(MAX_DEPTH));
    assert_eq!(query.validate(), Ok(()));
    query.filter = Some(nested(MAX_DEPTH + 1));
    assert_eq!(query.validate(), Err(iothub::ValidationError::TooDeep));
}
