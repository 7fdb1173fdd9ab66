//! Generators for the types that both languages share.

use proptest::collection::vec;
use proptest::prelude::*;
use twin_query::{Comparison, Literal, Name, Number, Path};

/// Generates identifiers, reserved words, clause keywords, system names, and names that need brackets.
pub(crate) fn name() -> impl Strategy<Value = Name> {
    let known = prop::sample::select(vec![
        "T",
        "deviceId",
        "$dtId",
        "$metadata",
        "GROUP",
        "order",
        "top",
        "Top",
        "join",
        "MATCH",
        "related",
        "in",
        "nin",
        "true",
        "undefined",
        "count",
        "contains",
        "exact",
        "devices",
        "modules",
        "1st floor",
        "a.b",
        "[x",
        "a]b",
        "$",
        "@p",
        "x'y",
        "\\",
        "é☃",
        "-",
        "DIGITALTWINS",
        "STARTSWITH",
    ]);
    let plain = "[A-Za-z_][A-Za-z0-9_]{0,4}";
    let arbitrary = "\\PC{1,6}";
    prop_oneof![known.prop_map(str::to_owned), plain, arbitrary]
        .prop_filter_map("not a name", |text| Name::new(text).ok())
}

pub(crate) fn path() -> impl Strategy<Value = Path> {
    (name(), vec(name(), 0..3)).prop_map(|(first, rest)| Path::new(first, rest))
}

pub(crate) fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|value| Literal::Number(value.into())),
        any::<f64>().prop_filter_map("not finite", |value| Number::from_f64(value).map(Literal::Number)),
        string().prop_map(Literal::String),
    ]
}

pub(crate) fn string() -> impl Strategy<Value = String> {
    prop_oneof!["['\\\\a\"]{0,5}", "\\PC{0,8}", any::<String>()]
}

pub(crate) fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ])
}

/// Generates one of the queries with up to five consecutive characters replaced by random text.
pub(crate) fn mutated(queries: Vec<String>) -> impl Strategy<Value = String> {
    let junk = prop_oneof![
        prop::sample::select(vec![
            "(", ")", "[[", "]]", "[", "'", "\"", "\\", "@x", "-", "*", "..", "NOT ", "é", "0x", "1e999",
            "\n"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ];
    (
        prop::sample::select(queries),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        junk,
    )
        .prop_map(|(text, start, length, junk)| {
            let characters: Vec<char> = text.chars().collect();
            let start = start.index(characters.len());
            let end = (start + length.index(6)).min(characters.len());
            let before = characters[..start].iter();
            before
                .copied()
                .chain(junk.chars())
                .chain(characters[end..].iter().copied())
                .collect()
        })
}
