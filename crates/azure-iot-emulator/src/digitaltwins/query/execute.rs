//! Finds the rows of a page, one starting point at a time.

use std::ops::ControlFlow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::digitaltwins::query::plan::{Columns, Plan};
use crate::digitaltwins::query::row::{PathInRow, Row};
use crate::digitaltwins::query::token::Token;
use crate::digitaltwins::query::walk::{Paused, Walk};
use crate::digitaltwins::store::graph::Graph;

/// Size of the first batch of starting points. It is small because the page may fill soon; later batches grow.
const FIRST_BATCH: usize = 16;

/// Maximum work of a query between two releases of the graph's lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    /// Number of starting points.
    pub(super) roots: usize,
    /// Number of relationships followed, over all starting points.
    pub(super) steps: u32,
}

/// A page in progress.
#[derive(Debug)]
pub(crate) struct Page {
    token: Token,
    size: usize,
    with_update_times: bool,
    /// The rows as JSON, separated by commas.
    rows: Vec<u8>,
    count: usize,
    /// The result of `COUNT()` so far.
    counted: Option<u64>,
    looked_at: u64,
    more: bool,
    /// Rows from the current starting point, including those on earlier pages.
    seen: usize,
    /// The traversal from the current starting point, if the last chunk ended in the middle of it.
    paused: Option<Paused>,
}

/// The outcome of [`Page::advance`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
    /// The graph that the plan was made for has been replaced.
    OtherGraph,
}

/// The reason to stop.
enum Stop {
    PageFull,
    LimitReached,
    ChunkOver,
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
            seen: 0,
            paused: None,
        }
    }

    /// Continues after the last chunk.
    pub(super) fn advance(&mut self, plan: &Plan<'_>, graph: &Graph, chunk: Chunk) -> Progress {
        if graph.generation() != plan.generation {
            return Progress::OtherGraph;
        }
        if matches!(plan.columns, Columns::Count) {
            self.counted.get_or_insert(0);
        }
        if plan.limit == Some(0) {
            return Progress::Done;
        }
        match self.find(plan, graph, chunk) {
            ControlFlow::Continue(()) | ControlFlow::Break(Stop::PageFull | Stop::LimitReached) => {
                Progress::Done
            }
            ControlFlow::Break(Stop::ChunkOver) => Progress::More,
        }
    }

    /// Finds rows until the starting points or the chunk are exhausted.
    fn find(&mut self, plan: &Plan<'_>, graph: &Graph, chunk: Chunk) -> ControlFlow<Stop> {
        let Chunk { mut roots, mut steps } = chunk;
        if let Some(paused) = self.paused.take() {
            match paused.resume(plan, graph, self.with_update_times) {
                Some(mut walk) => self.walk(&mut walk, false, &mut steps)?,
                None => self.root_is_done(),
            }
        }
        let mut walk = Walk::new(plan, graph, self.with_update_times);
        let mut batch = FIRST_BATCH;
        while roots > 0 {
            let found = plan.candidates.next(graph, self.token.root, batch.min(roots));
            if found.is_empty() {
                return ControlFlow::Continue(());
            }
            roots -= found.len();
            batch *= 4;
            for root in found {
                if root != self.token.root {
                    // The starting point whose rows continue on this page was deleted.
                    (self.token.root, self.token.skip) = (root, 0);
                }
                self.looked_at += 1;
                self.seen = 0;
                let row = walk.start(root);
                self.walk(&mut walk, row, &mut steps)?;
            }
        }
        ControlFlow::Break(Stop::ChunkOver)
    }

    fn root_is_done(&mut self) {
        (self.token.root, self.token.skip) = (self.token.root + 1, 0);
    }

    /// Finds the rows from one starting point. `row` is true if the traversal has reached a complete row.
    fn walk(&mut self, walk: &mut Walk<'_>, mut row: bool, steps: &mut u32) -> ControlFlow<Stop> {
        loop {
            if row {
                if self.seen >= self.token.skip {
                    self.add(walk.plan(), walk.row())?;
                }
                self.seen += 1;
            }
            if walk.is_over() {
                self.root_is_done();
                return ControlFlow::Continue(());
            }
            if *steps == 0 {
                self.paused = Some(walk.pause());
                return ControlFlow::Break(Stop::ChunkOver);
            }
            *steps -= 1;
            row = walk.step();
        }
    }

    /// Returns the query charge in hundredths of a unit, an estimate of the charge that the service reports.
    pub(crate) fn charge(&self) -> u64 {
        // The summands are in ten-thousandths; 50 rounds to the nearest hundredth.
        (28_000 + 40 * self.count as u64 + self.looked_at + 50) / 100
    }

    pub(crate) fn into_body(mut self) -> Vec<u8> {
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

    #[expect(
        clippy::expect_used,
        reason = "JSON values, strings and maps with string keys serialize"
    )]
    fn add(&mut self, plan: &Plan<'_>, row: &Row<'_>) -> ControlFlow<Stop> {
        if let Some(counted) = &mut self.counted {
            *counted += 1;
            return ControlFlow::Continue(());
        }
        if self.count == self.size {
            self.token.skip = self.seen;
            self.more = true;
            return ControlFlow::Break(Stop::PageFull);
        }
        if self.count > 0 {
            self.rows.push(b',');
        }
        let json = RowJson {
            columns: &plan.columns,
            row,
        };
        serde_json::to_writer(&mut self.rows, &json)
            .expect("rows serialize, and writing to a vector does not fail");
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

/// The JSON of a row. Keys of missing values are omitted.
struct RowJson<'r, 'a> {
    columns: &'r Columns<'a>,
    row: &'r Row<'a>,
}

impl Serialize for RowJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.columns {
            Columns::Bare(variable) => {
                let whole = PathInRow {
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
