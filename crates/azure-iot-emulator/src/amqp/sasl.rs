//! The optional SASL layer. Only PLAIN authenticates the client; with the other mechanisms, the
//! client authenticates over `$cbs`.

use std::sync::Arc;

use fe2o3_amqp::acceptor::SaslAcceptor;
use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};

use crate::amqp::access::AccessCell;
use crate::amqp::node::Node;

const MECHANISMS: [&str; 4] = ["MSSBCBS", "ANONYMOUS", "EXTERNAL", "PLAIN"];

/// The mechanisms of one connection.
#[derive(Clone)]
pub(crate) struct Mechanisms {
    pub(crate) node: Arc<Node>,
    /// Server name (SNI) of the TLS handshake, if the client sent one.
    pub(crate) server_name: Option<Arc<str>>,
    pub(crate) access: AccessCell,
}

impl Mechanisms {
    /// Checks a user such as `service@sas.root.myhub`, whose password is a shared access signature.
    fn plain(&self, init: &SaslInit) -> SaslCode {
        let response = init.initial_response.as_ref().map(|bytes| bytes.as_slice());
        let mut parts = response.unwrap_or_default().split(|byte| *byte == 0).skip(1);
        let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
        let (Some(user), Some(password)) = (text(), text()) else {
            return SaslCode::Auth;
        };
        if !user.contains("@sas.root.") || !password.starts_with("SharedAccessSignature ") {
            return SaslCode::Auth;
        }
        match self.node.check_token(password, self.server_name.as_deref()) {
            Ok(access) => {
                self.access.set(access);
                SaslCode::Ok
            }
            Err(error) => {
                tracing::info!(%error, "SASL PLAIN refused");
                SaslCode::Auth
            }
        }
    }
}

fn outcome(code: SaslCode) -> SaslServerFrame {
    SaslServerFrame::Outcome(SaslOutcome {
        code,
        additional_data: None,
    })
}

impl SaslAcceptor for Mechanisms {
    fn mechanisms(&self) -> Array<Symbol> {
        MECHANISMS.map(Symbol::from).to_vec().into()
    }

    fn on_init(&mut self, init: SaslInit) -> SaslServerFrame {
        outcome(match init.mechanism.as_str() {
            "PLAIN" => self.plain(&init),
            known if MECHANISMS.contains(&known) => SaslCode::Ok,
            _ => SaslCode::Auth,
        })
    }

    fn on_response(&mut self, _response: SaslResponse) -> SaslServerFrame {
        // No mechanism sends a challenge, so a response is a protocol error.
        outcome(SaslCode::Sys)
    }
}
