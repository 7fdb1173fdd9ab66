//! The types of the DTDL version tables.

use super::kind::ElementKind as K;

/// A set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limits {
    /// The standard limits of DTDL.
    Core,
    /// The limits of the context `dtmi:dtdl:limits:onvif;1`.
    Onvif,
    /// The limits of the context `dtmi:dtdl:limits:aio;1`.
    Aio,
}

/// A limit whose value depends on the set of limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    core: usize,
    onvif: usize,
    aio: usize,
}

impl Limit {
    pub(crate) const fn of(limit: usize) -> Self {
        Self {
            core: limit,
            onvif: limit,
            aio: limit,
        }
    }

    pub(crate) const fn or(self, onvif: usize, aio: usize) -> Self {
        Self { onvif, aio, ..self }
    }

    pub(crate) fn get(self, limits: Limits) -> usize {
        match limits {
            Limits::Core => self.core,
            Limits::Onvif => self.onvif,
            Limits::Aio => self.aio,
        }
    }
}

/// A pattern that a string must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// A letter followed by letters, digits and underscores, without an underscore at the end.
    Name,
    /// A DTMI without segments that start with an underscore.
    UserDtmi,
    /// An MQTT topic: labels and `{tokens}` separated by slashes.
    Topic,
    /// Printable ASCII without space, quotes, `+`, `#`, braces and slash.
    TopicLabel,
}

/// A property of a class or of a supplemental type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) value: Value,
}

/// The value of a property.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    String {
        max: Option<Limit>,
        pattern: Option<Pattern>,
    },
    Localized {
        max: Limit,
    },
    Boolean,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Number,
    /// An ISO 8601 duration in a string.
    Duration,
    /// A string, number or boolean.
    Literal,
    /// Any JSON value.
    Json,
    /// A DTMI that is not resolved.
    Identifier {
        max: usize,
        pattern: Option<Pattern>,
    },
    /// A term or IRI.
    Iri,
    Element(Target),
}

/// The elements that a property can hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// The class of the elements, for messages.
    pub(crate) class: &'static str,
    /// Kinds that can be defined in place. If there is exactly one and `infers` is set, `@type` is optional.
    pub(crate) inline: &'static [K],
    /// Kinds that can be referred to.
    pub(crate) kinds: &'static [K],
    pub(crate) infers: bool,
    /// Whether values must have the same DTDL version as the element. Otherwise, earlier versions are allowed.
    pub(crate) same_version: bool,
    pub(crate) plural: bool,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
    /// The property that supplies, for each value without an `@id`, a segment of its assigned identifier.
    pub(crate) segment: Option<&'static str>,
    /// Whether values defined in place need an `@id`.
    pub(crate) id_required: bool,
    /// Properties that must be unique among the values.
    pub(crate) unique: &'static [&'static str],
    /// If set, only these built-in elements are allowed.
    pub(crate) only: Option<&'static [&'static str]>,
    /// If set, only values of the Enum with this identifier are allowed (units).
    pub(crate) child_of: Option<&'static str>,
    /// If set, elements must have this supplemental type (units of DTDL version 2).
    pub(crate) supplement: Option<&'static str>,
}

/// A concrete class of a DTDL version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class {
    pub(crate) kind: K,
    /// Maximum length of `@id`, if lower than the maximum of the DTDL version.
    pub(crate) id_max: Option<usize>,
    /// Properties that all classes have.
    pub(super) common: &'static [Property],
    /// Groups of other properties. Some groups are shared between classes.
    pub(super) own: &'static [&'static [Property]],
}

impl Class {
    pub(super) const fn new(
        kind: K,
        common: &'static [Property],
        own: &'static [&'static [Property]],
    ) -> Self {
        Self {
            kind,
            id_max: None,
            common,
            own,
        }
    }

    pub(super) const fn id_max(self, max: usize) -> Self {
        Self {
            id_max: Some(max),
            ..self
        }
    }

    pub(crate) fn properties(&self) -> impl Iterator<Item = &'static Property> + use<> {
        self.common.iter().chain(self.own.iter().copied().flatten())
    }
}

/// A rule about all elements below an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// Schemas nest at most `max` levels deep, counting steps through `hops`. `may_recur` allows recursive schemas.
    Depth {
        hops: &'static [&'static str],
        max: Limit,
        may_recur: bool,
    },
    /// Chains of `extends` have at most `depth` levels, and reach at most `count` Interfaces if it is set.
    Extends { depth: Limit, count: Option<Limit> },
    /// An Interface has at most `max` elements below it, counting through these properties.
    Count {
        through: &'static [&'static str],
        max: Limit,
    },
    /// An Interface has at most `max` contents, including inherited ones.
    Contents { max: usize },
    /// No element of kind `kind` is in a property `via` below an element of kind `root`. With `narrow`, only `via` and
    /// `extends` are followed; otherwise, all properties.
    Exclude {
        root: K,
        via: &'static [&'static str],
        kind: K,
        narrow: bool,
    },
}

/// How a DTDL version handles undefined names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unknown {
    /// Whether unknown terms and IRIs are accepted as supplemental types. An element with such a type may have
    /// properties with any name. True for version 2.
    pub(crate) lenient: bool,
}

/// A DTDL version.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) number: u8,
    pub(crate) id_max: usize,
    pub(crate) unknown: Unknown,
    /// Whether `@language`, `@value` and unknown keywords are refused on elements.
    pub(crate) restricts_keywords: bool,
    /// Whether extensions that the parser does not know are accepted by default.
    pub(crate) allows_unknown_extensions: bool,
    /// Whether contexts can have the fragments `#limitless` and `#limits`.
    pub(crate) has_limit_contexts: bool,
    pub(crate) classes: &'static [Class],
    /// Primitive schemas by term, in groups that versions share.
    pub(crate) primitives: &'static [&'static [(&'static str, K)]],
    pub(crate) controls: &'static [Control],
    /// Maximum size of the JSON of an Interface, in bytes.
    pub(crate) partition_max: Option<usize>,
    /// Terms of DTDL that no other table contains, with their versionless identifiers.
    pub(crate) other_terms: &'static [(&'static str, &'static str)],
}

impl Version {
    pub(crate) fn class(&self, kind: K) -> Option<&'static Class> {
        self.classes.iter().find(|class| class.kind == kind)
    }
}

// Constructors for the tables.

pub(crate) const fn string(name: &'static str, max: Limit) -> Property {
    Property {
        name,
        required: false,
        value: Value::String {
            max: Some(max),
            pattern: None,
        },
    }
}

pub(crate) const fn localized(name: &'static str, max: Limit) -> Property {
    Property {
        name,
        required: false,
        value: Value::Localized { max },
    }
}

pub(crate) const fn boolean(name: &'static str) -> Property {
    Property {
        name,
        required: false,
        value: Value::Boolean,
    }
}

pub(crate) const fn name(max: usize) -> Property {
    Property {
        name: "name",
        required: true,
        value: Value::String {
            max: Some(Limit::of(max)),
            pattern: Some(Pattern::Name),
        },
    }
}

pub(crate) const fn integer(name: &'static str, min: Option<i64>, max: Option<i64>) -> Property {
    Property {
        name,
        required: false,
        value: Value::Integer { min, max },
    }
}

pub(crate) const fn element(name: &'static str, target: Target) -> Property {
    Property {
        name,
        required: target.min > 0,
        value: Value::Element(target),
    }
}

impl Target {
    /// Returns a target with exactly one element: an inline definition with a `@type`, or a reference.
    pub(crate) const fn one(class: &'static str, inline: &'static [K], kinds: &'static [K]) -> Self {
        Self {
            class,
            inline,
            kinds,
            infers: false,
            same_version: false,
            plural: false,
            min: 1,
            max: Some(1),
            segment: None,
            id_required: false,
            unique: &[],
            only: None,
            child_of: None,
            supplement: None,
        }
    }

    /// Returns a target with any number of elements.
    pub(crate) const fn many(class: &'static str, inline: &'static [K]) -> Self {
        Self {
            plural: true,
            min: 0,
            max: None,
            ..Self::one(class, inline, inline)
        }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { min: 0, ..self }
    }

    pub(crate) const fn inferred(self) -> Self {
        Self { infers: true, ..self }
    }

    pub(crate) const fn same_version(self) -> Self {
        Self {
            same_version: true,
            ..self
        }
    }

    /// Returns whether a value of one DTDL version is allowed in an element of another.
    pub(crate) fn admits(&self, value: u8, element: u8) -> bool {
        if self.same_version {
            value == element
        } else {
            value <= element
        }
    }

    pub(crate) const fn at_least(self, min: usize) -> Self {
        Self { min, ..self }
    }

    pub(crate) const fn at_most(self, max: usize) -> Self {
        Self {
            max: Some(max),
            ..self
        }
    }

    pub(crate) const fn named(self) -> Self {
        Self {
            segment: Some("name"),
            unique: &["name"],
            ..self
        }
    }

    pub(crate) const fn unique(self, unique: &'static [&'static str]) -> Self {
        Self { unique, ..self }
    }

    pub(crate) const fn identified(self) -> Self {
        Self {
            id_required: true,
            ..self
        }
    }

    pub(crate) const fn only(self, only: &'static [&'static str]) -> Self {
        Self {
            only: Some(only),
            ..self
        }
    }
}
