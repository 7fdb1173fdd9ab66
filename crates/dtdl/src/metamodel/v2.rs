//! DTDL version 2.

use super::kind::{COMPLEX, CONTENT, PRIMITIVE, SCHEMA};
use super::{
    Class, Control, ElementKind as K, Limit, Pattern, Property, Target, Unknown, Value, Version, boolean,
    element, integer, localized, name, text,
};

pub(super) static VERSION: Version = Version {
    number: 2,
    id_max: 2048,
    unknown: Unknown { lenient: true },
    restricts_keywords: false,
    allows_unknown_extensions: true,
    has_limit_contexts: false,
    classes: CLASSES,
    primitives: PRIMITIVES,
    controls: CONTROLS,
    partition_max: None,
    other_terms: &[
        (
            "languageMajorVersion",
            "dtmi:dtdl:property:languageMajorVersion;2",
        ),
        ("CommandType", "dtmi:dtdl:class:CommandType;2"),
        ("Unit", "dtmi:dtdl:class:Unit;2"),
        ("SemanticType", "dtmi:dtdl:class:SemanticType;2"),
        ("baseUnit", "dtmi:dtdl:property:baseUnit;2"),
        ("bottomUnit", "dtmi:dtdl:property:bottomUnit;2"),
        ("exponent", "dtmi:dtdl:property:exponent;2"),
        ("prefix", "dtmi:dtdl:property:prefix;2"),
        ("symbol", "dtmi:dtdl:property:symbol;2"),
        ("topUnit", "dtmi:dtdl:property:topUnit;2"),
        ("unit", "dtmi:dtdl:property:unit;2"),
    ],
};

const COMMON: &[Property] = &[
    text("comment", Limit::of(512)),
    localized("description", Limit::of(512)),
    localized("displayName", Limit::of(64)),
];
const NAMED: &[Property] = &[name(64)];
const DATA: &[Property] = &[element("schema", Target::one("Schema", COMPLEX, SCHEMA))];

const CLASSES: &[Class] = &[
    Class {
        kind: K::Interface,
        id_max: Some(128),
        properties: &[
            COMMON,
            &[
                element("contents", Target::many("Content", CONTENT).named()),
                element(
                    "extends",
                    Target::many("Interface", &[K::Interface]).at_most(2).identified(),
                ),
                element(
                    "schemas",
                    Target::many("ComplexSchema", COMPLEX).identified().same_version(),
                ),
            ],
        ],
    },
    Class {
        kind: K::Telemetry,
        id_max: None,
        properties: &[COMMON, NAMED, DATA],
    },
    Class {
        kind: K::Property,
        id_max: None,
        properties: &[COMMON, NAMED, DATA, &[boolean("writable")]],
    },
    Class {
        kind: K::Command,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[
                element(
                    "commandType",
                    Target::one("CommandType", &[], &[K::CommandType]).optional(),
                ),
                element(
                    "request",
                    Target::one("CommandPayload", &[K::CommandPayload], &[K::CommandPayload])
                        .optional()
                        .inferred()
                        .same_version(),
                ),
                element(
                    "response",
                    Target::one("CommandPayload", &[K::CommandPayload], &[K::CommandPayload])
                        .optional()
                        .inferred()
                        .same_version(),
                ),
            ],
        ],
    },
    Class {
        kind: K::CommandPayload,
        id_max: None,
        properties: &[COMMON, NAMED, DATA],
    },
    Class {
        kind: K::Relationship,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[
                integer("maxMultiplicity", Some(1), Some(500)),
                integer("minMultiplicity", Some(0), Some(0)),
                element(
                    "properties",
                    Target::many("Property", &[K::Property]).named().at_most(300),
                ),
                Property {
                    name: "target",
                    required: false,
                    value: Value::Identifier {
                        max: 2048,
                        pattern: Some(Pattern::UserDtmi),
                    },
                },
                boolean("writable"),
            ],
        ],
    },
    Class {
        kind: K::Component,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[element(
                "schema",
                Target::one("Interface", &[K::Interface], &[K::Interface]),
            )],
        ],
    },
    Class {
        kind: K::Array,
        id_max: None,
        properties: &[
            COMMON,
            &[element("elementSchema", Target::one("Schema", COMPLEX, SCHEMA))],
        ],
    },
    Class {
        kind: K::Enum,
        id_max: None,
        properties: &[
            COMMON,
            &[
                element(
                    "enumValues",
                    Target::many("EnumValue", &[K::EnumValue])
                        .named()
                        .inferred()
                        .same_version()
                        .at_least(1)
                        .at_most(100)
                        .unique(&["name", "enumValue"]),
                ),
                element(
                    "valueSchema",
                    Target::one("PrimitiveSchema", &[], PRIMITIVE).only(&["integer", "string"]),
                ),
            ],
        ],
    },
    Class {
        kind: K::EnumValue,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[Property {
                name: "enumValue",
                required: true,
                value: Value::Literal,
            }],
        ],
    },
    Class {
        kind: K::Map,
        id_max: None,
        properties: &[
            COMMON,
            &[
                element(
                    "mapKey",
                    Target::one("MapKey", &[K::MapKey], &[K::MapKey])
                        .inferred()
                        .same_version(),
                ),
                element(
                    "mapValue",
                    Target::one("MapValue", &[K::MapValue], &[K::MapValue])
                        .inferred()
                        .same_version(),
                ),
            ],
        ],
    },
    Class {
        kind: K::MapKey,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[element(
                "schema",
                Target::one("PrimitiveSchema", &[], PRIMITIVE).only(&["string"]),
            )],
        ],
    },
    Class {
        kind: K::MapValue,
        id_max: None,
        properties: &[COMMON, NAMED, DATA],
    },
    Class {
        kind: K::Object,
        id_max: None,
        properties: &[
            COMMON,
            &[element(
                "fields",
                Target::many("Field", &[K::Field])
                    .named()
                    .inferred()
                    .same_version()
                    .at_least(1)
                    .at_most(30),
            )],
        ],
    },
    Class {
        kind: K::Field,
        id_max: None,
        properties: &[COMMON, NAMED, DATA],
    },
];

pub(super) const PRIMITIVES: &[(&str, K)] = &[
    ("boolean", K::Boolean),
    ("date", K::Date),
    ("dateTime", K::DateTime),
    ("double", K::Double),
    ("duration", K::Duration),
    ("float", K::Float),
    ("integer", K::Integer),
    ("long", K::Long),
    ("string", K::String),
    ("time", K::Time),
];

const CONTROLS: &[Control] = &[
    Control::Depth {
        hops: &["elementSchema", "schema"],
        max: Limit::of(5),
        may_recur: false,
    },
    Control::Extends {
        depth: Limit::of(10),
        count: None,
    },
    Control::Contents { max: 300 },
    Control::Exclude {
        root: K::Component,
        via: &["schema", "contents"],
        kind: K::Component,
        narrow: true,
    },
    Control::Exclude {
        root: K::Property,
        via: &["schema"],
        kind: K::Array,
        narrow: false,
    },
];
