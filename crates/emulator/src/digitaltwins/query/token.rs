//! Continuation tokens: opaque to callers, bound to one query of one instance.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digitaltwins::slab::Slot;

/// Where a query goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) query: String,
    /// Slots mean nothing in another instance.
    instance: String,
    /// The starting point to look at next.
    pub(crate) root: Slot,
    /// Rows of that starting point that earlier pages have.
    pub(crate) skip: usize,
    /// Rows on all earlier pages.
    pub(crate) returned: u64,
}

impl Token {
    /// The beginning of a query.
    pub(crate) fn start(query: &str, instance: Uuid) -> Self {
        Token {
            query: query.to_owned(),
            instance: instance.to_string(),
            root: 0,
            skip: 0,
            returned: 0,
        }
    }

    pub(crate) fn is_start(&self) -> bool {
        (self.root, self.skip, self.returned) == (0, 0, 0)
    }

    pub(crate) fn read(text: &str, instance: Uuid) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let token: Token = serde_json::from_slice(&bytes).ok()?;
        (token.instance == instance.to_string()).then_some(token)
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
    fn a_token_comes_back_whole_and_only_to_its_instance() {
        let instance = Uuid::new_v4();
        let token = Token {
            root: 7,
            skip: 2,
            returned: 9,
            ..Token::start("SELECT 'ü'", instance)
        };
        assert_eq!(Token::read(&token.write(), instance), Some(token.clone()));
        assert_eq!(Token::read(&token.write(), Uuid::new_v4()), None);
        assert_eq!(Token::read("e30", instance), None);
        assert_eq!(Token::read("no token", instance), None);
    }
}
