//! Continuation tokens: opaque to callers, bound to one query and one graph.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::digitaltwins::store::graph::Generation;
use crate::digitaltwins::store::slab::Slot;

/// The position at which a query continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) query: String,
    /// The generation of the graph, because slots are meaningless in another graph. Empty in the token of the first
    /// page.
    graph: String,
    /// The next starting point.
    pub(crate) root: Slot,
    /// Number of rows of that starting point on earlier pages.
    pub(crate) skip: usize,
    /// Number of rows on all earlier pages.
    pub(crate) returned: u64,
}

impl Token {
    /// Returns the token of the first page.
    pub(crate) fn start(query: &str) -> Self {
        Token {
            query: query.to_owned(),
            graph: String::new(),
            root: 0,
            skip: 0,
            returned: 0,
        }
    }

    /// Binds the token to a graph; returns `None` if it is bound to another one.
    pub(crate) fn within(&self, graph: Generation) -> Option<Self> {
        let graph = graph.to_string();
        (self.graph.is_empty() || self.graph == graph).then(|| Token {
            graph,
            ..self.clone()
        })
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let token: Token = serde_json::from_slice(&bytes).ok()?;
        (!token.graph.is_empty()).then_some(token)
    }

    #[expect(clippy::expect_used, reason = "strings and numbers serialize")]
    pub(crate) fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("tokens serialize"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip_and_are_bound_to_their_graph() {
        let (graph, other) = (Generation::default(), Generation::default());
        let start = Token::start("SELECT 'ü'");
        let token = Token {
            root: 7,
            skip: 2,
            returned: 9,
            ..start.within(graph).unwrap()
        };
        assert_eq!(Token::read(&token.write()), Some(token.clone()));
        assert_eq!(token.within(graph), Some(token.clone()));
        assert_eq!(token.within(other), None);
        assert_eq!(Token::read(&start.write()), None, "bound to no graph");
        assert_eq!(Token::read("e30"), None);
        assert_eq!(Token::read("no token"), None);
    }
}
