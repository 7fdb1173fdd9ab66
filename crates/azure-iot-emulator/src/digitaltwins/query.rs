//! Queries: parsed by `twin-query`, planned and answered here.
//!
//! | where | what |
//! |---|---|
//! | [`plan`], [`condition`], [`candidates`] | a query made ready: where to begin, what to walk, when to test |
//! | [`execute`] | rows, one starting point after the other |
//! | [`walk`] | the way from a starting point |
//! | [`token`] | where the next page goes on |

mod candidates;
mod condition;
mod execute;
mod plan;
#[cfg(test)]
mod tests;
mod token;
mod walk;

use std::time::Instant;

use http::StatusCode;
use serde_json::Value;
use twin_query::digitaltwins as language;

use crate::digitaltwins::call::Call;
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::{Indexing, Instance};
use crate::digitaltwins::store::graph::IndexName;
use crate::digitaltwins::store::property_index::Pin;
use crate::digitaltwins::store::slab::Slot;
use crate::service::ServiceResponse;
use execute::{Chunk, Page, Progress};
use plan::Plan;
use token::Token;

/// Rows of a page when the caller does not say.
const PAGE: usize = 100;
/// A few milliseconds.
const CHUNK: Chunk = Chunk {
    roots: 1024,
    steps: 16_384,
};
/// Places that an index takes in before others may have the graph.
const INDEXED_AT_ONCE: Slot = 4096;

pub(super) async fn post(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let size = call.page_size(PAGE, service.limits.query_page)?;
    let Ok(Value::Object(body)) = call.json_body()? else {
        return Err(errors::query_body_invalid());
    };
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(errors::query_body_invalid()),
    };
    // A token brings its query with it; another one in the same body does not count.
    let token = match (text("continuationToken")?, text("query")?) {
        (Some(token), _) => Token::read(token).ok_or_else(errors::query_token_invalid)?,
        (None, Some(query)) => Token::start(query),
        (None, None) => return Err(errors::query_body_invalid()),
    };
    let query = language::parse_and_validate(&token.query).map_err(|error| refusal(&error))?;
    let page = service
        .query_page(&query, token, size, call.version.has_update_times())
        .await?;
    let charge = page.charge();
    let second = service.clock.now().unix_timestamp();
    service.rates.lock().charge(second, &charge);
    // The service sends these answers in chunks, without a length.
    Ok(ServiceResponse::raw_json(StatusCode::OK, page.into_body())
        .with_header("query-charge", &charge)
        .with_header("transfer-encoding", "chunked"))
}

impl Instance {
    /// Finds the rows of one page. The graph is let go of between chunks, so that a long scan or walk holds nobody up.
    /// Should another graph have taken its place meanwhile, the page begins anew if the token allows that.
    async fn query_page(
        &self,
        query: &language::Query,
        token: Token,
        size: usize,
        with_update_times: bool,
    ) -> Answer<Page> {
        let deadline = Instant::now() + self.limits.query_time;
        loop {
            let plan = self.plan(query, deadline).await?;
            let here = token.within(plan.generation);
            let here = here.ok_or_else(errors::query_token_invalid)?;
            let mut page = Page::new(here, size, with_update_times);
            loop {
                // The plan may hold a place that changes hands between two chunks; every row is tested all the same.
                match self.queried(|graph| page.advance(&plan, graph, CHUNK)) {
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

    /// Makes a query ready, and first the index that it wants. If there is no room for one, it goes without.
    async fn plan<'q>(&self, query: &'q language::Query, deadline: Instant) -> Answer<Plan<'q>> {
        let mut plan = self.queried(|graph| Plan::new(query, graph))?;
        if let Some(index) = plan.missing_index.take() {
            let made = self.make_index(&index, deadline).await?;
            plan = self.queried(|graph| Plan::new(query, graph))?;
            // From here on the plan holds the index.
            drop(made);
        }
        Ok(plan)
    }

    async fn make_index(&self, index: &IndexName, deadline: Instant) -> Answer<Option<Pin>> {
        let mut held = None;
        loop {
            match self.build_index(index, INDEXED_AT_ONCE) {
                // The next pin is there before this one goes.
                Indexing::Goes(pin) => drop(held.replace(pin)),
                Indexing::Done(pin) => return Ok(Some(pin)),
                Indexing::NoRoom => return Ok(None),
            }
            if Instant::now() > deadline {
                return Err(errors::query_timeout());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The service's words for a text that is not a query.
fn refusal(error: &language::Error) -> errors::ServiceError {
    match error {
        language::Error::Parse(error) => {
            let expected: Vec<String> = error.expected().iter().map(ToString::to_string).collect();
            let found = error.found().unwrap_or("<EOF>");
            let message = match expected.as_slice() {
                [] => format!("token recognition error at: '{found}'"),
                [one] => format!("missing {one} at '{found}'"),
                many => format!("mismatched input '{found}' expecting {{{}}}", many.join(", ")),
            };
            let (line, position) = (error.line(), error.column().saturating_sub(1));
            errors::query_invalid(&format!(
                "SQL Parser Error, Line={line}, Position={position}, Message={message}"
            ))
        }
        other => errors::query_invalid(&format!("{other}.")),
    }
}
