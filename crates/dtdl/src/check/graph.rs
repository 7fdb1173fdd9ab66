//! The elements of a model as a graph, walked once without recursion.

use crate::Code;
use crate::metamodel::{Control, ElementKind, version};
use crate::parser::Session;

/// An order in which every element comes after those it refers to.
pub(super) struct Walk {
    pub(super) order: Vec<u32>,
    /// All references, those of one element next to each other; `GONE` stands for one that closes a circle, which
    /// is left out of all sums.
    edges: Vec<(&'static str, u32)>,
    /// Where the references of each element begin, and at last where they end.
    starts: Vec<usize>,
}

const GONE: u32 = u32::MAX;

impl Walk {
    fn new(session: &Session<'_>) -> Self {
        let count = session.count();
        let mut edges = Vec::with_capacity(count * 2);
        let mut starts = Vec::with_capacity(count + 1);
        for node in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            starts.push(edges.len());
            edges.extend(session.references(node));
        }
        starts.push(edges.len());
        Self {
            order: Vec::with_capacity(count),
            edges,
            starts,
        }
    }

    /// Which of all references are those of an element.
    fn range(&self, from: u32) -> std::ops::Range<usize> {
        let start = |index: usize| self.starts.get(index).copied().unwrap_or(self.edges.len());
        start(from as usize)..start(from as usize + 1)
    }

    /// The references of an element that lead on, in pairs of property and element.
    pub(super) fn edges(&self, from: u32) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        let edges = self.edges.get(self.range(from)).unwrap_or_default();
        edges.iter().copied().filter(|(_, to)| *to != GONE)
    }
}

/// The property that led to an element, the element, and which of its references are still to follow.
type Step = (&'static str, u32, std::ops::Range<usize>);

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
    let mut walk = Walk::new(session);
    let count = u32::try_from(session.count()).unwrap_or(u32::MAX);
    let mut states = vec![State::New; session.count()];
    let mut circles: Vec<Circle> = Vec::new();
    let mut stack: Vec<Step> = Vec::new();
    for start in 0..count {
        if states.get(start as usize) != Some(&State::New) {
            continue;
        }
        set(&mut states, start, State::Open);
        stack.push(("", start, walk.range(start)));
        while let Some((_, node, rest)) = stack.last_mut() {
            let node = *node;
            let Some(place) = rest.next() else {
                set(&mut states, node, State::Done);
                walk.order.push(node);
                stack.pop();
                continue;
            };
            let Some((property, next)) = walk.edges.get(place).copied() else {
                continue;
            };
            match states.get(next as usize) {
                Some(State::New) => {
                    set(&mut states, next, State::Open);
                    stack.push((property, next, walk.range(next)));
                }
                Some(State::Open) => {
                    if let Some((_, to)) = walk.edges.get_mut(place) {
                        *to = GONE;
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
