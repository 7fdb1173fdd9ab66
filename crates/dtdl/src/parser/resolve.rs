//! Resolves references to elements of the documents, to built-in elements of DTDL, and, through the caller's resolver,
//! to all other elements.

use std::collections::HashSet;

use super::api::Resolver;
use super::session::{Missing, Pending, Session};
use crate::metamodel::{ElementKind, index, is_reserved};
use crate::model::{ElementData, ElementIndex};
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
                    None if pending.is_term => self.term_of_no_element(&pending),
                    None if is_reserved(pending.id.as_str()) => self.undefined_reserved(&pending),
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

    fn term_of_no_element(&mut self, pending: &Pending) {
        let from = self.elements[pending.from].id.clone();
        self.reporter.property(
            Code::BadType,
            pending.at,
            &from,
            pending.property,
            format!(
                "`{}` refers to {}, which is not an element.",
                pending.property, pending.id
            ),
            format!("Refer to an element of class {}.", pending.target.class),
        );
    }

    fn undefined_reserved(&mut self, pending: &Pending) {
        let from = self.elements[pending.from].id.clone();
        self.reporter.property(
            Code::UndefinedReservedId,
            pending.at,
            &from,
            pending.property,
            format!(
                "{} has a reserved prefix, but neither DTDL nor its extensions define it.",
                pending.id
            ),
            "Correct the identifier, or refer to an element of the model.",
        );
    }

    /// Checks that a resolved element is allowed as the value of the property.
    fn check_reference(&mut self, pending: &Pending, to: ElementIndex) {
        let from_id = self.elements[pending.from].id.clone();
        let found = &self.elements[to];
        let findings = if pending.target.kinds.contains(&found.kind) {
            let mut findings = self.misplaced(pending, found);
            findings.extend(self.other_value(pending, found));
            findings
        } else {
            vec![(
                Code::BadType,
                format!(
                    "`{}` refers to {}, which is {}.",
                    pending.property,
                    found.id,
                    found.kind.with_article()
                ),
                format!("Refer to an element of class {}.", pending.target.class),
            )]
        };
        for (code, message, help) in findings {
            self.reporter
                .property(code, pending.at, &from_id, pending.property, message, help);
        }
    }

    /// Checks that the referenced element has an allowed DTDL version, and that it is an Interface or is defined in the
    /// same Interface as the reference.
    fn misplaced(&self, pending: &Pending, found: &ElementData) -> Vec<Finding> {
        let (from, property) = (&self.elements[pending.from], pending.property);
        let mut findings = Vec::new();
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
        if !pending.target.admits(found.version, from.version) {
            findings.push((
                Code::DisallowedVersionReference,
                format!(
                    "`{property}` refers to {}, which is written in DTDL version {}, but this element in version {}.",
                    found.id, found.version, from.version
                ),
                super::element::allowed_version(pending.target, from.version),
            ));
        }
        findings
    }

    /// Checks that the referenced element is one of those that the property is limited to: certain built-in elements,
    /// or the units of an Enum or unit type.
    fn other_value(&self, pending: &Pending, found: &ElementData) -> Vec<Finding> {
        let (target, property) = (pending.target, pending.property);
        let name = index().name(found.id.as_str());
        let mut findings = Vec::new();
        if let Some(only) = target.only
            && !only.iter().any(|term| is_term(&found.id, term))
        {
            findings.push((
                Code::NotRequiredValue,
                format!("`{property}` is `{name}`, which is not allowed."),
                format!("Use {}.", only.join(" or ")),
            ));
        }
        let parent = found.parent.map(|parent| &self.elements[parent].id);
        let other_enum = target
            .child_of
            .filter(|unit_enum| parent.is_none_or(|parent| *parent != **unit_enum));
        let other_type = target
            .supplement
            .filter(|unit_type| !found.has_supplement(unit_type));
        let units = [
            (Code::WrongParent, other_enum),
            (Code::NotRequiredType, other_type),
        ];
        for (code, units) in units {
            if let Some(units) = units.map(|units| index().name(units)) {
                findings.push((
                    code,
                    format!("`{property}` is `{name}`, which is not a value of {units}."),
                    format!("Use a value of {units}."),
                ));
            }
        }
        findings
    }
}

/// A violated rule: code, message and help.
type Finding = (Code, String, String);

/// Returns whether `id` identifies the built-in element with this term, in any version.
fn is_term(id: &Dtmi, term: &str) -> bool {
    index()
        .builtin(id.as_str())
        .is_some_and(|builtin| builtin.term == term)
}
