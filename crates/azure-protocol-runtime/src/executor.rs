//! The interface between a generated client and the sender of its requests.

use std::fmt::Debug;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::TypedRequest;

/// Sends the requests of a generated client's async methods.
///
/// The request is complete: its URL is resolved, its body is serialized and its `api-version` is set. The executor adds
/// authentication, retries and tracing.
pub trait Executor: Send + Sync + Debug {
    /// Sends `request` and returns the service's response, whatever its status.
    ///
    /// # Errors
    ///
    /// Fails if no response arrives. An error response is returned as `Ok`.
    fn execute(&self, request: TypedRequest<()>) -> BoxFuture<'_, reqwest::Result<reqwest::Response>>;
}

/// The inner value of every generated client: the executor of its requests. Without an executor, requests are sent with
/// the client's `reqwest::Client`.
pub type Hook = Option<Arc<dyn Executor>>;

/// Sends `request` through `hook`, or through `http` if there is none.
///
/// # Errors
///
/// Fails if no response arrives.
pub async fn send<T>(
    hook: &Hook,
    http: &reqwest::Client,
    request: TypedRequest<T>,
) -> reqwest::Result<reqwest::Response> {
    match hook {
        Some(executor) => executor.execute(request.cast()).await,
        None => http.execute(request.into()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Operation;
    use std::sync::Mutex;

    static GET: Operation = Operation {
        id: "things_get",
        idempotent: true,
        ..Operation::UNKNOWN
    };

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<(String, &'static str, bool)>>);

    impl Executor for Recorder {
        fn execute(&self, request: TypedRequest<()>) -> BoxFuture<'_, reqwest::Result<reqwest::Response>> {
            let operation = request.operation;
            let seen = (request.url.to_string(), operation.id, operation.idempotent);
            self.0.lock().unwrap().push(seen);
            Box::pin(async { Ok(reqwest::Response::from(http::Response::new(""))) })
        }
    }

    #[test]
    fn the_executor_receives_the_api_version_and_the_operation() {
        let recorder = Arc::new(Recorder::default());
        let hook: Hook = Some(recorder.clone());
        let client = reqwest::Client::new();
        let request = client.get("http://h/things/a%2Fb?x=1").build().unwrap();
        let request = TypedRequest::<u8>::new::<()>(&GET, request, "2021-04-12").unwrap();
        futures::executor::block_on(send(&hook, &client, request)).unwrap();
        assert_eq!(
            *recorder.0.lock().unwrap(),
            [(
                "http://h/things/a%2Fb?x=1&api-version=2021-04-12".to_owned(),
                "things_get",
                true
            )]
        );
    }
}
