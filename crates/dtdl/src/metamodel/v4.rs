//! DTDL version 4, as a delta of version 3.

use super::kind::ElementKind as K;
use super::language::{Class, Control, Limit, Property, Version, boolean, localized, string};
use super::{v2, v3};

pub(super) const VERSION: Version = Version {
    number: 4,
    has_limit_contexts: true,
    classes: &CLASSES,
    primitives: &[v2::PRIMITIVES, ADDED_PRIMITIVES],
    controls: CONTROLS,
    ..v3::VERSION
};

const COMMON: &[Property] = &[
    string("comment", Limit::of(512)),
    localized("description", Limit::of(512).or(4096, 2048)),
    localized("displayName", Limit::of(512)),
];

const PAYLOAD: &[&[Property]] = &[v3::NAMED, v3::DATA, &[boolean("nullable")]];

const CLASSES: [Class; v3::CLASSES.len()] = {
    let mut classes = v3::CLASSES;
    let mut index = 0;
    while index < classes.len() {
        let class = &mut classes[index];
        class.common = COMMON;
        if matches!(class.kind, K::CommandRequest | K::CommandResponse) {
            class.own = PAYLOAD;
        }
        index += 1;
    }
    classes
};

const ADDED_PRIMITIVES: &[(&str, K)] = &[
    ("byte", K::Byte),
    ("bytes", K::Bytes),
    ("decimal", K::Decimal),
    ("short", K::Short),
    ("unsignedByte", K::UnsignedByte),
    ("unsignedInteger", K::UnsignedInteger),
    ("unsignedLong", K::UnsignedLong),
    ("unsignedShort", K::UnsignedShort),
    ("uuid", K::Uuid),
];

const CONTROLS: &[Control] = &[
    Control::Depth {
        hops: v3::SCHEMA_HOPS,
        max: Limit::of(8).or(24, 12),
        may_recur: true,
    },
    Control::Extends {
        depth: Limit::of(12),
        count: Some(v3::MAX_ANCESTORS),
    },
    v3::COUNT,
    v3::NO_NESTED_COMPONENT,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(version: &Version, kind: K) -> Vec<&'static str> {
        let class = version.classes.iter().find(|class| class.kind == kind).unwrap();
        class.properties().map(|property| property.name).collect()
    }

    #[test]
    fn only_payloads_differ_from_version_3_in_their_properties() {
        for class in &v3::CLASSES {
            let mut expected = names(&v3::VERSION, class.kind);
            if matches!(class.kind, K::CommandRequest | K::CommandResponse) {
                expected.push("nullable");
            }
            assert_eq!(names(&VERSION, class.kind), expected, "{}", class.kind);
        }
    }

    #[test]
    fn limit_extensions_raise_the_length_of_descriptions() {
        use crate::metamodel::language::{Limits, Value};
        for class in &CLASSES {
            let description = class.properties().find(|property| property.name == "description");
            let Value::Localized { max } = description.unwrap().value else {
                panic!("the description of {} is not localized", class.kind)
            };
            let limits = [Limits::Core, Limits::Onvif, Limits::Aio];
            assert_eq!(limits.map(|limits| max.get(limits)), [512, 4096, 2048]);
        }
    }
}
