//! Where generated code meets the world.

use std::sync::Arc;

use azure_protocol_runtime::{Executor, Hook, Operation, ProtocolClient};
use progenitor_client::{ClientHooks, OperationInfo};

use crate::generated;
use crate::{Client, OPERATIONS};

impl ClientHooks<Hook> for Client {
    /// Adds the `api-version` and hands the request to the executor.
    async fn exec(
        &self,
        request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        azure_protocol_runtime::send(
            &self.inner,
            &self.client,
            request,
            OPERATIONS,
            info.operation_id,
            Self::API_VERSION,
        )
        .await
    }
}

impl ProtocolClient for Client {
    const API_VERSION: &'static str = generated::API_VERSION;

    fn operations() -> &'static [Operation] {
        OPERATIONS
    }

    fn with_executor(&self, executor: Arc<dyn Executor>) -> Self {
        Self {
            baseurl: self.baseurl.clone(),
            client: self.client.clone(),
            inner: Some(executor),
        }
    }
}
