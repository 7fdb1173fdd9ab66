//! The mqtt extension: Interfaces that communicate over MQTT.

use super::extension::{BLANK, Constraint, Extension, Type, adjunct};
use crate::metamodel::kind::ElementKind as K;
use crate::metamodel::language::{Pattern, Property, Value};

pub(super) const ALL: &[Extension] = &[
    Extension {
        context: "dtmi:dtdl:extension:mqtt",
        version: 1,
        dtdl: &[3],
        type_id: "dtmi:dtdl:extension:mqtt:v1:{}",
        property_id: "dtmi:dtdl:extension:mqtt:v1:{type}:{}",
        types: &[
            Type {
                properties: &[FORMAT, COMMANDS, TELEMETRY],
                ..adjunct("Mqtt", &[K::Interface])
            },
            IDEMPOTENT,
            CACHEABLE,
            INDEXED,
        ],
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:mqtt",
        version: 2,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:mqtt:v2:{}",
        property_id: "dtmi:dtdl:extension:mqtt:v2:{type}:{}",
        types: &[MQTT, IDEMPOTENT, CACHEABLE, INDEXED, TRANSPARENT],
        ..BLANK
    },
    Extension {
        context: "dtmi:dtdl:extension:mqtt",
        version: 3,
        dtdl: &[3, 4],
        type_id: "dtmi:dtdl:extension:mqtt:v3:{}",
        property_id: "dtmi:dtdl:extension:mqtt:v3:{type}:{}",
        types: &[
            MQTT,
            IDEMPOTENT,
            CACHEABLE,
            INDEXED,
            TRANSPARENT,
            Type {
                constraints: &[Constraint::Types {
                    property: "fields",
                    types: &["NormalResult", "ErrorResult"],
                }],
                ..adjunct("Result", &[K::Object])
            },
            Type {
                excludes: REQUIRED,
                constraints: &[Constraint::OnlyIn {
                    property: "fields",
                    parent: "Result",
                }],
                ..adjunct("NormalResult", &[K::Field])
            },
            Type {
                excludes: REQUIRED,
                constraints: &[
                    Constraint::OnlyIn {
                        property: "fields",
                        parent: "Result",
                    },
                    Constraint::Types {
                        property: "schema",
                        types: &["Error"],
                    },
                ],
                ..adjunct("ErrorResult", &[K::Field])
            },
            adjunct("Error", &[K::Object]),
            Type {
                constraints: &[
                    Constraint::OnlyIn {
                        property: "fields",
                        parent: "Error",
                    },
                    Constraint::Kinds {
                        property: "schema",
                        kinds: &[K::String],
                        noun: "a string schema",
                    },
                ],
                ..adjunct("ErrorMessage", &[K::Field])
            },
        ],
        ..BLANK
    },
];

const REQUIRED: &[&str] = &["dtmi:dtdl:extension:requirement:v1:Required"];

const fn topic(name: &'static str) -> Property {
    Property {
        name,
        required: false,
        value: Value::String {
            max: None,
            pattern: Some(Pattern::Topic),
        },
    }
}

const fn group(name: &'static str) -> Property {
    Property {
        name,
        required: false,
        value: Value::String {
            max: None,
            pattern: Some(Pattern::TopicLabel),
        },
    }
}

const FORMAT: Property = Property {
    name: "payloadFormat",
    required: true,
    value: Value::String {
        max: None,
        pattern: None,
    },
};
const COMMANDS: Property = topic("commandTopic");
const TELEMETRY: Property = topic("telemetryTopic");

const MQTT: Type = Type {
    properties: &[
        FORMAT,
        COMMANDS,
        TELEMETRY,
        group("cmdServiceGroupId"),
        group("telemServiceGroupId"),
    ],
    ..adjunct("Mqtt", &[K::Interface])
};
const IDEMPOTENT: Type = adjunct("Idempotent", &[K::Command]);
const CACHEABLE: Type = Type {
    requires: &["Idempotent"],
    properties: &[Property {
        name: "ttl",
        required: true,
        value: Value::Duration,
    }],
    ..adjunct("Cacheable", &[K::Command])
};
const INDEXED: Type = Type {
    properties: &[Property {
        name: "index",
        required: true,
        value: Value::Integer {
            min: Some(1),
            max: None,
        },
    }],
    unique: &["index"],
    ..adjunct("Indexed", &[K::EnumValue, K::Field, K::Telemetry])
};
const TRANSPARENT: Type = Type {
    constraints: &[Constraint::Kinds {
        property: "schema",
        kinds: &[K::Object],
        noun: "an Object",
    }],
    ..adjunct("Transparent", &[K::CommandRequest, K::CommandResponse])
};
