//! DTDL version 2.

use super::kind::{COMPLEX, CONTENT, ElementKind as K, PRIMITIVE, SCHEMA};
use super::language::{
    Class, Control, Limit, Pattern, Property, Target, Unknown, Value, Version, boolean, element, integer,
    localized, name, string,
};

pub(super) const VERSION: Version = Version {
    number: 2,
    id_max: 2048,
    unknown: Unknown { lenient: true },
    restricts_keywords: false,
    allows_unknown_extensions: true,
    has_limit_contexts: false,
    classes: CLASSES,
    primitives: &[PRIMITIVES],
    controls: CONTROLS,
    partition_max: None,
    other_terms: &[
        ("languageMajorVersion", "dtmi:dtdl:property:languageMajorVersion"),
        ("CommandType", "dtmi:dtdl:class:CommandType"),
        ("Unit", "dtmi:dtdl:class:Unit"),
        ("SemanticType", "dtmi:dtdl:class:SemanticType"),
        ("baseUnit", "dtmi:dtdl:property:baseUnit"),
        ("bottomUnit", "dtmi:dtdl:property:bottomUnit"),
        ("exponent", "dtmi:dtdl:property:exponent"),
        ("prefix", "dtmi:dtdl:property:prefix"),
        ("symbol", "dtmi:dtdl:property:symbol"),
        ("topUnit", "dtmi:dtdl:property:topUnit"),
        ("unit", "dtmi:dtdl:property:unit"),
    ],
};

const COMMON: &[Property] = &[
    string("comment", Limit::of(512)),
    localized("description", Limit::of(512)),
    localized("displayName", Limit::of(64)),
];
const NAMED: &[Property] = &[name(64)];
const DATA: &[Property] = &[element("schema", Target::one("Schema", COMPLEX, SCHEMA))];

const CLASSES: &[Class] = &[
    Class::new(
        K::Interface,
        COMMON,
        &[&[
            element("contents", Target::many("Content", CONTENT).named()),
            element(
                "extends",
                Target::many("Interface", &[K::Interface]).at_most(2).identified(),
            ),
            element(
                "schemas",
                Target::many("ComplexSchema", COMPLEX).identified().same_version(),
            ),
        ]],
    )
    .id_max(128),
    Class::new(K::Telemetry, COMMON, &[NAMED, DATA]),
    Class::new(K::Property, COMMON, &[NAMED, DATA, &[boolean("writable")]]),
    Class::new(
        K::Command,
        COMMON,
        &[
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
    ),
    Class::new(K::CommandPayload, COMMON, &[NAMED, DATA]),
    Class::new(
        K::Relationship,
        COMMON,
        &[
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
    ),
    Class::new(
        K::Component,
        COMMON,
        &[
            NAMED,
            &[element(
                "schema",
                Target::one("Interface", &[K::Interface], &[K::Interface]).identified(),
            )],
        ],
    ),
    Class::new(
        K::Array,
        COMMON,
        &[&[element("elementSchema", Target::one("Schema", COMPLEX, SCHEMA))]],
    ),
    Class::new(
        K::Enum,
        COMMON,
        &[&[
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
        ]],
    ),
    Class::new(
        K::EnumValue,
        COMMON,
        &[
            NAMED,
            &[Property {
                name: "enumValue",
                required: true,
                value: Value::Literal,
            }],
        ],
    ),
    Class::new(
        K::Map,
        COMMON,
        &[&[
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
        ]],
    ),
    Class::new(
        K::MapKey,
        COMMON,
        &[
            NAMED,
            &[element(
                "schema",
                Target::one("PrimitiveSchema", &[], PRIMITIVE).only(&["string"]),
            )],
        ],
    ),
    Class::new(K::MapValue, COMMON, &[NAMED, DATA]),
    Class::new(
        K::Object,
        COMMON,
        &[&[element(
            "fields",
            Target::many("Field", &[K::Field])
                .named()
                .inferred()
                .same_version()
                .at_least(1)
                .at_most(30),
        )]],
    ),
    Class::new(K::Field, COMMON, &[NAMED, DATA]),
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
