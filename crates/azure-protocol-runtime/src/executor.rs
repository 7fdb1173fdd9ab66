//! The seam between a generated client and whatever sends its requests.

use std::fmt::Debug;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::Operation;

/// Sends the requests that a generated client has built.
///
/// The request is complete: its URL is resolved, its body serialised and the `api-version` is in the query. What is
/// still missing is authentication, retries and tracing, which are the executor's business.
pub trait Executor: Send + Sync + Debug {
    /// Sends `request` and returns the service's answer, whatever its status.
    ///
    /// # Errors
    ///
    /// Fails if no answer arrived. An answer that reports an error is an `Ok`.
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>>;
}

/// The inner value of every generated client: `None` sends requests with the client's own `reqwest::Client`.
pub type Hook = Option<Arc<dyn Executor>>;

/// Completes `request` with the `api-version` and sends it through `hook`, or through `http` if there is none.
///
/// This is the whole body of a generated client's `exec` hook. An operation id that is not in `operations` is sent
/// as [`Operation::UNKNOWN`], with which no executor takes liberties.
///
/// # Errors
///
/// Fails if no answer arrived.
pub async fn send(
    hook: &Hook,
    http: &reqwest::Client,
    mut request: reqwest::Request,
    operations: &'static [Operation],
    operation_id: &str,
    api_version: &str,
) -> reqwest::Result<reqwest::Response> {
    request
        .url_mut()
        .query_pairs_mut()
        .append_pair("api-version", api_version);
    match hook {
        Some(executor) => {
            let operation = Operation::find(operations, operation_id).unwrap_or(&Operation::UNKNOWN);
            executor.execute(request, operation).await
        }
        None => http.execute(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Paging;
    use std::sync::Mutex;

    static OPERATIONS: &[Operation] = &[Operation {
        id: "things_get",
        method: "GET",
        path: "/things/{id}",
        success: &[200],
        request_content_type: None,
        idempotent: true,
        paging: Paging::None,
    }];

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<(String, &'static str, bool)>>);

    impl Executor for Recorder {
        fn execute<'a>(
            &'a self,
            request: reqwest::Request,
            operation: &'static Operation,
        ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
            let seen = (request.url().to_string(), operation.id, operation.idempotent);
            self.0.lock().unwrap().push(seen);
            Box::pin(async { Ok(reqwest::Response::from(http::Response::new(""))) })
        }
    }

    #[test]
    fn the_executor_gets_the_version_and_the_operation() {
        let recorder = Arc::new(Recorder::default());
        let hook: Hook = Some(recorder.clone());
        let client = reqwest::Client::new();
        for (id, url) in [
            ("things_get", "http://h/things/a%2Fb?x=1"),
            ("nonsense", "http://h/"),
        ] {
            let request = client.get(url).build().unwrap();
            futures::executor::block_on(send(&hook, &client, request, OPERATIONS, id, "2021-04-12")).unwrap();
        }
        assert_eq!(
            *recorder.0.lock().unwrap(),
            [
                (
                    "http://h/things/a%2Fb?x=1&api-version=2021-04-12".to_owned(),
                    "things_get",
                    true
                ),
                ("http://h/?api-version=2021-04-12".to_owned(), "unknown", false),
            ]
        );
    }
}
