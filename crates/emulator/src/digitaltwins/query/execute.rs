//! Finds rows: from one starting point after the other, depth first.

use std::ops::ControlFlow;
use std::time::Instant;

use serde::ser::{Serialize, SerializeMap, Serializer};
use twin_query::digitaltwins::Direction;

use super::plan::{Columns, Hop, Plan, Row};
use super::token::Token;
use crate::digitaltwins::graph::Graph;
use crate::digitaltwins::slab::Slot;

/// A variable that has no value yet.
const UNKNOWN: Slot = Slot::MAX;
/// Starting points taken from an index at once: few at first, since a page may be full soon, then more.
const FIRST_BATCH: usize = 16;
/// Steps between two looks at the clock.
const STEPS: u32 = 4096;

/// One page of an answer while it is found.
#[derive(Debug)]
pub(super) struct Page {
    token: Token,
    size: usize,
    with_update_times: bool,
    /// The rows found, as JSON, with commas between.
    rows: Vec<u8>,
    count: usize,
    /// Rows that a `COUNT()` has counted.
    counted: Option<u64>,
    looked_at: u64,
    more: bool,
}

/// How far [`Page::advance`] came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
    /// The plan is for a graph that queries see no longer.
    OtherGraph,
    TimedOut,
}

/// Why no further row is wanted.
enum Stop {
    PageFull,
    LimitReached,
    TimedOut,
}

impl Page {
    pub(super) fn new(token: Token, size: usize, with_update_times: bool) -> Self {
        Page {
            token,
            size,
            with_update_times,
            rows: Vec::new(),
            count: 0,
            counted: None,
            looked_at: 0,
            more: false,
        }
    }

    /// Looks at up to `chunk` more starting points.
    pub(super) fn advance(
        &mut self,
        plan: &Plan<'_>,
        graph: &Graph,
        chunk: usize,
        deadline: Instant,
    ) -> Progress {
        if graph.generation() != plan.generation {
            return Progress::OtherGraph;
        }
        if matches!(plan.columns, Columns::Count) {
            self.counted.get_or_insert(0);
        }
        if plan.limit == Some(0) {
            return Progress::Done;
        }
        let (mut left, mut batch) = (chunk, FIRST_BATCH);
        while left > 0 {
            let roots = plan.candidates.next(graph, self.token.root, batch.min(left));
            if roots.is_empty() {
                return Progress::Done;
            }
            left -= roots.len();
            batch *= 4;
            for root in roots {
                match self.take(plan, graph, root, deadline) {
                    ControlFlow::Continue(()) => {}
                    ControlFlow::Break(Stop::LimitReached | Stop::PageFull) => return Progress::Done,
                    ControlFlow::Break(Stop::TimedOut) => return Progress::TimedOut,
                }
            }
        }
        Progress::More
    }

    /// Finds the rows from one starting point.
    fn take(&mut self, plan: &Plan<'_>, graph: &Graph, root: Slot, deadline: Instant) -> ControlFlow<Stop> {
        if root != self.token.root {
            // The starting point of which rows were left over is gone.
            (self.token.root, self.token.skip) = (root, 0);
        }
        self.looked_at += 1;
        let mut walk = Walk {
            plan,
            row: Row {
                graph,
                variables: &plan.variables,
                slots: vec![UNKNOWN; plan.variables.len()],
                with_update_times: self.with_update_times,
            },
            visited: Vec::new(),
            page: self,
            seen: 0,
            steps: 0,
            deadline,
        };
        let outcome = walk.start(root);
        let seen = walk.seen;
        match outcome {
            ControlFlow::Continue(()) => (self.token.root, self.token.skip) = (root + 1, 0),
            ControlFlow::Break(Stop::PageFull) => {
                self.token.skip = seen;
                self.more = true;
            }
            ControlFlow::Break(_) => {}
        }
        outcome
    }

    /// What the query cost, in the service's unit; roughly what the service reports for such queries.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn charge(&self) -> String {
        format!(
            "{:.2}",
            2.8 + 0.004 * self.count as f64 + 0.0001 * self.looked_at as f64
        )
    }

    pub(super) fn into_body(mut self) -> Vec<u8> {
        if let Some(count) = self.counted {
            self.rows = format!("{{\"COUNT\":{count}}}").into_bytes();
        }
        let token = self.more.then(|| {
            self.token.returned += self.count as u64;
            self.token.write()
        });
        let mut body = b"{\"value\":[".to_vec();
        body.append(&mut self.rows);
        body.extend_from_slice(b"],\"continuationToken\":");
        match token {
            // Base64 needs no escapes.
            Some(token) => body.extend_from_slice(format!("\"{token}\"").as_bytes()),
            None => body.extend_from_slice(b"null"),
        }
        body.push(b'}');
        body
    }

    fn add(&mut self, plan: &Plan<'_>, row: &Row<'_>) -> ControlFlow<Stop> {
        if let Some(counted) = &mut self.counted {
            *counted += 1;
            return ControlFlow::Continue(());
        }
        if self.count == self.size {
            return ControlFlow::Break(Stop::PageFull);
        }
        if self.count > 0 {
            self.rows.push(b',');
        }
        // Values of JSON, texts and maps with string keys always serialize.
        let _ = serde_json::to_writer(
            &mut self.rows,
            &RowJson {
                columns: &plan.columns,
                row,
            },
        );
        self.count += 1;
        if plan
            .limit
            .is_some_and(|limit| self.token.returned + self.count as u64 >= limit)
        {
            return ControlFlow::Break(Stop::LimitReached);
        }
        ControlFlow::Continue(())
    }
}

/// The search from one starting point.
struct Walk<'w, 'a> {
    plan: &'a Plan<'a>,
    row: Row<'a>,
    /// The twins of the pattern on the way here.
    visited: Vec<Slot>,
    page: &'w mut Page,
    /// Rows found from this starting point, those on earlier pages included.
    seen: usize,
    steps: u32,
    deadline: Instant,
}

impl<'a> Walk<'_, 'a> {
    fn start(&mut self, root: Slot) -> ControlFlow<Stop> {
        self.set(self.plan.root, root);
        if self.plan.root_in_pattern {
            self.visited.push(root);
        }
        self.after(0)
    }

    fn set(&mut self, variable: usize, slot: Slot) {
        if let Some(place) = self.row.slots.get_mut(variable) {
            *place = slot;
        }
    }

    /// Tests what is known after so many hops, then makes the next one, or has a row.
    fn after(&mut self, done: usize) -> ControlFlow<Stop> {
        let tests = self.plan.tests.get(done).map(Vec::as_slice).unwrap_or_default();
        if !tests.iter().all(|test| test.holds(&self.row) == Some(true)) {
            return ControlFlow::Continue(());
        }
        match self.plan.hops.get(done) {
            Some(hop) => {
                let from = self.row.slots.get(hop.from).copied().unwrap_or(UNKNOWN);
                self.walk(hop, done, from, 1)
            }
            None if self.seen < self.page.token.skip => {
                self.seen += 1;
                ControlFlow::Continue(())
            }
            None => {
                self.page.add(self.plan, &self.row)?;
                self.seen += 1;
                ControlFlow::Continue(())
            }
        }
    }

    /// Follows every relationship of a hop from a twin; `depth` counts the relationships, this one included.
    fn walk(&mut self, hop: &'a Hop<'a>, done: usize, from: Slot, depth: u32) -> ControlFlow<Stop> {
        let graph = self.row.graph;
        let Some(node) = graph.node(from) else {
            return ControlFlow::Continue(());
        };
        let outgoing = node
            .outgoing
            .iter()
            .filter(|_| hop.direction != Direction::Incoming);
        let incoming = node
            .incoming
            .iter()
            .filter(|_| hop.direction != Direction::Outgoing);
        let relationships = outgoing
            .map(|slot| (slot, true))
            .chain(incoming.map(|slot| (slot, false)));
        for (slot, forward) in relationships {
            self.steps += 1;
            if self.steps.is_multiple_of(STEPS) && Instant::now() > self.deadline {
                return ControlFlow::Break(Stop::TimedOut);
            }
            let Some(relationship) = graph.relationship(*slot) else {
                continue;
            };
            if !hop.names.is_empty() && !hop.names.contains(&&*relationship.name) {
                continue;
            }
            let to = if forward {
                relationship.target
            } else {
                relationship.source
            };
            let seen_before = hop.in_pattern && self.visited.contains(&to);
            if depth >= hop.least {
                self.arrive(hop, done, *slot, to, seen_before)?;
            }
            if depth < hop.most && !seen_before {
                self.visited.push(to);
                self.walk(hop, done, to, depth + 1)?;
                self.visited.pop();
            }
        }
        ControlFlow::Continue(())
    }

    /// Takes a twin as the end of a hop, if it can be that.
    fn arrive(
        &mut self,
        hop: &Hop<'a>,
        done: usize,
        relationship: Slot,
        to: Slot,
        seen_before: bool,
    ) -> ControlFlow<Stop> {
        if hop.closes {
            if self.row.slots.get(hop.to) != Some(&to) {
                return ControlFlow::Continue(());
            }
        } else if seen_before {
            return ControlFlow::Continue(());
        }
        if !hop.closes {
            self.set(hop.to, to);
        }
        if let Some(variable) = hop.relationship {
            self.set(variable, relationship);
        }
        if hop.in_pattern {
            self.visited.push(to);
        }
        self.after(done + 1)?;
        if hop.in_pattern {
            self.visited.pop();
        }
        ControlFlow::Continue(())
    }
}

/// A row as the service writes it: a value that is absent leaves its key out.
struct RowJson<'r, 'a> {
    columns: &'r Columns<'a>,
    row: &'r Row<'a>,
}

impl Serialize for RowJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.columns {
            Columns::Bare(variable) => {
                let whole = super::plan::PathInRow {
                    variable: *variable,
                    names: Vec::new(),
                };
                self.row.value(&whole).serialize(serializer)
            }
            Columns::Named(columns) => {
                let mut map = serializer.serialize_map(None)?;
                for (key, path) in columns {
                    if let Some(value) = self.row.value(path) {
                        map.serialize_entry(key, &value)?;
                    }
                }
                map.end()
            }
            Columns::Count => serializer.serialize_unit(),
        }
    }
}
