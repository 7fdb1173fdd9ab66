//! How deep, how many and what, below each element.

use super::Ancestors;
use super::graph::Walk;
use crate::Code;
use crate::metamodel::{Control, ElementKind as K, version};
use crate::parser::Session;

/// Checks the controls of each version, and works out who extends whom.
pub(super) fn check(session: &mut Session<'_>, walk: &Walk) -> Ancestors {
    let controls: Vec<(u8, Control)> = crate::metamodel::VERSIONS
        .into_iter()
        .filter(|number| session.has_version(*number))
        .filter_map(version)
        .flat_map(|version| version.controls.iter().map(|control| (version.number, *control)))
        .collect();
    for (number, control) in &controls {
        match control {
            Control::Depth { hops, .. } => depth(session, walk, *number, control, hops),
            Control::Extends { .. } => extends(session, walk, *number, control),
            _ => {}
        }
    }
    let ancestors = ancestors(session, walk);
    for (number, control) in &controls {
        match control {
            Control::Count { through, max } => {
                let max = *max;
                count(session, walk, &ancestors, *number, through, |limits| {
                    max.get(limits)
                });
            }
            Control::Contents { max } => contents(session, &ancestors, *number, *max),
            Control::Exclude {
                root,
                via,
                kind,
                narrow,
            } => {
                exclude(session, walk, *number, *root, via, *kind, *narrow);
            }
            _ => {}
        }
    }
    ancestors
}

fn of_version(session: &Session<'_>, node: u32, number: u8) -> bool {
    session
        .get(node)
        .is_some_and(|element| element.version == number && element.span.is_some())
}

/// The longest way down from each element, counting steps through some properties.
fn heights(session: &Session<'_>, walk: &Walk, hops: &[&str], only: bool) -> Vec<usize> {
    let mut heights = vec![0usize; session.count()];
    for &node in &walk.order {
        let height = walk
            .edges(node)
            .filter(|(property, to)| {
                let counts = hops.contains(property);
                counts
                    || (!only
                        && session
                            .get(*to)
                            .is_none_or(|element| element.kind != K::Interface))
            })
            .map(|(property, to)| {
                heights.get(to as usize).copied().unwrap_or(0) + usize::from(hops.contains(&property))
            })
            .max()
            .unwrap_or(0);
        if let Some(entry) = heights.get_mut(node as usize) {
            *entry = height;
        }
    }
    heights
}

fn depth(session: &mut Session<'_>, walk: &Walk, number: u8, control: &Control, hops: &[&str]) {
    let Control::Depth { max, .. } = control else {
        return;
    };
    let heights = heights(session, walk, hops, false);
    for &node in &walk.order {
        let Some(element) = session.get(node) else {
            continue;
        };
        let max = max.get(element.limits);
        let height = heights.get(node as usize).copied().unwrap_or(0);
        if element.kind.is_complex_schema() && height > max && of_version(session, node, number) {
            let id = element.id.clone();
            let at = session.at_property(node, "@type");
            session.report(
                Code::ExcessiveDepthWide,
                at,
                &id,
                None,
                format!("This schema nests {height} levels deep; {max} are allowed."),
                "Flatten it: move inner schemas up, or leave levels out.",
            );
        }
    }
}

fn extends(session: &mut Session<'_>, walk: &Walk, number: u8, control: &Control) {
    let Control::Extends { depth, count } = control else {
        return;
    };
    let heights = heights(session, walk, &["extends"], true);
    let mut counts = vec![0u64; session.count()];
    for &node in &walk.order {
        let sum = walk
            .edges(node)
            .filter(|(property, _)| *property == "extends")
            .map(|(_, to)| counts.get(to as usize).copied().unwrap_or(0).saturating_add(1))
            .fold(0, u64::saturating_add);
        if let Some(entry) = counts.get_mut(node as usize) {
            *entry = sum;
        }
    }
    for &node in &walk.order {
        let Some(element) = session.get(node) else {
            continue;
        };
        if element.kind != K::Interface || !of_version(session, node, number) {
            continue;
        }
        let (id, limits) = (element.id.clone(), element.limits);
        let height = heights.get(node as usize).copied().unwrap_or(0);
        let max = depth.get(limits);
        if height > max {
            let at = session.at_property(node, "extends");
            session.report(
                Code::ExcessiveDepthNarrow,
                at,
                &id,
                Some("extends"),
                format!("{id} extends others over {height} levels; {max} are allowed."),
                "Leave out levels in between.",
            );
        }
        let reached = counts.get(node as usize).copied().unwrap_or(0);
        if let Some(max) = count
            .map(|count| count.get(limits))
            .filter(|max| reached > *max as u64)
        {
            let at = session.at_property(node, "extends");
            session.report(
                Code::ExcessiveCount,
                at,
                &id,
                Some("extends"),
                format!("{id} extends {reached} Interfaces, counting the indirect ones; {max} are allowed."),
                "Extend fewer Interfaces.",
            );
        }
    }
}

fn ancestors(session: &Session<'_>, walk: &Walk) -> Ancestors {
    // In a model that breaks the limits on depth and number, full lists could grow with the square of its size.
    let longest = if session.findings() == 0 { usize::MAX } else { 256 };
    let mut all = Ancestors::new();
    for &node in &walk.order {
        let mut list: Vec<u32> = Vec::new();
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

fn count(
    session: &mut Session<'_>,
    walk: &Walk,
    ancestors: &Ancestors,
    number: u8,
    through: &[&str],
    max: impl Fn(crate::metamodel::Limits) -> usize,
) {
    // For an Interface, what it defines itself; inherited elements are added where it is used.
    let mut own = vec![0u64; session.count()];
    let mut total = vec![0u64; session.count()];
    for &node in &walk.order {
        let sum = walk
            .edges(node)
            .filter(|(property, _)| through.contains(property))
            .map(|(_, to)| total.get(to as usize).copied().unwrap_or(0).saturating_add(1))
            .fold(0, u64::saturating_add);
        let inherited = ancestors
            .get(&node)
            .into_iter()
            .flatten()
            .map(|ancestor| own.get(*ancestor as usize).copied().unwrap_or(0))
            .fold(0, u64::saturating_add);
        if let (Some(own), Some(total)) = (own.get_mut(node as usize), total.get_mut(node as usize)) {
            *own = sum;
            *total = sum.saturating_add(inherited);
        }
    }
    for &node in &walk.order {
        let Some(element) = session.get(node) else {
            continue;
        };
        let max = max(element.limits) as u64;
        let reached = total.get(node as usize).copied().unwrap_or(0);
        if element.kind == K::Interface && reached > max && of_version(session, node, number) {
            let id = element.id.clone();
            let at = session.at_property(node, "contents");
            session.report(
                Code::ExcessiveCount,
                at,
                &id,
                Some("contents"),
                format!("{id} has {reached} elements in all; {max} are allowed."),
                "Split the Interface.",
            );
        }
    }
}

fn contents(session: &mut Session<'_>, ancestors: &Ancestors, number: u8, max: usize) {
    for node in session.interfaces() {
        let Some(element) = session.get(node) else {
            continue;
        };
        let inherited: usize = ancestors
            .get(&node)
            .into_iter()
            .flatten()
            .filter_map(|ancestor| session.get(*ancestor))
            .map(|ancestor| ancestor.targets("contents").len())
            .sum();
        let reached = element.targets("contents").len() + inherited;
        if reached > max && of_version(session, node, number) {
            let id = element.id.clone();
            let at = session.at_property(node, "contents");
            session.report(
                Code::ObjectCountAboveMax,
                at,
                &id,
                Some("contents"),
                format!("{id} has {reached} contents, with the inherited ones; {max} are allowed."),
                "Split the Interface.",
            );
        }
    }
}

fn exclude(session: &mut Session<'_>, walk: &Walk, number: u8, root: K, via: &[&str], kind: K, narrow: bool) {
    // For each element, one that is excluded somewhere below it.
    let mut below: Vec<Option<u32>> = vec![None; session.count()];
    for &node in &walk.order {
        let found = walk.edges(node).find_map(|(property, to)| {
            let target = session.get(to)?;
            let direct = via.contains(&property) && target.kind == kind;
            let follows = via.contains(&property) || property == "extends" || !narrow;
            if direct {
                Some(to)
            } else if follows && (narrow || target.kind != K::Interface) {
                below.get(to as usize).copied().flatten()
            } else {
                None
            }
        });
        if let Some(entry) = below.get_mut(node as usize) {
            *entry = found;
        }
    }
    for &node in &walk.order {
        let Some(element) = session.get(node) else {
            continue;
        };
        let Some(found) = below.get(node as usize).copied().flatten() else {
            continue;
        };
        if element.kind == root && of_version(session, node, number) {
            let id = element.id.clone();
            let culprit = session
                .get(found)
                .map_or_else(String::new, |found| found.id.to_string());
            let at = session.at_property(node, "schema");
            session.report(
                Code::ExcludedType,
                at,
                &id,
                Some("schema"),
                format!("Below the `schema` of a {root} there is {culprit}, which is of type {kind}; version {number} of DTDL does not allow that."),
                format!("Use a schema without {kind} in it."),
            );
        }
    }
}
