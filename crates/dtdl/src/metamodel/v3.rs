//! DTDL version 3.

use super::kind::{COMPLEX, CONTENT, ElementKind as K, PRIMITIVE, SCHEMA};
use super::language::{
    Class, Control, Limit, Pattern, Property, Target, Unknown, Value, Version, boolean, element, integer,
    localized, name, string,
};
use super::v2;

pub(super) const VERSION: Version = Version {
    number: 3,
    id_max: 2048,
    unknown: Unknown { lenient: false },
    restricts_keywords: true,
    allows_unknown_extensions: false,
    has_limit_contexts: false,
    classes: &CLASSES,
    primitives: &[v2::PRIMITIVES],
    controls: CONTROLS,
    partition_max: Some(1 << 20),
    other_terms: &[
        ("languageMajorVersion", "dtmi:dtdl:property:languageMajorVersion"),
        ("AdjunctType", "dtmi:dtdl:class:AdjunctType"),
        ("Alias", "dtmi:dtdl:class:Alias"),
        ("aliasFor", "dtmi:dtdl:property:aliasFor"),
        ("CommandPayload", "dtmi:dtdl:class:CommandPayload"),
        ("CommandType", "dtmi:dtdl:class:CommandType"),
        ("SemanticType", "dtmi:dtdl:class:SemanticType"),
    ],
};

const COMMON: &[Property] = &[
    string("comment", Limit::of(512)),
    localized("description", Limit::of(512)),
    localized("displayName", Limit::of(512)),
];
pub(super) const NAMED: &[Property] = &[name(512)];
pub(super) const DATA: &[Property] = &[element("schema", Target::one("Schema", COMPLEX, SCHEMA))];

pub(super) const CLASSES: [Class; 16] = [
    Class::new(
        K::Interface,
        COMMON,
        &[&[
            element("contents", Target::many("Content", CONTENT).named()),
            element("extends", Target::many("Interface", &[K::Interface]).identified()),
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
    ),
    Class::new(K::CommandRequest, COMMON, &[NAMED, DATA]),
    Class::new(K::CommandResponse, COMMON, &[NAMED, DATA]),
    Class::new(
        K::Relationship,
        COMMON,
        &[
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
                .same_version(),
        )]],
    ),
    Class::new(K::Field, COMMON, &[NAMED, DATA]),
];

const CONTROLS: &[Control] = &[
    Control::Depth {
        hops: SCHEMA_HOPS,
        max: Limit::of(5),
        may_recur: false,
    },
    Control::Extends {
        depth: Limit::of(10),
        count: Some(MAX_ANCESTORS),
    },
    COUNT,
    NO_NESTED_COMPONENT,
];

pub(super) const SCHEMA_HOPS: &[&str] = &["elementSchema", "schema"];

pub(super) const MAX_ANCESTORS: Limit = Limit::of(1024);

/// The maximum number of elements of an Interface.
pub(super) const COUNT: Control = Control::Count {
    through: &[
        "contents",
        "fields",
        "enumValues",
        "request",
        "response",
        "properties",
        "schema",
        "elementSchema",
        "mapValue",
    ],
    max: Limit::of(100_000),
};

pub(super) const NO_NESTED_COMPONENT: Control = Control::Exclude {
    root: K::Component,
    via: &["schema", "contents"],
    kind: K::Component,
    narrow: true,
};
