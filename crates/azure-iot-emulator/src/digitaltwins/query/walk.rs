//! The walk from one starting point: depth first, with a stack of its own instead of recursion, so that it can pause
//! anywhere and let others have the graph.
//!
//! While it walks, a frame borrows the relationships of a twin from the graph. For a pause it keeps the relationship
//! it followed last; after it the walk goes on from there in the order of the twin's relationships, whatever has come
//! or gone. What no longer leads from the starting point to the place of the pause is left.

use std::slice::Iter;
use std::sync::Arc;

use twin_query::digitaltwins::Direction;

use crate::digitaltwins::query::plan::{Hop, Plan};
use crate::digitaltwins::query::row::Row;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::slab::Slot;

/// A variable that has no value yet.
const UNKNOWN: Slot = Slot::MAX;

/// Where a walk paused.
#[derive(Debug)]
pub(super) struct Paused {
    root: Slot,
    root_id: Option<Arc<str>>,
    slots: Vec<Slot>,
    visited: Vec<Slot>,
    frames: Vec<PausedFrame>,
}

/// A frame that borrows nothing.
#[derive(Debug)]
struct PausedFrame {
    place: Place,
    followed: Option<(Followed, Arc<Relationship>)>,
}

/// The search from one starting point, then from the next.
pub(super) struct Walk<'a> {
    plan: &'a Plan<'a>,
    root: Slot,
    row: Row<'a>,
    /// The twins of the pattern on the way here.
    visited: Vec<Slot>,
    frames: Vec<Frame<'a>>,
}

/// A twin whose relationships are followed.
struct Frame<'a> {
    place: Place,
    outgoing: Iter<'a, Slot>,
    incoming: Iter<'a, Slot>,
    followed: Option<Followed>,
}

/// Where on the way a frame is.
#[derive(Debug, Clone, Copy)]
struct Place {
    twin: Slot,
    /// Hops that are done.
    done: usize,
    /// Relationships of this hop on the way, the one to follow included.
    depth: u32,
    /// How many twins are visited when this frame's turn comes.
    visited: usize,
}

/// The relationship that a frame followed last.
#[derive(Debug, Clone, Copy)]
struct Followed {
    relationship: Slot,
    forward: bool,
    to: Slot,
    /// Whether the hop is to go on from there yet.
    goes_on: bool,
}

impl<'a> Frame<'a> {
    /// Nothing if the twin is gone.
    fn new(graph: &'a Graph, hop: &Hop<'_>, place: Place) -> Option<Self> {
        let node = graph.node(place.twin)?;
        let unless = |list: &'a [Slot], direction| match hop.direction == direction {
            true => [].iter(),
            false => list.iter(),
        };
        Some(Frame {
            place,
            outgoing: unless(&node.outgoing, Direction::Incoming),
            incoming: unless(&node.incoming, Direction::Outgoing),
            followed: None,
        })
    }

    /// The next relationship, and whether it is outgoing.
    fn next(&mut self) -> Option<(Slot, bool)> {
        match self.outgoing.next() {
            Some(slot) => Some((*slot, true)),
            None => self.incoming.next().map(|slot| (*slot, false)),
        }
    }

    /// Leaves out what was followed already. Tells whether the relationship followed last is still the one that it was.
    fn skip(&mut self, graph: &Graph, followed: Followed, relationship: &Relationship) -> bool {
        let list = match followed.forward {
            true => &mut self.outgoing,
            false => {
                self.outgoing = [].iter();
                &mut self.incoming
            }
        };
        let found = match followed.forward {
            true => graph.outgoing_position(list.as_slice(), &relationship.id),
            false => graph.incoming_position(list.as_slice(), &relationship.id, &relationship.source_id),
        };
        let (Ok(at) | Err(at)) = found;
        let rest = list.as_slice().get(at..).unwrap_or_default();
        *list = rest.iter();
        let same = found.is_ok()
            && list.next() == Some(&followed.relationship)
            && graph
                .relationship(followed.relationship)
                .is_some_and(|now| now.continues(relationship));
        if same {
            self.followed = Some(followed);
        }
        same
    }
}

impl<'a> Walk<'a> {
    /// A walk that is over, ready to [start](Self::start).
    pub(super) fn new(plan: &'a Plan<'a>, graph: &'a Graph, with_update_times: bool) -> Self {
        Walk {
            plan,
            root: UNKNOWN,
            row: Row {
                graph,
                variables: &plan.variables,
                slots: vec![UNKNOWN; plan.variables.len()],
                with_update_times,
            },
            visited: Vec::new(),
            frames: Vec::new(),
        }
    }

    pub(super) fn plan(&self) -> &'a Plan<'a> {
        self.plan
    }

    pub(super) fn row(&self) -> &Row<'a> {
        &self.row
    }

    /// Whether there is nothing more to follow.
    pub(super) fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    /// The first step, at a starting point; tells whether a row is complete. The walk from another one must be over.
    pub(super) fn start(&mut self, root: Slot) -> bool {
        self.root = root;
        set(&mut self.row, self.plan.root, root);
        self.visited.clear();
        if self.plan.root_in_pattern {
            self.visited.push(root);
        }
        self.after(0)
    }

    /// Follows one more relationship, or leaves a twin; tells whether a row is complete.
    pub(super) fn step(&mut self) -> bool {
        let graph = self.row.graph;
        let Some(frame) = self.frames.last_mut() else {
            return false;
        };
        let place = frame.place;
        self.visited.truncate(place.visited);
        // Only as many hops as there are have frames.
        let Some(hop) = self.plan.hops.get(place.done) else {
            return false;
        };
        if let Some(followed) = &mut frame.followed
            && std::mem::take(&mut followed.goes_on)
        {
            let to = followed.to;
            self.visited.push(to);
            self.descend(hop, to, place.done, place.depth + 1);
            return false;
        }
        let Some((slot, forward)) = frame.next() else {
            self.frames.pop();
            return false;
        };
        let Some(relationship) = graph.relationship(slot) else {
            return false;
        };
        let to = if forward {
            relationship.target
        } else {
            relationship.source
        };
        let followed = frame.followed.insert(Followed {
            relationship: slot,
            forward,
            to,
            goes_on: false,
        });
        if !hop.names.is_empty() && !hop.names.contains(&&*relationship.name) {
            return false;
        }
        let seen_before = hop.in_pattern && self.visited.contains(&to);
        followed.goes_on = place.depth < hop.most && !seen_before;
        if place.depth >= hop.least {
            return self.arrive(hop, place.done, slot, to, seen_before);
        }
        false
    }

    /// Goes to the relationships of a twin.
    fn descend(&mut self, hop: &Hop<'a>, twin: Slot, done: usize, depth: u32) {
        let place = Place {
            twin,
            done,
            depth,
            visited: self.visited.len(),
        };
        self.frames.extend(Frame::new(self.row.graph, hop, place));
    }

    /// Takes a twin as the end of a hop, if it can be that.
    fn arrive(
        &mut self,
        hop: &Hop<'a>,
        done: usize,
        relationship: Slot,
        to: Slot,
        seen_before: bool,
    ) -> bool {
        if hop.closes {
            if self.row.slots.get(hop.to) != Some(&to) {
                return false;
            }
        } else if seen_before {
            return false;
        }
        if !hop.closes {
            set(&mut self.row, hop.to, to);
        }
        if let Some(variable) = hop.relationship {
            set(&mut self.row, variable, relationship);
        }
        if hop.in_pattern {
            self.visited.push(to);
        }
        self.after(done + 1)
    }

    /// Tests what is known after so many hops, then goes to the next one, or has a row.
    fn after(&mut self, done: usize) -> bool {
        if !self.holds(done) {
            return false;
        }
        let Some(hop) = self.plan.hops.get(done) else {
            return true;
        };
        let from = self.row.slots.get(hop.from).copied().unwrap_or(UNKNOWN);
        self.descend(hop, from, done, 1);
        false
    }

    fn holds(&self, done: usize) -> bool {
        let tests = self.plan.tests.get(done).map(Vec::as_slice).unwrap_or_default();
        tests.iter().all(|test| test.holds(&self.row) == Some(true))
    }

    /// What is left of the walk, without the graph.
    pub(super) fn pause(&mut self) -> Paused {
        let graph = self.row.graph;
        let frames = std::mem::take(&mut self.frames).into_iter().map(|frame| {
            let followed = frame.followed.and_then(|followed| {
                let relationship = graph.relationship(followed.relationship)?;
                Some((followed, Arc::clone(relationship)))
            });
            PausedFrame {
                place: frame.place,
                followed,
            }
        });
        Paused {
            root: self.root,
            root_id: graph.twin(self.root).map(|twin| Arc::clone(&twin.id)),
            frames: frames.collect(),
            slots: self.row.slots.clone(),
            visited: self.visited.clone(),
        }
    }
}

impl Paused {
    /// Goes on in the graph from which the walk began, as far as the way is still there; nothing if the starting point
    /// is gone.
    pub(super) fn resume<'a>(
        self,
        plan: &'a Plan<'a>,
        graph: &'a Graph,
        with_update_times: bool,
    ) -> Option<Walk<'a>> {
        if self.root_id.as_ref() != graph.twin(self.root).map(|twin| &twin.id) {
            return None;
        }
        let mut walk = Walk::new(plan, graph, with_update_times);
        (walk.root, walk.row.slots, walk.visited) = (self.root, self.slots, self.visited);
        for PausedFrame { place, followed } in self.frames {
            // Every relationship before this frame is the one that it was, so the places of the twins are, too; but
            // what the tests read may have changed.
            if place.depth == 1 && !walk.holds(place.done) {
                break;
            }
            let hop = plan.hops.get(place.done);
            let Some(mut frame) = hop.and_then(|hop| Frame::new(graph, hop, place)) else {
                break;
            };
            let goes_on =
                followed.is_none_or(|(followed, relationship)| frame.skip(graph, followed, &relationship));
            walk.frames.push(frame);
            if !goes_on {
                break;
            }
        }
        Some(walk)
    }
}

fn set(row: &mut Row<'_>, variable: usize, slot: Slot) {
    if let Some(place) = row.slots.get_mut(variable) {
        *place = slot;
    }
}
