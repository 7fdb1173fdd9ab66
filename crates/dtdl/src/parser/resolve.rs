//! Resolves references: in the documents, in DTDL, and through the caller's resolver.

use std::collections::HashSet;

use super::api::Resolver;
use super::session::{Missing, Pending, Session};
use crate::metamodel::{ElementKind, RESERVED_PREFIXES, index};
use crate::model::ElementIndex;
use crate::{Code, Dtmi};

impl Session<'_> {
    /// Resolves all references. Documents from the resolver are read, and their references resolved in turn.
    pub(super) fn resolve(&mut self, resolver: &mut dyn Resolver) {
        let mut requested: HashSet<Dtmi> = HashSet::new();
        let mut to_check: Vec<(Pending, ElementIndex)> = Vec::new();
        loop {
            let mut missing: Vec<Pending> = Vec::new();
            for pending in std::mem::take(&mut self.pending) {
                let found = self
                    .ids
                    .get(&pending.id)
                    .copied()
                    .or_else(|| self.builtin(pending.id.as_str()));
                match found {
                    Some(index) => {
                        self.set_reference(pending.from, pending.property, pending.position, index);
                        to_check.push((pending, index));
                    }
                    None if self.broken.contains(&pending.id) => {}
                    None if RESERVED_PREFIXES
                        .iter()
                        .any(|prefix| pending.id.as_str().starts_with(prefix)) =>
                    {
                        self.undefined_reserved(&pending);
                    }
                    None => missing.push(pending),
                }
            }
            let mut unknown: Vec<Dtmi> = missing.iter().map(|pending| pending.id.clone()).collect();
            unknown.sort();
            unknown.dedup();
            unknown.retain(|id| requested.insert(id.clone()));
            let documents = if unknown.is_empty() {
                Vec::new()
            } else {
                resolver.resolve(&unknown)
            };
            if documents.is_empty() {
                for pending in missing {
                    self.unresolved.push(Missing {
                        from: pending.from,
                        property: pending.property,
                        id: pending.id,
                        at: pending.at,
                    });
                }
                break;
            }
            for document in documents {
                self.add(document);
            }
            self.pending.append(&mut missing);
        }
        for (pending, to) in &to_check {
            self.check_reference(pending, *to);
        }
    }

    fn undefined_reserved(&mut self, pending: &Pending) {
        let from = self.elements[pending.from].id.clone();
        self.reporter.property(
            Code::UndefinedReservedId,
            pending.at,
            &from,
            pending.property,
            format!(
                "{} has a prefix that is reserved for DTDL, but DTDL does not define it.",
                pending.id
            ),
            "Correct the identifier, or refer to an element of the model.",
        );
    }

    /// Checks that a resolved element is allowed as the value of the property.
    fn check_reference(&mut self, pending: &Pending, to: ElementIndex) {
        let (from, found) = (&self.elements[pending.from], &self.elements[to]);
        let from_id = from.id.clone();
        let property = pending.property;
        let target = pending.target;
        let mut findings: Vec<(Code, String, String)> = Vec::new();
        if !target.kinds.contains(&found.kind) {
            findings.push((
                Code::BadType,
                format!(
                    "`{property}` refers to {}, which is {}.",
                    found.id,
                    found.kind.with_article()
                ),
                format!("Refer to an element of class {}.", target.class),
            ));
        } else {
            let home = if from.kind == ElementKind::Interface {
                Some(pending.from)
            } else {
                from.partition
            };
            if found.kind != ElementKind::Interface && found.partition.is_some() && found.partition != home {
                findings.push((
                    Code::CrossPartitionReference,
                    format!(
                        "`{property}` refers to {}, which is defined in another Interface.",
                        found.id
                    ),
                    "Define a copy with its own identifier in this Interface.".to_owned(),
                ));
            }
            if !target.admits(found.version, from.version) {
                findings.push((
                    Code::DisallowedVersionReference,
                    format!(
                        "`{property}` refers to {}, which is written in DTDL version {}, but this element in version {}.",
                        found.id, found.version, from.version
                    ),
                    super::element::allowed_version(target, from.version),
                ));
            }
            if let Some(only) = target.only
                && !only.iter().any(|term| is_term(&found.id, term))
            {
                findings.push((
                    Code::NotRequiredValue,
                    format!(
                        "`{property}` is `{}`, which is not allowed.",
                        index().name(found.id.as_str())
                    ),
                    format!("Use {}.", only.join(" or ")),
                ));
            }
            if let Some(unit_enum) = target.child_of
                && found
                    .parent
                    .is_none_or(|parent| self.elements[parent].id != *unit_enum)
            {
                let unit_enum = index().name(unit_enum);
                findings.push((
                    Code::WrongParent,
                    format!(
                        "`{property}` is `{}`, which is not a value of {unit_enum}.",
                        index().name(found.id.as_str())
                    ),
                    format!("Use a value of {unit_enum}."),
                ));
            }
            if let Some(unit_type) = target.supplement
                && !found.has_supplement(unit_type)
            {
                let unit_type = index().name(unit_type);
                findings.push((
                    Code::NotRequiredType,
                    format!(
                        "`{property}` is `{}`, which is not a value of {unit_type}.",
                        index().name(found.id.as_str())
                    ),
                    format!("Use a value of {unit_type}."),
                ));
            }
        }
        for (code, message, help) in findings {
            self.reporter
                .property(code, pending.at, &from_id, property, message, help);
        }
    }
}

/// Returns whether an element is the built-in one with this term, in any version.
fn is_term(id: &Dtmi, term: &str) -> bool {
    index()
        .builtin(id.as_str())
        .is_some_and(|builtin| builtin.term == term)
}
