//! Checks elements that refer by name to a sibling. Siblings are values of the same property.

use std::collections::{HashMap, HashSet};

use super::hierarchy::Ancestors;
use crate::Code;
use crate::metamodel::{Constraint, ElementKind, Property, Sibling, Supplement, Value, index, version};
use crate::model::{ElementData, ElementIndex, Literal};
use crate::parser::session::Session;

pub(super) fn check(session: &mut Session<'_>, ancestors: &Ancestors) {
    let referrers: Vec<ElementIndex> = session
        .elements
        .indices()
        .filter(|node| {
            let element = &session.elements[*node];
            let mut supplements = element.supplements.iter();
            element.span.is_some() && supplements.any(|supplement| !supplement.siblings.is_empty())
        })
        .collect();
    if referrers.is_empty() {
        return;
    }
    let families = Families::of(session, ancestors);
    let mut overrides = Overrides::default();
    for node in referrers {
        for supplement in session.elements[node].supplements.clone() {
            for rule in supplement.siblings {
                let findings = match rule {
                    Sibling::Named { by, kinds, not } => {
                        let not = not.map(|term| (term, supplement.resolve(term)));
                        let siblings = families.siblings(session, node, by);
                        named(session, node, &siblings, by, kinds, not.as_ref())
                    }
                    Sibling::Overridden { by, property } => {
                        let siblings = families.siblings(session, node, by);
                        overrides.check(session, node, &siblings, (by, property), supplement)
                    }
                };
                report(session, node, findings);
            }
        }
    }
}

struct Finding {
    code: Code,
    property: &'static str,
    message: String,
    help: String,
}

fn report(session: &mut Session<'_>, node: ElementIndex, findings: Vec<Finding>) {
    let id = session.elements[node].id.clone();
    for finding in findings {
        let at = session.property_at(node, finding.property);
        session.report(
            finding.code,
            at,
            &id,
            Some(finding.property),
            finding.message,
            finding.help,
        );
    }
}

/// The sibling relation. An Interface has both its own and inherited contents, so a sibling may be defined in an
/// Interface that extends the Interface of the referring element.
struct Families<'a> {
    ancestors: &'a Ancestors,
    descendants: HashMap<ElementIndex, Vec<ElementIndex>>,
    /// The values of each property of each element, by name.
    named: HashMap<(ElementIndex, &'static str), HashMap<String, ElementIndex>>,
}

impl<'a> Families<'a> {
    fn of(session: &Session<'_>, ancestors: &'a Ancestors) -> Self {
        let mut descendants: HashMap<ElementIndex, Vec<ElementIndex>> = HashMap::new();
        for (interface, above) in ancestors {
            for ancestor in above {
                descendants.entry(*ancestor).or_default().push(*interface);
            }
        }
        descendants.values_mut().for_each(|below| below.sort_unstable());
        let mut named: HashMap<_, HashMap<String, ElementIndex>> = HashMap::new();
        for owner in session.elements.indices() {
            for (property, target) in session.elements[owner].all_targets() {
                if let Some(name) = session.elements[target].string("name") {
                    let names = named.entry((owner, property)).or_default();
                    names.entry(name.to_owned()).or_insert(target);
                }
            }
        }
        Self {
            ancestors,
            descendants,
            named,
        }
    }

    /// Returns the siblings that the property `by` names, each with its owner: the element that has both the sibling
    /// and the referring element as values.
    fn siblings(
        &self,
        session: &Session<'_>,
        node: ElementIndex,
        by: &str,
    ) -> Vec<(ElementIndex, ElementIndex)> {
        let element = &session.elements[node];
        let (Some(name), Some(parent)) = (element.string(by), element.parent) else {
            return Vec::new();
        };
        let mut values = session.elements[parent].all_targets();
        let Some((property, _)) = values.find(|(_, target)| *target == node) else {
            return Vec::new();
        };
        std::iter::once(&parent)
            .chain(self.descendants.get(&parent).into_iter().flatten())
            .filter_map(|owner| Some((*owner, self.value(*owner, property, name)?)))
            .collect()
    }

    /// Returns the value of `property` with this name that `owner` defines or inherits.
    fn value(&self, owner: ElementIndex, property: &'static str, name: &str) -> Option<ElementIndex> {
        std::iter::once(&owner)
            .chain(self.ancestors.get(&owner).into_iter().flatten())
            .find_map(|owner| self.named.get(&(*owner, property))?.get(name))
            .copied()
    }
}

/// Returns the siblings without their owners and without duplicates.
fn distinct(siblings: &[(ElementIndex, ElementIndex)]) -> Vec<ElementIndex> {
    let mut seen = HashSet::new();
    let siblings = siblings.iter().map(|(_, sibling)| *sibling);
    siblings.filter(|sibling| seen.insert(*sibling)).collect()
}

/// Checks the kind and the types of the siblings. As in DTDLParser, a name that no sibling has is not an error.
fn named(
    session: &Session<'_>,
    node: ElementIndex,
    siblings: &[(ElementIndex, ElementIndex)],
    by: &'static str,
    kinds: &[ElementKind],
    not: Option<&(&'static str, String)>,
) -> Vec<Finding> {
    let Some(name) = session.elements[node].string(by) else {
        return Vec::new();
    };
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let mut findings = Vec::new();
    for sibling in distinct(siblings) {
        let sibling = &session.elements[sibling];
        if !kinds.contains(&sibling.kind) {
            findings.push(Finding {
                code: Code::NotSiblingRequiredType,
                property: by,
                message: format!("`{by}` is `{name}`, which names {}.", sibling.kind.with_article()),
                help: format!("Use the name of a {}.", names.join(" or ")),
            });
        } else if let Some((term, _)) = not.filter(|(_, id)| sibling.has_supplement(id)) {
            findings.push(Finding {
                code: Code::DisallowedType,
                property: by,
                message: format!("`{by}` is `{name}`, which has the type {term} itself."),
                help: format!("Use the name of an element without the type {term}."),
            });
        }
    }
    findings
}

/// The overrides found so far: the owner of the siblings, the name of the overridden sibling, and the property.
#[derive(Default)]
struct Overrides(HashSet<(ElementIndex, String, String)>);

impl Overrides {
    fn check(
        &mut self,
        session: &Session<'_>,
        node: ElementIndex,
        siblings: &[(ElementIndex, ElementIndex)],
        (by, property): (&'static str, &'static str),
        supplement: &Supplement,
    ) -> Vec<Finding> {
        let element = &session.elements[node];
        let (Some(name), Some(Literal::String(iri))) = (element.string(by), element.literal(property)) else {
            return Vec::new();
        };
        let mut constraints = supplement.constraints.iter();
        let checks_schema =
            constraints.any(|constraint| matches!(constraint, Constraint::SchemaOfOverridden));
        let mut findings: Vec<Finding> = distinct(siblings)
            .into_iter()
            .filter_map(|sibling| {
                let sibling = &session.elements[sibling];
                match supplemental(sibling, iri) {
                    None => Some(not_supplemental(sibling, name, property, iri)),
                    Some(known) if checks_schema => other_schema(session, element, known),
                    Some(_) => None,
                }
            })
            .collect();
        let mut is_repeated = false;
        for (owner, _) in siblings {
            is_repeated |= !self.0.insert((*owner, name.to_owned(), iri.to_string()));
        }
        if is_repeated {
            findings.push(Finding {
                code: Code::MultipleReference,
                property,
                message: format!(
                    "Two elements override `{}` of `{name}`; only one is allowed.",
                    index().name(iri)
                ),
                help: "Keep one of them.".to_owned(),
            });
        }
        findings
    }
}

/// Returns the property with the identifier `iri`, if a supplemental type of the element defines it.
fn supplemental(element: &ElementData, iri: &str) -> Option<&'static Property> {
    let supplements = element.supplements.iter();
    supplements
        .flat_map(|supplement| &supplement.properties)
        .find(|(id, known)| **id == *iri || known.name == index().name(iri))
        .map(|(_, property)| *property)
}

fn not_supplemental(sibling: &ElementData, name: &str, property: &'static str, iri: &str) -> Finding {
    let overridden = index().name(iri);
    let class = version(sibling.version).and_then(|version| version.class(sibling.kind));
    if class.is_some_and(|class| class.properties().any(|own| own.name == overridden)) {
        Finding {
            code: Code::MatchingPropertyNotSupplemental,
            property,
            message: format!(
                "`{overridden}` of `{name}` is a property of DTDL itself and cannot be overridden."
            ),
            help: "Use a property that an extension defines.".to_owned(),
        }
    } else {
        Finding {
            code: Code::NoMatchingSupplementalProperty,
            property,
            message: format!("`{name}` has no supplemental property `{overridden}`."),
            help: format!("Use a property that a supplemental type of `{name}` defines."),
        }
    }
}

/// Returns a finding if the overridden property holds a unit and the schema of `element` is not the Enum that this unit
/// must belong to.
fn other_schema(session: &Session<'_>, element: &ElementData, known: &Property) -> Option<Finding> {
    let Value::Element(target) = &known.value else {
        return None;
    };
    let unit_enum = target.child_of?;
    let schema = &session.elements[element.target("schema")?];
    (schema.id != *unit_enum).then(|| Finding {
        code: Code::SiblingPropertyMismatch,
        property: "schema",
        message: format!(
            "The `schema` does not match the overridden property `{}`.",
            known.name
        ),
        help: format!("Change it to `{}`.", index().name(unit_enum)),
    })
}
