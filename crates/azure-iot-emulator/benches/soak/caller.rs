//! Requests over TLS and checks of their responses.

use std::error::Error;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use azure_iot_emulator::Emulator;
use reqwest::{Certificate, Client, Method};
use serde_json::Value;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Address, credentials and certificate for the connections to a service.
pub(crate) struct Caller {
    base: String,
    api_version: &'static str,
    token: String,
    pem: String,
    pub(crate) calls: AtomicU64,
}

impl Caller {
    pub(crate) fn new(emulator: &Emulator, base: &str, api_version: &'static str) -> Self {
        Caller {
            base: base.to_owned(),
            api_version,
            token: emulator.bearer_token(),
            pem: emulator.ca_certificate_pem().to_owned(),
            calls: AtomicU64::new(0),
        }
    }

    pub(crate) fn connect(&self) -> Outcome<Connection<'_>> {
        let certificate = Certificate::from_pem(self.pem.as_bytes())?;
        let builder = Client::builder().tls_certs_only([certificate]).http1_only();
        Ok(Connection {
            caller: self,
            client: builder.pool_max_idle_per_host(1).build()?,
        })
    }
}

/// A client that uses a single connection.
pub(crate) struct Connection<'a> {
    caller: &'a Caller,
    client: Client,
}

impl Connection<'_> {
    /// Sends a request and returns the response, whatever its status.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> Outcome<Reply> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let Caller {
            base, api_version, ..
        } = self.caller;
        let url = format!("{base}{path}{mark}api-version={api_version}");
        let mut request = self.client.request(method, &url).bearer_auth(&self.caller.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        self.caller.calls.fetch_add(1, Ordering::Relaxed);
        let status = response.status().as_u16();
        let etag = response.headers().get("etag");
        let etag = etag
            .map_or("", |etag| etag.to_str().unwrap_or_default())
            .to_owned();
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)?
        };
        Ok(Reply { status, etag, body })
    }

    /// Sends a request and returns the response if its status is 2xx.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Outcome<Reply> {
        let reply = self.send(method, path, &[], body.as_ref()).await?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        Err(format!("{path}: {} {}", reply.status, reply.body).into())
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Reply> {
        self.call(Method::GET, path, None).await
    }
}

/// A response with its decoded body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The `ETag` header; empty if there is none.
    pub(crate) etag: String,
    pub(crate) body: Value,
}

impl Reply {
    /// Returns the response if it has this status.
    pub(crate) fn with_status(self, status: u16, what: &str) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("{what}: {} {} instead of {status}", self.status, self.body).into())
    }

    /// Succeeds if the response is an error with this status and code.
    pub(crate) fn expect_error(self, status: u16, code: &str, what: &str) -> Outcome<()> {
        let reply = self.with_status(status, what)?;
        expect(&reply.body["error"]["code"], &Value::from(code), what)
    }
}

pub(crate) fn expect<T: PartialEq + Debug>(found: &T, expected: &T, what: &str) -> Outcome<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found:?} instead of {expected:?}").into())
}
