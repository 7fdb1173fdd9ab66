//! `@type`: the kind and the supplemental types of an element.

use super::context::Context;
use super::report::{Position, Reported};
use super::session::Session;
use super::slot::Slot;
use crate::json::{Data, Node};
use crate::metamodel::{ElementKind, Supplement, Target, index, kind};
use crate::{Code, Dtmi};

/// The types of an element.
pub(super) struct Types {
    pub(super) kind: ElementKind,
    pub(super) supplements: Vec<&'static Supplement>,
    pub(super) undefined: Vec<Box<str>>,
    /// Whether the kind is inferred from the property that contains the element, because `@type` is missing.
    pub(super) inferred: bool,
}

/// An element, while its types and properties are being read.
pub(super) struct Subject<'a> {
    pub(super) node: &'a Node,
    pub(super) doc: usize,
    pub(super) id: &'a Dtmi,
    pub(super) context: &'a Context,
    pub(super) target: &'a Target,
    pub(super) slot: Option<&'a Slot<'a>>,
}

impl Session<'_> {
    pub(super) fn types(&mut self, subject: &Subject<'_>) -> Result<Types, Reported> {
        let Some(member) = subject.node.member("@type") else {
            return match subject.target.inline {
                [kind] if subject.target.infers => Ok(Types {
                    kind: *kind,
                    supplements: Vec::new(),
                    undefined: Vec::new(),
                    inferred: true,
                }),
                _ => Err(self.bad_type(
                    subject,
                    Position::start(subject.doc, subject.node),
                    "has no `@type`",
                )),
            };
        };
        let items = match &member.value.data {
            Data::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(&member.value),
        };
        let mut kinds = Vec::new();
        let mut supplements: Vec<&'static Supplement> = Vec::new();
        let mut undefined = Vec::new();
        let mut failed = false;
        for item in items {
            match self.type_string(subject, item) {
                Ok(TypeTerm::Kind(kind)) => {
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
                Ok(TypeTerm::Supplement(supplement)) => {
                    if !supplements.iter().any(|known| known.id == supplement.id) {
                        supplements.push(supplement);
                    }
                }
                Ok(TypeTerm::Undefined(text)) => undefined.push(text),
                Err(Reported) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        let at = Position::node(subject.doc, &member.value);
        match kinds.as_slice() {
            [kind] => {
                let mut types = Types {
                    kind: *kind,
                    supplements,
                    undefined,
                    inferred: false,
                };
                self.check_supplements(subject, at, &mut types);
                Ok(types)
            }
            [] => Err(self.bad_type(subject, at, "has no DTDL class in its `@type`")),
            _ => {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                self.reporter.element(
                    Code::MultipleMaterialTypes,
                    at,
                    subject.id,
                    format!(
                        "This element has the types {}; only one DTDL class is allowed.",
                        names.join(" and ")
                    ),
                    "Keep one of them.",
                );
                Err(Reported)
            }
        }
    }

    fn type_string(&mut self, subject: &Subject<'_>, item: &Node) -> Result<TypeTerm, Reported> {
        let at = Position::node(subject.doc, item);
        let Some(text) = item.as_str() else {
            return Err(self.bad_type(
                subject,
                at,
                &format!("has the `@type` entry {}, which is not a string", item.excerpt()),
            ));
        };
        let context = subject.context;
        let version = context.version;
        let name = text
            .strip_prefix("dtmi:dtdl:class:")
            .and_then(|rest| rest.strip_suffix(&format!(";{}", version.number)))
            .unwrap_or(text);
        if let Some(kind) = ElementKind::from_name(name)
            && subject.target.inline.contains(&kind)
            && version.class(kind).is_some()
        {
            return Ok(TypeTerm::Kind(kind));
        }
        if is_dtdl_class(text) {
            return Err(self.bad_type(
                subject,
                at,
                &format!("has the type `{text}`, which is not allowed there"),
            ));
        }
        let Some(id) = context.expand(text) else {
            return self.undefined_type(subject, at, text);
        };
        let Some(supplement) = index().supplement(&id) else {
            if context.has_unknown {
                return Ok(TypeTerm::Undefined(text.into()));
            }
            self.reporter.element(
                Code::TypeIrrelevantDtmiOrTerm,
                at,
                subject.id,
                format!("`{text}` is not a type that elements can have."),
                "Remove it from `@type`, or correct it.",
            );
            return Err(Reported);
        };
        if supplement.is_abstract {
            self.reporter.element(
                Code::AbstractSupplementalType,
                at,
                subject.id,
                format!("The type `{text}` is abstract."),
                "Use one of the types derived from it.",
            );
            return Err(Reported);
        }
        if supplement.is_unit {
            return Err(self.bad_type(
                subject,
                at,
                &format!("has the type `{text}`, which is only for units"),
            ));
        }
        Ok(TypeTerm::Supplement(supplement))
    }

    fn undefined_type(
        &mut self,
        subject: &Subject<'_>,
        at: Position,
        text: &str,
    ) -> Result<TypeTerm, Reported> {
        let context = subject.context;
        let (code, message) = if text.starts_with("dtmi:") {
            (
                Code::TypeInvalidDtmi,
                format!("The type `{text}` is not a well-formed DTMI."),
            )
        } else if context.version.unknown.lenient {
            return Ok(TypeTerm::Undefined(text.into()));
        } else if text.contains(':') {
            (
                Code::TypeNotDtmiNorTerm,
                format!("The type `{text}` is an IRI but not a DTMI."),
            )
        } else if context.has_unknown {
            return Ok(TypeTerm::Undefined(text.into()));
        } else {
            (Code::TypeUndefinedTerm, format!("The type `{text}` is unknown."))
        };
        let help = "Correct it, remove it, or add the context of the extension that defines it.";
        self.reporter.element(code, at, subject.id, message, help);
        Err(Reported)
    }

    fn bad_type(&mut self, subject: &Subject<'_>, at: Position, what: &str) -> Reported {
        let allowed: Vec<&str> = subject.target.inline.iter().map(|kind| kind.name()).collect();
        let help = match allowed.as_slice() {
            [only] => format!("Use the type {only}."),
            _ => format!("Use one of these types: {}.", allowed.join(", ")),
        };
        match subject.slot {
            Some(slot) => {
                let message = format!("A value of `{}` {what}.", slot.property);
                self.reporter
                    .property(Code::BadType, at, slot.parent_id, slot.property, message, help);
            }
            None => {
                let message = format!("This element {what}.");
                self.reporter
                    .element(Code::BadType, at, subject.id, message, help);
            }
        }
        Reported
    }

    /// Checks the supplemental types, and drops those that are not allowed on the element.
    fn check_supplements(&mut self, subject: &Subject<'_>, at: Position, types: &mut Types) {
        let version = subject.context.version.number;
        let kind = types.kind;
        let mut kept: Vec<&'static Supplement> = Vec::new();
        for supplement in std::mem::take(&mut types.supplements) {
            let term = supplement.term;
            if !supplement.cotypes.contains(&kind) {
                let names: Vec<&str> = supplement.cotypes.iter().map(|kind| kind.name()).collect();
                self.reporter.element(
                    Code::InvalidCotype,
                    at,
                    subject.id,
                    format!(
                        "The type `{term}` is not allowed on {kind}, only on {}.",
                        names.join(", ")
                    ),
                    format!("Remove `{term}` from `@type`."),
                );
                continue;
            }
            if !supplement.versions.contains(&version) {
                let names: Vec<String> = supplement.versions.iter().map(ToString::to_string).collect();
                self.reporter.element(
                    Code::InvalidCotypeVersion,
                    at,
                    subject.id,
                    format!(
                        "The type `{term}` is defined for DTDL version {}, not for version {version}.",
                        names.join(" and ")
                    ),
                    format!(
                        "Remove `{term}`, or use the version of its extension for DTDL version {version}."
                    ),
                );
                continue;
            }
            for other in &kept {
                let shared = supplement
                    .properties
                    .iter()
                    .find(|(id, _)| other.properties.iter().any(|(known, _)| known == id));
                if let Some((_, property)) = shared {
                    self.reporter.element(
                        Code::ConflictingSupplementalTypes,
                        at,
                        subject.id,
                        format!(
                            "The types `{}` and `{term}` both define the property `{}`.",
                            other.term, property.name
                        ),
                        "Keep one of them.",
                    );
                }
            }
            kept.push(supplement);
        }
        self.check_combination(subject, at, &kept);
        types.supplements = kept;
    }

    /// Checks that the element has all types that its supplemental types require, and none that they exclude.
    fn check_combination(&mut self, subject: &Subject<'_>, at: Position, kept: &[&Supplement]) {
        for supplement in kept {
            for required in &supplement.requires {
                if !kept.iter().any(|other| other.id == *required) {
                    let name = index().name(required);
                    self.reporter.element(
                        Code::MissingCocotype,
                        at,
                        subject.id,
                        format!("The type `{}` requires the type `{name}`.", supplement.term),
                        format!("Add `{name}` to `@type`, or remove `{}`.", supplement.term),
                    );
                }
            }
            for excluded in &supplement.excludes {
                if kept.iter().any(|other| other.id == *excluded) {
                    let name = index().name(excluded);
                    self.reporter.element(
                        Code::DisallowedCocotype,
                        at,
                        subject.id,
                        format!("The types `{}` and `{name}` cannot be combined.", supplement.term),
                        "Remove one of them.",
                    );
                }
            }
        }
    }
}

/// The meaning of one entry of `@type`.
enum TypeTerm {
    Kind(ElementKind),
    Supplement(&'static Supplement),
    /// A type of an unknown extension.
    Undefined(Box<str>),
}

/// Returns whether a type is a DTDL class, in any version.
fn is_dtdl_class(text: &str) -> bool {
    let name = match text.strip_prefix("dtmi:dtdl:class:") {
        Some(rest) => rest.split(';').next().unwrap_or_default(),
        None => text,
    };
    ElementKind::from_name(name).is_some() || kind::ABSTRACT.contains(&name)
}
