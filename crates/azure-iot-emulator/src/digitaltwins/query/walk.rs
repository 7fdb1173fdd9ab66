//! The depth-first traversal from one starting point. It has an explicit stack instead of recursion, so that it can pause
//! after any step and release the graph's lock.
//!
//! A frame of the stack borrows the relationship list of a twin from the graph. A paused frame keeps only the last
//! relationship that it followed, and resumes after it in list order, even if relationships were added or removed
//! in the meantime. Frames that can no longer be reached from the starting point are dropped.

use std::slice::Iter;
use std::sync::Arc;

use twin_query::digitaltwins::Direction;

use crate::digitaltwins::query::plan::{Hop, Plan};
use crate::digitaltwins::query::row::Row;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::slab::Slot;

/// The value of an unbound variable.
const UNBOUND: Slot = Slot::MAX;

/// A paused walk.
#[derive(Debug)]
pub(super) struct Paused {
    root: Slot,
    root_id: Option<Arc<str>>,
    slots: Vec<Slot>,
    visited: Vec<Slot>,
    frames: Vec<PausedFrame>,
}

/// A frame that does not borrow the graph.
#[derive(Debug)]
struct PausedFrame {
    position: Position,
    followed: Option<(Followed, Arc<Relationship>)>,
}

/// A traversal, reused from one starting point to the next.
pub(super) struct Walk<'a> {
    plan: &'a Plan<'a>,
    root: Slot,
    row: Row<'a>,
    /// The twins of the `MATCH` pattern on the current path.
    visited: Vec<Slot>,
    frames: Vec<Frame<'a>>,
}

/// The stack frame of a twin whose relationships are followed.
struct Frame<'a> {
    position: Position,
    outgoing: Iter<'a, Slot>,
    incoming: Iter<'a, Slot>,
    followed: Option<Followed>,
}

/// The position of a frame on the path.
#[derive(Debug, Clone, Copy)]
struct Position {
    twin: Slot,
    /// Number of completed hops.
    done: usize,
    /// Number of relationships of this hop on the path, including the one to follow.
    depth: u32,
    /// Number of visited twins before this frame.
    visited: usize,
}

/// The last relationship that a frame followed.
#[derive(Debug, Clone, Copy)]
struct Followed {
    relationship: Slot,
    forward: bool,
    to: Slot,
    /// Whether the hop continues at the end of the relationship.
    continues: bool,
}

impl<'a> Frame<'a> {
    /// Creates the frame of a position; returns `None` if its twin was deleted.
    fn new(graph: &'a Graph, hop: &Hop<'_>, position: Position) -> Option<Self> {
        let node = graph.node(position.twin)?;
        let unless = |list: &'a [Slot], direction| match hop.direction == direction {
            true => [].iter(),
            false => list.iter(),
        };
        Some(Frame {
            position,
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

    /// Skips the relationships already followed. Returns whether the last of them still exists unchanged.
    #[expect(clippy::expect_used, reason = "a binary search ends within its list")]
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
        let rest = list.as_slice().get(at..).expect("the end of a binary search");
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
    /// Creates an empty traversal, ready to [start](Self::start).
    pub(super) fn new(plan: &'a Plan<'a>, graph: &'a Graph, with_update_times: bool) -> Self {
        Walk {
            plan,
            root: UNBOUND,
            row: Row {
                graph,
                variables: &plan.variables,
                slots: vec![UNBOUND; plan.variables.len()],
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

    /// Returns whether the stack is empty.
    pub(super) fn is_over(&self) -> bool {
        self.frames.is_empty()
    }

    /// Starts at `root` and returns whether a row is complete. The previous traversal must be over.
    pub(super) fn start(&mut self, root: Slot) -> bool {
        self.root = root;
        self.row.slots[self.plan.root] = root;
        self.visited.clear();
        if self.plan.root_in_pattern {
            self.visited.push(root);
        }
        self.after(0)
    }

    /// Follows one relationship, or pops a frame, and returns whether a row is complete.
    pub(super) fn step(&mut self) -> bool {
        let graph = self.row.graph;
        let Some(frame) = self.frames.last_mut() else {
            return false;
        };
        let position = frame.position;
        self.visited.truncate(position.visited);
        let hop = &self.plan.hops[position.done];
        if let Some(followed) = &mut frame.followed
            && std::mem::take(&mut followed.continues)
        {
            let to = followed.to;
            self.visited.push(to);
            self.descend(hop, to, position.done, position.depth + 1);
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
            continues: false,
        });
        if !hop.names.is_empty() && !hop.names.contains(&&*relationship.name) {
            return false;
        }
        let seen_before = hop.in_pattern && self.visited.contains(&to);
        followed.continues = position.depth < hop.most && !seen_before;
        if position.depth >= hop.least {
            return self.arrive(hop, position.done, slot, to, seen_before);
        }
        false
    }

    /// Pushes a frame for the relationships of a twin.
    fn descend(&mut self, hop: &Hop<'a>, twin: Slot, done: usize, depth: u32) {
        let position = Position {
            twin,
            done,
            depth,
            visited: self.visited.len(),
        };
        self.frames.extend(Frame::new(self.row.graph, hop, position));
    }

    /// Binds the end of a hop to a twin, if the hop allows it, and returns whether a row is complete.
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

    /// Evaluates the tests that are decidable after `done` hops, then starts the next hop. Returns whether a row is complete.
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

    /// Returns the rest of the traversal without its borrows of the graph.
    pub(super) fn pause(&mut self) -> Paused {
        let graph = self.row.graph;
        let frames = std::mem::take(&mut self.frames).into_iter().map(|frame| {
            let followed = frame.followed.and_then(|followed| {
                let relationship = graph.relationship(followed.relationship)?;
                Some((followed, Arc::clone(relationship)))
            });
            PausedFrame {
                position: frame.position,
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
    /// Resumes the traversal in the same graph, as far as its path still exists. Returns `None` if the starting
    /// point was deleted.
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
        for PausedFrame { position, followed } in self.frames {
            // The relationships and slots before this frame are unchanged, but the properties that the tests read may
            // have changed.
            if position.depth == 1 && !walk.holds(position.done) {
                break;
            }
            let Some(mut frame) = Frame::new(graph, &plan.hops[position.done], position) else {
                break;
            };
            let continues =
                followed.is_none_or(|(followed, relationship)| frame.skip(graph, followed, &relationship));
            walk.frames.push(frame);
            if !continues {
                break;
            }
        }
        Some(walk)
    }
}
