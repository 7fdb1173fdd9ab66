//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p twin-query --test error_texts` rewrites the listing.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};

use twin_query::{MAX_DEPTH, Parameter, ValueError, digitaltwins, iothub};

const DIGITALTWINS_SYNTAX: &[&str] = &[
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

const IOTHUB_SYNTAX: &[&str] = &[
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
    "SELECT * FROM devices WHERE STARTS_WITH(a, 'x')",
    "SELECT * FROM devices WHERE tags.group = 'x'",
    "SELECT * FROM devices WHERE a = '\\q'",
    "SELECT * FROM devices WHERE a = '\\uD83D'",
    "SELECT * FROM devices WHERE a = \"x'",
    "SELECT * FROM devices WHERE a = 0xFFFFFFFFFFFFFFFF",
    "SELECT * FROM devices WHERE a = 0xG",
    "SELECT * FROM devices; DROP",
];

const DIGITALTWINS_RULES: &[&str] = &[
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
    "SELECT b FROM DIGITALTWINS MATCH (a)-[]->(b)",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[*11]->(b) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[*..11]->(b) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[*0]->(b) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[*5..3]->(b) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[r*2]->(b) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[r*1]->(b)-[r]->(c) WHERE a.$dtId = 'x'",
    "SELECT b FROM DIGITALTWINS MATCH (a)-[a]->(b) WHERE a.$dtId = 'x'",
    "SELECT c FROM DIGITALTWINS MATCH (a)-[]->(b) WHERE a.$dtId = 'x'",
];

const IOTHUB_RULES: &[&str] = &[
    "SELECT deviceId FROM devices.jobs",
    "SELECT COUNT() FROM devices.jobs",
    "SELECT * FROM devices.jobs GROUP BY status",
    "SELECT * FROM devices.jobs WHERE tags.floor = 3",
    "SELECT * FROM devices GROUP BY tags.floor",
    "SELECT deviceId, COUNT() FROM devices",
    "SELECT deviceId FROM devices GROUP BY tags.floor",
    "SELECT * FROM devices WHERE devices.jobs.status = 'failed'",
    "SELECT * FROM devices.jobs WHERE devices.deviceId = 'a'",
    "SELECT * FROM devices WHERE IS_DEFINED()",
    "SELECT * FROM devices WHERE STARTSWITH(a) AND CONCAT(a, b, c) = 'x'",
    "SELECT * FROM devices WHERE SUBSTRING(a, 1, 2, 3) = 'x'",
    "SELECT * FROM devices WHERE CONCAT(a) = 'x'",
];

/// The error texts collected so far, and the error variants they come from.
#[derive(Default)]
struct Report {
    texts: String,
    variants: BTreeSet<String>,
}

impl Report {
    fn section(&mut self, title: &str) {
        let _ = writeln!(self.texts, "{title}");
    }

    fn digitaltwins<T: Debug>(&mut self, input: &str, result: Result<T, digitaltwins::Error>) {
        let error = result.expect_err(input);
        match &error {
            digitaltwins::Error::Parse(error) => self.variant("ParseErrorKind", error.kind()),
            digitaltwins::Error::Value(error) => self.value_error(error),
            digitaltwins::Error::Invalid(error) => self.variant("digitaltwins::ValidationError", error),
            other => panic!("{other:?}"),
        }
        self.text(input, &error.to_string());
    }

    fn iothub<T: Debug>(&mut self, input: &str, result: Result<T, iothub::Error>) {
        let error = result.expect_err(input);
        match &error {
            iothub::Error::Parse(error) => self.variant("ParseErrorKind", error.kind()),
            iothub::Error::Value(error) => self.value_error(error),
            iothub::Error::Invalid(error) => self.variant("iothub::ValidationError", error),
            other => panic!("{other:?}"),
        }
        self.text(input, &error.to_string());
    }

    fn value_error(&mut self, error: &ValueError) {
        match error {
            ValueError::Name(name) => {
                self.variant("ValueError", error);
                self.variant("NameError", name);
            }
            other => self.variant("ValueError", other),
        }
    }

    fn variant(&mut self, error_type: &str, error: &impl Debug) {
        let printed = format!("{error:?}");
        let name = printed
            .split(|character: char| !character.is_alphanumeric())
            .next();
        self.variants.insert(format!("{error_type}::{}", name.unwrap()));
    }

    /// Adds a text with the input that causes it, truncated if it is long.
    fn text(&mut self, input: &str, text: &str) {
        const MAX_CHARACTERS: usize = 160;
        let mut shown: String = input.chars().take(MAX_CHARACTERS).collect();
        if shown.len() < input.len() {
            shown.push('…');
        }
        let shown = shown.replace('\n', "\\n");
        let _ = writeln!(self.texts, "    {text}\n        `{shown}`");
    }
}

/// Reports the errors of builder calls, with the source of the call as the input.
macro_rules! report_builders {
    ($report:ident.$language:ident: $($builder:expr,)*) => {
        $({
            // `stringify!` may break lines.
            let input: Vec<&str> = stringify!($builder).split_whitespace().collect();
            $report.$language(&input.join(" "), $builder.build());
        })*
    };
}

fn report() -> Report {
    let mut report = Report::default();
    report_syntax(&mut report);
    report_rules(&mut report);
    report_placeholders(&mut report);
    report_digitaltwins_builders(&mut report);
    report_iothub_builders(&mut report);
    report
}

fn report_syntax(report: &mut Report) {
    let nested = "(".repeat(MAX_DEPTH + 1);
    report.section("Digital Twins: syntax");
    for text in DIGITALTWINS_SYNTAX {
        report.digitaltwins(text, digitaltwins::parse_and_validate(text));
    }
    let text = format!("SELECT * FROM DIGITALTWINS WHERE {nested}a = 1");
    report.digitaltwins(&text, digitaltwins::parse_and_validate(&text));

    report.section("IoT Hub: syntax");
    for text in IOTHUB_SYNTAX {
        report.iothub(text, iothub::parse_and_validate(text));
    }
    let text = format!("SELECT * FROM devices WHERE {nested}");
    report.iothub(&text, iothub::parse_and_validate(&text));
}

fn report_rules(report: &mut Report) {
    report.section("Digital Twins: rules and limits");
    let alternatives: Vec<_> = (0..52).map(|n| format!("a = {n}")).collect();
    let long = [
        alternatives.join(" OR "),
        format!("a IN [{}]", ["1"; 101].join(", ")),
        format!("a = '{}'", "x".repeat(digitaltwins::MAX_QUERY_LENGTH)),
    ];
    let long = long.map(|condition| format!("SELECT * FROM DIGITALTWINS WHERE {condition}"));
    for text in DIGITALTWINS_RULES
        .iter()
        .copied()
        .chain(long.iter().map(String::as_str))
    {
        report.digitaltwins(text, digitaltwins::parse_and_validate(text));
    }

    report.section("IoT Hub: rules and limits");
    for text in IOTHUB_RULES {
        report.iothub(text, iothub::parse_and_validate(text));
    }
    let text = format!(
        "SELECT * FROM devices WHERE a = '{}'",
        "x".repeat(iothub::MAX_QUERY_LENGTH)
    );
    report.iothub(&text, iothub::parse_and_validate(&text));
}

fn report_placeholders(report: &mut Report) {
    report.section("Placeholders");
    let equal = "SELECT * FROM DIGITALTWINS WHERE a = @x";
    let cases: [(&str, &str, Option<Parameter>); 7] = [
        (equal, "no value", None),
        (equal, "x = [1]", Some(vec![1].into())),
        (
            "SELECT * FROM DIGITALTWINS WHERE STARTSWITH(a, @x)",
            "x = 1",
            Some(1.into()),
        ),
        (
            "SELECT * FROM DIGITALTWINS WHERE a IN @x",
            "x = 1",
            Some(1.into()),
        ),
        (
            "SELECT * FROM @x",
            "x = 'DIGITALTWINS'",
            Some("DIGITALTWINS".into()),
        ),
        ("SELECT * FROM DIGITALTWINS", "x = 1", Some(1.into())),
        (equal, "x = infinity", Some(f64::INFINITY.into())),
    ];
    for (text, value, parameter) in cases {
        let parameters = parameter.map(|parameter| ("x", parameter));
        report.digitaltwins(
            &format!("{text} with {value}"),
            digitaltwins::bind(text, parameters),
        );
    }
}

fn report_digitaltwins_builders(report: &mut Report) {
    use digitaltwins::{Query, node, not, path};

    report.section("Digital Twins: builders");
    let all = Query::select_all;
    report_builders!(report.digitaltwins:
        all().filter(path("a").gt(f64::NAN)),
        all().filter(path("a").gt(u64::MAX)),
        all().filter(path("a").is_in::<&str>([])),
        all().filter(path("a..b").eq(1)),
        all().filter(path(["a\nb"]).eq(1)),
        all().from_twins("a]]b"),
        all().matching(node("")),
        all().join("A", "has"),
        Query::select_count().top(1),
        Query::select::<&str>([]),
        all().filter((0..=MAX_DEPTH).fold(path("a").eq(1), |filter, _| not(filter))),
    );
}

fn report_iothub_builders(report: &mut Report) {
    use iothub::{Query, not, path};

    report.section("IoT Hub: builders");
    report_builders!(report.iothub:
        Query::select::<&str>([]),
        Query::select(["a"]).from_jobs(),
        Query::select(["a"]).group_by([""]),
        Query::select_all().filter((0..=MAX_DEPTH).fold(path("a").eq(1), |filter, _| not(filter))),
    );
}

#[test]
fn error_texts_match_the_listing() {
    let text = report().texts;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text, committed,
        "if the change is intended, run with UPDATE_ERROR_TEXTS=1 and review the listing"
    );
}

#[test]
fn the_listing_covers_every_error_variant() {
    let declared: BTreeSet<_> = [
        (
            "ParseErrorKind",
            "ParseErrorKind",
            include_str!("../src/error.rs"),
        ),
        ("NameError", "NameError", include_str!("../src/name.rs")),
        ("ValueError", "ValueError", include_str!("../src/value.rs")),
        (
            "digitaltwins::ValidationError",
            "ValidationError",
            include_str!("../src/digitaltwins/error.rs"),
        ),
        (
            "iothub::ValidationError",
            "ValidationError",
            include_str!("../src/iothub/error.rs"),
        ),
    ]
    .into_iter()
    .flat_map(|(path, name, source)| {
        declared_variants(name, source).map(move |variant| format!("{path}::{variant}"))
    })
    .collect();
    assert_eq!(report().variants, declared);
}

/// Returns the variants of an enum, read from its source: rustfmt indents them by four spaces.
fn declared_variants<'s>(name: &str, source: &'s str) -> impl Iterator<Item = &'s str> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|character: char| character.is_ascii_uppercase()))
        .filter_map(|line| line.split(|character: char| !character.is_alphanumeric()).next())
}

#[test]
fn positions_count_lines_characters_and_bytes() {
    let error = digitaltwins::parse("SELECT *\r\nFROM DIGITALTWINS WHERE a = 'é☃' b").unwrap_err();
    assert_eq!((error.line(), error.column(), error.found()), (2, 34, Some("b")));
    assert_eq!(
        error.offset(),
        "SELECT *\r\nFROM DIGITALTWINS WHERE a = 'é☃' ".len()
    );
    let error = digitaltwins::parse("SELECT *\n").unwrap_err();
    assert_eq!((error.line(), error.column(), error.found()), (2, 1, None));
}
