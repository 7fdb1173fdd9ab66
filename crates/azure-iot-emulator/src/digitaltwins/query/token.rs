//! Continuation tokens: opaque to callers, bound to one query of one graph.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::digitaltwins::store::graph::Generation;
use crate::digitaltwins::store::slab::Slot;

/// Where a query goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) query: String,
    /// The generation of the graph, since slots mean nothing in another one. Empty at the beginning, which fits any.
    graph: String,
    /// The starting point to look at next.
    pub(crate) root: Slot,
    /// Rows of that starting point that earlier pages have.
    pub(crate) skip: usize,
    /// Rows on all earlier pages.
    pub(crate) returned: u64,
}

impl Token {
    /// The beginning of a query.
    pub(crate) fn start(query: &str) -> Self {
        Token {
            query: query.to_owned(),
            graph: String::new(),
            root: 0,
            skip: 0,
            returned: 0,
        }
    }

    /// This place in a graph, unless it is a place of another one.
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

    pub(crate) fn write(&self) -> String {
        // Texts and numbers always serialize.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_whole_and_only_to_its_graph() {
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
