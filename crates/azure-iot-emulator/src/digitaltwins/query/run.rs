//! Executes a page in chunks and releases the graph's lock in between, so that a long query does not block writers.

use std::time::Instant;

use twin_query::digitaltwins::Query;

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::query::execute::{Chunk, Page, Progress};
use crate::digitaltwins::query::plan::Plan;
use crate::digitaltwins::query::token::Token;
use crate::digitaltwins::store::graph::indexes::IndexName;
use crate::digitaltwins::store::property_index::Pin;
use crate::digitaltwins::store::shared_graph::IndexProgress;
use crate::digitaltwins::store::slab::Slot;

/// Maximum work between two releases of the graph's lock. This much work takes a few milliseconds.
const CHUNK: Chunk = Chunk {
    roots: 1024,
    steps: 16_384,
};
/// Number of slots added to an index between two releases of the graph's lock.
const INDEX_CHUNK: Slot = 4096;

/// Finds the rows of one page. If the graph is replaced during the execution, the page starts over, unless the token is
/// bound to the old graph.
pub(crate) async fn page(
    session: &mut Session<'_>,
    query: &Query,
    token: Token,
    size: usize,
    with_update_times: bool,
) -> ServiceResult<Page> {
    let deadline = Instant::now() + session.instance.limits.query_time;
    loop {
        let plan = plan(session, query, deadline).await?;
        let token = token.within(plan.generation);
        let token = token.ok_or_else(errors::query_token_invalid)?;
        let mut page = Page::new(token, size, with_update_times);
        loop {
            // A slot may be reused for another twin between two chunks. That is harmless, because the tests are
            // evaluated for every row.
            let advance = |graph: &_| page.advance(&plan, graph, CHUNK);
            match session.graph.read_for_query(advance) {
                Progress::Done => return Ok(page),
                Progress::More => {}
                Progress::OtherGraph => break,
            }
            if Instant::now() > deadline {
                return Err(errors::query_timeout());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Plans a query. If an index is missing that the query would benefit from, builds the index first, unless there is
/// no room for another index.
async fn plan<'q>(session: &mut Session<'_>, query: &'q Query, deadline: Instant) -> ServiceResult<Plan<'q>> {
    let mut plan = session.graph.read_for_query(|graph| Plan::new(query, graph))?;
    if let Some(index) = plan.missing_index.take() {
        let built = build_index(session, &index, deadline).await?;
        plan = session.graph.read_for_query(|graph| Plan::new(query, graph))?;
        // From here on the plan pins the index.
        drop(built);
    }
    Ok(plan)
}

async fn build_index(
    session: &mut Session<'_>,
    index: &IndexName,
    deadline: Instant,
) -> ServiceResult<Option<Pin>> {
    let mut held_pin = None;
    loop {
        match session.graph.build_index(index, INDEX_CHUNK) {
            // The old pin is dropped only now, so that the index is pinned without interruption.
            IndexProgress::InProgress(pin) => drop(held_pin.replace(pin)),
            IndexProgress::Done(pin) => return Ok(Some(pin)),
            IndexProgress::NoRoom => return Ok(None),
        }
        if Instant::now() > deadline {
            return Err(errors::query_timeout());
        }
        tokio::task::yield_now().await;
    }
}
