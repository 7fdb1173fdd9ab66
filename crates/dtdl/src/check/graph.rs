//! The elements of a model as a graph, walked once without recursion.

use crate::Code;
use crate::metamodel::{Control, ElementKind, version};
use crate::parser::Session;

/// An order in which every element comes after those it refers to.
pub(super) struct Walk {
    pub(super) order: Vec<u32>,
    /// For each element, which of its references close a circle; these are left out of all sums.
    back: Vec<Vec<u32>>,
}

impl Walk {
    /// The references of an element that lead on, in pairs of property and element.
    pub(super) fn edges<'s>(
        &'s self,
        session: &'s Session<'_>,
        from: u32,
    ) -> impl Iterator<Item = (&'static str, u32)> + 's {
        let back = self.back.get(from as usize);
        session
            .references(from)
            .filter(move |(_, to)| back.is_none_or(|back| !back.contains(to)))
    }
}

/// The property that led to an element, the element, and its references still to follow.
type Step = (&'static str, u32, Vec<(&'static str, u32)>);

/// References that lead back to where they begin.
struct Circle {
    root: u32,
    only_extends: bool,
    has_interface: bool,
}

impl Circle {
    fn of(session: &Session<'_>, steps: impl Iterator<Item = (&'static str, u32)>, root: u32) -> Self {
        let mut circle = Self {
            root,
            only_extends: true,
            has_interface: false,
        };
        for (property, node) in steps {
            circle.only_extends &= property == "extends";
            circle.has_interface |= session
                .get(node)
                .is_some_and(|element| element.kind == ElementKind::Interface);
        }
        circle
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Walks the elements and reports circles.
pub(super) fn walk(session: &mut Session<'_>) -> Walk {
    let count = session.count();
    let mut walk = Walk {
        order: Vec::with_capacity(count),
        back: vec![Vec::new(); count],
    };
    let mut states = vec![State::New; count];
    let mut circles: Vec<Circle> = Vec::new();
    let all = u32::try_from(count).unwrap_or(u32::MAX);
    for start in 0..all {
        if states.get(start as usize) != Some(&State::New) {
            continue;
        }
        let mut stack: Vec<Step> = Vec::new();
        open(session, &mut states, &mut stack, "", start);
        while let Some((_, node, rest)) = stack.last_mut() {
            let node = *node;
            let Some((property, next)) = rest.pop() else {
                set(&mut states, node, State::Done);
                walk.order.push(node);
                stack.pop();
                continue;
            };
            match states.get(next as usize) {
                Some(State::New) => open(session, &mut states, &mut stack, property, next),
                Some(State::Open) => {
                    if let Some(back) = walk.back.get_mut(node as usize) {
                        back.push(next);
                    }
                    let from = stack.iter().position(|(_, known, _)| *known == next).unwrap_or(0);
                    let steps = stack
                        .iter()
                        .skip(from + 1)
                        .map(|(property, node, _)| (*property, *node));
                    circles.push(Circle::of(session, steps.chain([(property, next)]), next));
                }
                _ => {}
            }
        }
    }
    for circle in circles {
        report(session, circle);
    }
    walk
}

fn open(
    session: &Session<'_>,
    states: &mut [State],
    stack: &mut Vec<Step>,
    property: &'static str,
    node: u32,
) {
    set(states, node, State::Open);
    let mut references: Vec<_> = session.references(node).collect();
    references.reverse();
    stack.push((property, node, references));
}

fn set(states: &mut [State], node: u32, state: State) {
    if let Some(entry) = states.get_mut(node as usize) {
        *entry = state;
    }
}

fn report(session: &mut Session<'_>, circle: Circle) {
    let Some(element) = session.get(circle.root) else {
        return;
    };
    let (id, number) = (element.id.clone(), element.version);
    let at = session.at_property(circle.root, "@id");
    if circle.only_extends {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} extends itself, directly or through others."),
            "Remove one `extends` from the circle.",
        );
    } else if circle.has_interface {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} contains itself through its `contents` and the `schema` of a Component."),
            "Remove a Component from the circle; a Relationship can stand for it.",
        );
    } else {
        let may_recur = version(number).is_some_and(|version| {
            version
                .controls
                .iter()
                .any(|control| matches!(control, Control::Depth { may_recur: true, .. }))
        });
        if !may_recur {
            session.report(
                Code::RecursiveStructureWide,
                at,
                &id,
                None,
                format!("The schema {id} contains itself."),
                "Use another schema inside it; from version 4 on, schemas may contain themselves.",
            );
        }
    }
}
