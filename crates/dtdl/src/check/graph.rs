//! The elements of a model as a graph, walked once without recursion.

use std::ops::Range;

use crate::Code;
use crate::metamodel::{Control, ElementKind, version};
use crate::model::{ElementIndex, PerElement};
use crate::parser::session::Session;

/// An order in which every element comes after those it refers to.
pub(super) struct Walk {
    pub(super) order: Vec<ElementIndex>,
    /// All references, those of one element next to each other. `None` stands for one that closes a cycle, which
    /// is left out of all sums.
    edges: Vec<Option<Edge>>,
    /// The edges of each element.
    ranges: PerElement<Range<usize>>,
}

/// A property and an element in it.
type Edge = (&'static str, ElementIndex);

impl Walk {
    fn new(session: &Session<'_>) -> Self {
        let mut edges = Vec::with_capacity(session.elements.len() * 2);
        let mut ranges = PerElement::default();
        for element in session.elements.iter() {
            let start = edges.len();
            edges.extend(element.all_targets().map(Some));
            ranges.push(start..edges.len());
        }
        Self {
            order: Vec::with_capacity(session.elements.len()),
            edges,
            ranges,
        }
    }

    /// Returns the references of an element that close no cycle.
    #[expect(clippy::indexing_slicing, reason = "`ranges` are ranges of `edges`")]
    pub(super) fn edges(&self, from: ElementIndex) -> impl Iterator<Item = Edge> + '_ {
        self.edges[self.ranges[from].clone()].iter().flatten().copied()
    }
}

/// The property that led to an element, the element, and which of its references are still to follow.
type Step = (&'static str, ElementIndex, Range<usize>);

/// References that lead back to where they begin.
struct Cycle {
    root: ElementIndex,
    only_extends: bool,
    has_interface: bool,
}

impl Cycle {
    fn of(session: &Session<'_>, steps: impl Iterator<Item = Edge>, root: ElementIndex) -> Self {
        let mut cycle = Self {
            root,
            only_extends: true,
            has_interface: false,
        };
        for (property, node) in steps {
            cycle.only_extends &= property == "extends";
            cycle.has_interface |= session.elements[node].kind == ElementKind::Interface;
        }
        cycle
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Walks the elements and reports cycles.
#[expect(
    clippy::indexing_slicing,
    reason = "places come from `ranges`, which are ranges of `edges`"
)]
pub(super) fn walk(session: &mut Session<'_>) -> Walk {
    let mut walk = Walk::new(session);
    let mut states = session.elements.filled(State::New);
    let mut cycles: Vec<Cycle> = Vec::new();
    let mut stack: Vec<Step> = Vec::new();
    for start in session.elements.indices() {
        if states[start] != State::New {
            continue;
        }
        states[start] = State::Open;
        stack.push(("", start, walk.ranges[start].clone()));
        while let Some((_, node, rest)) = stack.last_mut() {
            let node = *node;
            let Some(place) = rest.next() else {
                states[node] = State::Done;
                walk.order.push(node);
                stack.pop();
                continue;
            };
            let Some((property, next)) = walk.edges[place] else {
                continue;
            };
            match states[next] {
                State::New => {
                    states[next] = State::Open;
                    stack.push((property, next, walk.ranges[next].clone()));
                }
                State::Open => {
                    walk.edges[place] = None;
                    // The open elements are those on the stack.
                    let steps = stack.iter().skip_while(|(_, known, _)| *known != next).skip(1);
                    let steps = steps.map(|(property, node, _)| (*property, *node));
                    cycles.push(Cycle::of(session, steps.chain([(property, next)]), next));
                }
                State::Done => {}
            }
        }
    }
    for cycle in cycles {
        report(session, cycle);
    }
    walk
}

fn report(session: &mut Session<'_>, cycle: Cycle) {
    let element = &session.elements[cycle.root];
    let (id, number) = (element.id.clone(), element.version);
    let at = session.at_property(cycle.root, "@id");
    if cycle.only_extends {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} extends itself, directly or through others."),
            "Remove one `extends` from the cycle.",
        );
    } else if cycle.has_interface {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} contains itself through its `contents` and the `schema` of a Component."),
            "Remove a Component from the cycle; a Relationship can stand for it.",
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
