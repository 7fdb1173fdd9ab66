//! DTDL version 4.

use super::kind::{COMPLEX, CONTENT, PRIMITIVE, SCHEMA};
use super::{
    Class, Control, ElementKind as K, Limit, Pattern, Property, Target, Unknown, Value, Version, boolean,
    element, integer, localized, name, text,
};

pub(super) static VERSION: Version = Version {
    number: 4,
    id_max: 2048,
    unknown: Unknown { lenient: false },
    restricts_keywords: true,
    allows_unknown_extensions: false,
    has_limit_contexts: true,
    classes: CLASSES,
    primitives: PRIMITIVES,
    controls: CONTROLS,
    partition_max: Some(1 << 20),
    other_terms: &[
        (
            "languageMajorVersion",
            "dtmi:dtdl:property:languageMajorVersion;4",
        ),
        ("AdjunctType", "dtmi:dtdl:class:AdjunctType;4"),
        ("Alias", "dtmi:dtdl:class:Alias;4"),
        ("aliasFor", "dtmi:dtdl:property:aliasFor;4"),
        ("CommandPayload", "dtmi:dtdl:class:CommandPayload;4"),
        ("CommandType", "dtmi:dtdl:class:CommandType;4"),
        ("SemanticType", "dtmi:dtdl:class:SemanticType;4"),
    ],
};

const COMMON: &[Property] = &[
    text("comment", Limit::of(512)),
    localized("description", Limit::of(512).or(4096, 2048)),
    localized("displayName", Limit::of(512)),
];
const NAMED: &[Property] = &[name(512)];
const DATA: &[Property] = &[element("schema", Target::one("Schema", COMPLEX, SCHEMA))];
const NULLABLE: &[Property] = &[boolean("nullable")];

const CLASSES: &[Class] = &[
    Class {
        kind: K::Interface,
        id_max: Some(128),
        properties: &[
            COMMON,
            &[
                element("contents", Target::many("Content", CONTENT).named()),
                element("extends", Target::many("Interface", &[K::Interface]).identified()),
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
                    Target::one("CommandRequest", &[K::CommandRequest], &[K::CommandRequest])
                        .optional()
                        .inferred()
                        .same_version(),
                ),
                element(
                    "response",
                    Target::one("CommandResponse", &[K::CommandResponse], &[K::CommandResponse])
                        .optional()
                        .inferred()
                        .same_version(),
                ),
            ],
        ],
    },
    Class {
        kind: K::CommandRequest,
        id_max: None,
        properties: &[COMMON, NAMED, DATA, NULLABLE],
    },
    Class {
        kind: K::CommandResponse,
        id_max: None,
        properties: &[COMMON, NAMED, DATA, NULLABLE],
    },
    Class {
        kind: K::Relationship,
        id_max: None,
        properties: &[
            COMMON,
            NAMED,
            &[
                integer("maxMultiplicity", Some(1), None),
                integer("minMultiplicity", Some(0), Some(0)),
                element("properties", Target::many("Property", &[K::Property]).named()),
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
                    .same_version(),
            )],
        ],
    },
    Class {
        kind: K::Field,
        id_max: None,
        properties: &[COMMON, NAMED, DATA],
    },
];

const PRIMITIVES: &[(&str, K)] = &[
    ("boolean", K::Boolean),
    ("byte", K::Byte),
    ("bytes", K::Bytes),
    ("date", K::Date),
    ("dateTime", K::DateTime),
    ("decimal", K::Decimal),
    ("double", K::Double),
    ("duration", K::Duration),
    ("float", K::Float),
    ("integer", K::Integer),
    ("long", K::Long),
    ("short", K::Short),
    ("string", K::String),
    ("time", K::Time),
    ("unsignedByte", K::UnsignedByte),
    ("unsignedInteger", K::UnsignedInteger),
    ("unsignedLong", K::UnsignedLong),
    ("unsignedShort", K::UnsignedShort),
    ("uuid", K::Uuid),
];

const CONTROLS: &[Control] = &[
    Control::Depth {
        hops: &["elementSchema", "schema"],
        max: Limit::of(8).or(24, 12),
        may_recur: true,
    },
    Control::Extends {
        depth: Limit::of(12),
        count: Some(Limit::of(1024)),
    },
    Control::Count {
        through: super::v3::COUNTED,
        max: Limit::of(100_000),
    },
    Control::Exclude {
        root: K::Component,
        via: &["schema", "contents"],
        kind: K::Component,
        narrow: true,
    },
];
