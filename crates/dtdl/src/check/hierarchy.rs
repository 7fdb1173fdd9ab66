//! Limits on the depth, number and kind of the elements below each element.

use std::collections::HashMap;

use super::graph::Walk;
use crate::Code;
use crate::metamodel::{Control, ElementKind as K, Limit, Limits, VERSIONS};
use crate::model::{ElementData, ElementIndex, PerElement};
use crate::parser::session::Session;

/// The Interfaces that each Interface extends, directly or indirectly.
pub(crate) type Ancestors = HashMap<ElementIndex, Vec<ElementIndex>>;

/// Checks the [`Control`] rules of each DTDL version that the documents use. Returns the ancestors of each Interface.
pub(super) fn check(session: &mut Session<'_>, walk: &Walk) -> Ancestors {
    let controls: Vec<(u8, Control)> = VERSIONS
        .into_iter()
        .filter(|version| session.has_version(version.number))
        .flat_map(|version| version.controls.iter().map(|control| (version.number, *control)))
        .collect();
    for (number, control) in &controls {
        match control {
            Control::Depth { hops, max, .. } => check_depth(session, walk, *number, hops, *max),
            Control::Extends { depth, count } => check_extends(session, walk, *number, *depth, *count),
            _ => {}
        }
    }
    let ancestors = ancestors(session, walk);
    for (number, control) in &controls {
        match control {
            Control::Count { through, max } => {
                let max = *max;
                check_count(session, walk, &ancestors, *number, through, |limits| {
                    max.get(limits)
                });
            }
            Control::Contents { max } => check_contents(session, &ancestors, *number, *max),
            Control::Exclude {
                root,
                via,
                kind,
                narrow,
            } => {
                check_excluded(session, walk, *number, *root, via, *kind, *narrow);
            }
            _ => {}
        }
    }
    ancestors
}

fn of_version(element: &ElementData, number: u8) -> bool {
    element.version == number && element.span.is_some()
}

/// Returns, for each element, the maximum number of steps through the properties `hops` on a path down from it. With
/// `only_hops`, paths follow only these properties; otherwise they follow all properties but stop at Interfaces.
fn heights(session: &Session<'_>, walk: &Walk, hops: &[&str], only_hops: bool) -> PerElement<usize> {
    let mut heights = session.elements.filled(0usize);
    for &node in &walk.order {
        let height = walk
            .edges(node)
            .filter(|(property, to)| {
                hops.contains(property) || (!only_hops && session.elements[*to].kind != K::Interface)
            })
            .map(|(property, to)| heights[to] + usize::from(hops.contains(&property)))
            .max()
            .unwrap_or(0);
        heights[node] = height;
    }
    heights
}

fn check_depth(session: &mut Session<'_>, walk: &Walk, number: u8, hops: &[&str], max: Limit) {
    let heights = heights(session, walk, hops, false);
    for &node in &walk.order {
        let element = &session.elements[node];
        let max = max.get(element.limits);
        let height = heights[node];
        if element.kind.is_complex_schema() && height > max && of_version(element, number) {
            let id = element.id.clone();
            let at = session.property_at(node, "@type");
            session.report(
                Code::ExcessiveDepthWide,
                at,
                &id,
                None,
                format!("This schema nests {height} levels deep; the limit is {max}."),
                "Flatten the schema.",
            );
        }
    }
}

fn check_extends(session: &mut Session<'_>, walk: &Walk, number: u8, depth: Limit, count: Option<Limit>) {
    let heights = heights(session, walk, &["extends"], true);
    let mut counts = session.elements.filled(0u64);
    for &node in &walk.order {
        let sum = walk
            .edges(node)
            .filter(|(property, _)| *property == "extends")
            .map(|(_, to)| counts[to].saturating_add(1))
            .fold(0, u64::saturating_add);
        counts[node] = sum;
    }
    for &node in &walk.order {
        let element = &session.elements[node];
        if element.kind != K::Interface || !of_version(element, number) {
            continue;
        }
        let (id, limits) = (element.id.clone(), element.limits);
        let height = heights[node];
        let max = depth.get(limits);
        if height > max {
            let at = session.property_at(node, "extends");
            session.report(
                Code::ExcessiveDepthNarrow,
                at,
                &id,
                Some("extends"),
                format!("{id} extends Interfaces {height} levels deep; the limit is {max}."),
                "Remove intermediate Interfaces.",
            );
        }
        let reached = counts[node];
        if let Some(max) = count
            .map(|count| count.get(limits))
            .filter(|max| reached > *max as u64)
        {
            let at = session.property_at(node, "extends");
            session.report(
                Code::ExcessiveCount,
                at,
                &id,
                Some("extends"),
                format!("{id} extends {reached} Interfaces, directly and indirectly; the limit is {max}."),
                "Extend fewer Interfaces.",
            );
        }
    }
}

fn ancestors(session: &Session<'_>, walk: &Walk) -> Ancestors {
    // A model with errors may exceed the limits on `extends`, so its ancestor lists are truncated. Complete lists could
    // take memory quadratic in the number of Interfaces.
    let longest = if session.diagnostic_count() == 0 {
        usize::MAX
    } else {
        256
    };
    let mut all = Ancestors::new();
    for &node in &walk.order {
        let mut list: Vec<ElementIndex> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (_, to) in walk.edges(node).filter(|(property, _)| *property == "extends") {
            if seen.insert(to) {
                list.push(to);
            }
        }
        if list.is_empty() {
            continue;
        }
        for direct in list.clone() {
            for further in all.get(&direct).into_iter().flatten() {
                if seen.insert(*further) {
                    list.push(*further);
                }
            }
        }
        list.truncate(longest);
        all.insert(node, list);
    }
    all
}

fn check_count(
    session: &mut Session<'_>,
    walk: &Walk,
    ancestors: &Ancestors,
    number: u8,
    through: &[&str],
    max: impl Fn(Limits) -> usize,
) {
    // `own` excludes inherited elements, so the sum over all ancestors counts the elements of each ancestor once.
    let mut own = session.elements.filled(0u64);
    let mut total = session.elements.filled(0u64);
    for &node in &walk.order {
        let sum = walk
            .edges(node)
            .filter(|(property, _)| through.contains(property))
            .map(|(_, to)| total[to].saturating_add(1))
            .fold(0, u64::saturating_add);
        let inherited = ancestors
            .get(&node)
            .into_iter()
            .flatten()
            .map(|ancestor| own[*ancestor])
            .fold(0, u64::saturating_add);
        own[node] = sum;
        total[node] = sum.saturating_add(inherited);
    }
    for &node in &walk.order {
        let element = &session.elements[node];
        let max = max(element.limits) as u64;
        let reached = total[node];
        if element.kind == K::Interface && reached > max && of_version(element, number) {
            let id = element.id.clone();
            let at = session.property_at(node, "contents");
            session.report(
                Code::ExcessiveCount,
                at,
                &id,
                Some("contents"),
                format!("{id} has {reached} elements below its `contents`, including inherited ones; the limit is {max}."),
                "Split the Interface.",
            );
        }
    }
}

fn check_contents(session: &mut Session<'_>, ancestors: &Ancestors, number: u8, max: usize) {
    for node in session.interfaces() {
        let element = &session.elements[node];
        let inherited: usize = ancestors
            .get(&node)
            .into_iter()
            .flatten()
            .map(|ancestor| session.elements[*ancestor].targets("contents").count())
            .sum();
        let reached = element.targets("contents").count() + inherited;
        if reached > max && of_version(element, number) {
            let id = element.id.clone();
            let at = session.property_at(node, "contents");
            session.report(
                Code::ObjectCountAboveMax,
                at,
                &id,
                Some("contents"),
                format!("{id} has {reached} contents, including inherited ones; the limit is {max}."),
                "Split the Interface.",
            );
        }
    }
}

fn check_excluded(
    session: &mut Session<'_>,
    walk: &Walk,
    number: u8,
    root: K,
    via: &[&str],
    kind: K,
    narrow: bool,
) {
    // For each element, one of the excluded elements below it, or `None`.
    let mut below = session.elements.filled(None::<ElementIndex>);
    for &node in &walk.order {
        let found = walk.edges(node).find_map(|(property, to)| {
            let target = &session.elements[to];
            let direct = via.contains(&property) && target.kind == kind;
            let follows = via.contains(&property) || property == "extends" || !narrow;
            if direct {
                Some(to)
            } else if follows && (narrow || target.kind != K::Interface) {
                below[to]
            } else {
                None
            }
        });
        below[node] = found;
    }
    for &node in &walk.order {
        let element = &session.elements[node];
        let Some(found) = below[node] else { continue };
        if element.kind == root && of_version(element, number) {
            let id = element.id.clone();
            let culprit = session.elements[found].id.clone();
            let at = session.property_at(node, "schema");
            session.report(
                Code::ExcludedType,
                at,
                &id,
                Some("schema"),
                format!("The `schema` of this {root} contains {culprit}, {}; DTDL version {number} does not allow that.", kind.with_article()),
                format!("Use a `schema` without {}.", kind.with_article()),
            );
        }
    }
}
