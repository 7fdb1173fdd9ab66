//! Walks the graph of elements once, without recursion, and reports cycles.

use std::ops::Range;

use crate::Code;
use crate::metamodel::{Control, ElementKind, version};
use crate::model::{ElementIndex, PerElement};
use crate::parser::session::Session;

/// The order of the elements and their references, as found by [`walk`].
pub(super) struct Walk {
    /// The elements in dependency order: each follows the elements that it refers to.
    pub(super) order: Vec<ElementIndex>,
    /// All references, grouped by element. A reference that closes a cycle is replaced with `None`, so that depths and
    /// counts ignore it.
    edges: Vec<Option<Edge>>,
    /// The range of `edges` of each element.
    ranges: PerElement<Range<usize>>,
}

/// A property and an element that it refers to.
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

    /// Returns the references of an element, except those that close a cycle.
    #[expect(clippy::indexing_slicing, reason = "`ranges` are ranges of `edges`")]
    pub(super) fn edges(&self, from: ElementIndex) -> impl Iterator<Item = Edge> + '_ {
        self.edges[self.ranges[from].clone()].iter().flatten().copied()
    }
}

/// A step of the walk: the property that led to the element, the element, and the range of its unvisited references.
type Step = (&'static str, ElementIndex, Range<usize>);

/// A cycle of references, which starts and ends at `root`.
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

#[expect(
    clippy::indexing_slicing,
    reason = "the indices come from `ranges`, which are ranges of `edges`"
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
            let Some(edge) = rest.next() else {
                states[node] = State::Done;
                walk.order.push(node);
                stack.pop();
                continue;
            };
            let Some((property, next)) = walk.edges[edge] else {
                continue;
            };
            match states[next] {
                State::New => {
                    states[next] = State::Open;
                    stack.push((property, next, walk.ranges[next].clone()));
                }
                State::Open => {
                    walk.edges[edge] = None;
                    // The stack is the path to the current element. The cycle consists of the steps after `next`, and
                    // the step that closes it.
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
    let at = session.property_at(cycle.root, "@id");
    if cycle.only_extends {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} extends itself, directly or indirectly."),
            "Remove one `extends` from the cycle.",
        );
    } else if cycle.has_interface {
        session.report(
            Code::RecursiveStructureNarrow,
            at,
            &id,
            None,
            format!("{id} contains itself through its Components."),
            "Replace one Component of the cycle with a Relationship.",
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
                format!("The schema {id} contains itself, which DTDL version {number} does not allow."),
                "Use another schema inside it, or DTDL version 4, which allows recursive schemas.",
            );
        }
    }
}
