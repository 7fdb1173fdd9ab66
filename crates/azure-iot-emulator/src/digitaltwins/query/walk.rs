//! The walk from one starting point: depth first, with an explicit stack instead of recursion, so that it can pause
//! anywhere and release the graph.
//!
//! During the walk, a frame borrows the relationships of a twin from the graph. For a pause it keeps the relationship
//! that it followed last, and resumes behind it in the order of the twin's relationships, whatever was added or removed.
//! Frames that the starting point no longer leads to are dropped.

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

/// A paused walk.
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

/// The walk from one starting point, then from the next.
pub(super) struct Walk<'a> {
    plan: &'a Plan<'a>,
    root: Slot,
    row: Row<'a>,
    /// The twins of the pattern on the current path.
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

/// The position of a frame on the path.
#[derive(Debug, Clone, Copy)]
struct Place {
    twin: Slot,
    /// Hops that are done.
    done: usize,
    /// Relationships of this hop on the path, including the one to follow.
    depth: u32,
    /// The number of visited twins before this frame.
    visited: usize,
}

/// The relationship that a frame followed last.
#[derive(Debug, Clone, Copy)]
struct Followed {
    relationship: Slot,
    forward: bool,
    to: Slot,
    /// Whether the hop is still to continue from there.
    goes_on: bool,
}

impl<'a> Frame<'a> {
    /// Returns `None` if the twin is gone.
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

    /// Returns the next relationship, and whether it is outgoing.
    fn next(&mut self) -> Option<(Slot, bool)> {
        match self.outgoing.next() {
            Some(slot) => Some((*slot, true)),
            None => self.incoming.next().map(|slot| (*slot, false)),
        }
    }

    /// Skips what was followed already. Returns whether the relationship that was followed last is still the same.
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
    /// Creates a walk that is over, ready to [start](Self::start).
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

    /// Returns whether there is nothing more to follow.
    pub(super) fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    /// Starts at a starting point and returns whether a row is complete. The walk from another one must be over.
    pub(super) fn start(&mut self, root: Slot) -> bool {
        self.root = root;
        self.row.slots[self.plan.root] = root;
        self.visited.clear();
        if self.plan.root_in_pattern {
            self.visited.push(root);
        }
        self.after(0)
    }

    /// Follows one more relationship, or leaves a twin, and returns whether a row is complete.
    pub(super) fn step(&mut self) -> bool {
        let graph = self.row.graph;
        let Some(frame) = self.frames.last_mut() else {
            return false;
        };
        let place = frame.place;
        self.visited.truncate(place.visited);
        let hop = &self.plan.hops[place.done];
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
        let relationship = graph.listed_relationship(slot);
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

    /// Pushes a frame for the relationships of a twin.
    fn descend(&mut self, hop: &Hop<'a>, twin: Slot, done: usize, depth: u32) {
        let place = Place {
            twin,
            done,
            depth,
            visited: self.visited.len(),
        };
        self.frames.extend(Frame::new(self.row.graph, hop, place));
    }

    /// Accepts a twin as the end of a hop, if it can be that, and returns whether a row is complete.
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
            self.row.slots[hop.to] = to;
        }
        if let Some(variable) = hop.relationship {
            self.row.slots[variable] = relationship;
        }
        if hop.in_pattern {
            self.visited.push(to);
        }
        self.after(done + 1)
    }

    /// Tests what is known after `done` hops, then goes to the next one. Returns whether a row is complete.
    fn after(&mut self, done: usize) -> bool {
        if !self.holds(done) {
            return false;
        }
        let Some(hop) = self.plan.hops.get(done) else {
            return true;
        };
        self.descend(hop, self.row.slots[hop.from], done, 1);
        false
    }

    fn holds(&self, done: usize) -> bool {
        self.plan.tests[done]
            .iter()
            .all(|test| test.holds(&self.row) == Some(true))
    }

    /// Returns the rest of the walk, which no longer borrows the graph.
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
    /// Resumes in the graph in which the walk started, as far as its path still exists; `None` if the starting point is
    /// gone.
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
            // Every relationship before this frame is still the same, and so are the slots of the twins; but what the
            // tests read may have changed.
            if place.depth == 1 && !walk.holds(place.done) {
                break;
            }
            let Some(mut frame) = Frame::new(graph, &plan.hops[place.done], place) else {
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
