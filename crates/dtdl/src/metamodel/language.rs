//! The vocabulary of the tables: versions, classes, properties and the rules about them.

use super::kind::ElementKind as K;

/// The set of limits a model is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limits {
    /// Those of the language itself.
    Core,
    /// Those of the context `dtmi:dtdl:limits:onvif;1`.
    Onvif,
    /// Those of the context `dtmi:dtdl:limits:aio;1`.
    Aio,
}

/// A number that depends on the set of limits in force.
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

/// What the text of a property has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// A letter, then letters, digits and underscores, no underscore at the end.
    Name,
    /// A DTMI without segments that start with an underscore.
    UserDtmi,
    /// Labels and `{tokens}` separated by slashes, as MQTT topics are.
    Topic,
    /// Printable ASCII without space, quotes, `+`, `#`, braces and slash.
    TopicLabel,
}

/// A property of a class, or one that a supplemental type adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) value: Value,
}

/// What a property holds.
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
    /// An ISO 8601 duration as text.
    Duration,
    /// A string, number or boolean.
    Literal,
    /// Any JSON value.
    Json,
    /// A DTMI that is not followed.
    Identifier {
        max: usize,
        pattern: Option<Pattern>,
    },
    /// A term or IRI.
    Iri,
    Element(Target),
}

/// The elements that a property refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// How the set is called in messages.
    pub(crate) class: &'static str,
    /// Kinds that can be defined in place. With exactly one and `infers`, `@type` may be left out.
    pub(crate) inline: &'static [K],
    /// Kinds that can be referred to.
    pub(crate) kinds: &'static [K],
    pub(crate) infers: bool,
    /// Whether the values have to be of the version of the element itself; otherwise older ones will do.
    pub(crate) same_version: bool,
    pub(crate) plural: bool,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
    /// The property whose value becomes a segment of assigned identifiers.
    pub(crate) segment: Option<&'static str>,
    /// Whether each value needs an `@id`.
    pub(crate) id_required: bool,
    /// Properties that have to differ among the values.
    pub(crate) unique: &'static [&'static str],
    /// If set, only these standard elements will do.
    pub(crate) only: Option<&'static [&'static str]>,
    /// If set, the element has to be one of the values of the Enum with this identifier (units).
    pub(crate) child_of: Option<&'static str>,
    /// If set, the element has to have this supplemental type (units of version 2).
    pub(crate) supplement: Option<&'static str>,
}

/// A material class in one version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Class {
    pub(crate) kind: K,
    /// The longest `@id`, if shorter than the version's general limit.
    pub(crate) id_max: Option<usize>,
    /// Properties of every class.
    pub(super) common: &'static [Property],
    /// Groups of further properties; classes share some of them.
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

/// A rule about everything below an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Control {
    /// Schemas nest at most so deep, counting steps through `hops`; whether one may contain itself.
    Depth {
        hops: &'static [&'static str],
        max: Limit,
        may_recur: bool,
    },
    /// Chains of `extends` are at most so long and, if set, reach at most so many Interfaces; never in a cycle.
    Extends { depth: Limit, count: Option<Limit> },
    /// An Interface has at most so many elements below `contents`, counting through these properties.
    Count {
        through: &'static [&'static str],
        max: Limit,
    },
    /// An Interface has at most so many `contents`, its own and the inherited ones.
    Contents { max: usize },
    /// Below an element of kind `root`, no element of kind `kind` stands in `via`. `narrow` looks along `via`
    /// only, otherwise along every property.
    Exclude {
        root: K,
        via: &'static [&'static str],
        kind: K,
        narrow: bool,
    },
}

/// How a version treats names it does not define.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unknown {
    /// Version 2 accepts unknown words and IRIs as co-types and, next to one, any property name.
    pub(crate) lenient: bool,
}

/// A version of the language.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) number: u8,
    pub(crate) id_max: usize,
    pub(crate) unknown: Unknown,
    /// Whether `@language`, `@value` and unknown keywords are refused on elements.
    pub(crate) restricts_keywords: bool,
    /// Whether extensions the parser does not know are accepted if nothing else is asked for.
    pub(crate) allows_unknown_extensions: bool,
    /// Whether contexts such as `…#limitless` exist.
    pub(crate) has_limit_contexts: bool,
    pub(crate) classes: &'static [Class],
    /// Primitive schemas in groups that versions share: the term and its kind.
    pub(crate) primitives: &'static [&'static [(&'static str, K)]],
    pub(crate) controls: &'static [Control],
    /// The largest text of one Interface in bytes.
    pub(crate) partition_max: Option<usize>,
    /// Terms that name classes, properties and elements of the language but have no other table here, with their
    /// identifiers without the version.
    pub(crate) other_terms: &'static [(&'static str, &'static str)],
}

impl Version {
    pub(crate) fn class(&self, kind: K) -> Option<&'static Class> {
        self.classes.iter().find(|class| class.kind == kind)
    }
}

// Building blocks of the tables.

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
    /// Exactly one element, defined in place with a `@type` or referred to.
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

    /// Any number of elements.
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

    /// Whether a value of one version can stand in an element of another.
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
