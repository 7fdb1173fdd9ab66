//! Options of the AMQP connection.

use std::fmt;
use std::time::Duration;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::error::{Error, Result};

/// The transport of AMQP. It always uses TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AmqpTransport {
    /// TCP, port 5671.
    #[default]
    Tcp,
    /// A WebSocket at `/$iothub/websocket` on the port of the REST API, usually 443, for networks that block port 5671.
    WebSocket,
}

/// Options of the AMQP connection.
///
/// # Example
///
/// ```
/// use iothub_convenience::{AmqpOptions, AmqpTransport, IotHubClientOptions};
///
/// let options = IotHubClientOptions {
///     amqp: AmqpOptions { transport: AmqpTransport::WebSocket, ..AmqpOptions::default() },
///     ..IotHubClientOptions::default()
/// };
/// ```
#[derive(Debug, Clone)]
pub struct AmqpOptions {
    /// The transport.
    pub transport: AmqpTransport,
    /// The endpoint to connect to instead of the hub's host: a host with an optional port and an optional `amqps://`.
    /// The server's certificate must be valid for this host.
    pub endpoint: Option<String>,
    /// PEM certificates, such as an emulator's, to trust in addition to the system's certificates.
    pub trusted_certificates: Option<String>,
    /// An HTTP proxy. The proxy settings of the environment are not used.
    pub proxy: Option<AmqpProxy>,
    /// The timeout for connecting, including TLS and authentication. Default: 30 seconds.
    pub connect_timeout: Duration,
    /// The timeout of each of the two steps of sending: until the message is sent, and until the hub reports its outcome.
    /// Default: 60 seconds. [`CallOptions::attempt_timeout`](crate::CallOptions::attempt_timeout) replaces it.
    pub operation_timeout: Duration,
    /// The maximum size of a received message, in bytes; zero means no limit. A larger message ends the stream of
    /// notifications with an error; see [`is_too_large`](crate::AmqpError::is_too_large). Default: 64 MiB.
    pub max_message_size: u64,
    /// The maximum number of retries when sending a message or connecting. Default: 3.
    /// [`CallOptions::retry`](crate::CallOptions::retry) replaces this and `retry_delay`.
    pub max_retries: u32,
    /// The wait before the first retry. It doubles with each further retry. Default: half a second.
    pub retry_delay: Duration,
}

impl Default for AmqpOptions {
    fn default() -> Self {
        Self {
            transport: AmqpTransport::default(),
            endpoint: None,
            trusted_certificates: None,
            proxy: None,
            connect_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(60),
            max_message_size: 64 * 1024 * 1024,
            max_retries: 3,
            retry_delay: Duration::from_millis(500),
        }
    }
}

/// An HTTP proxy that tunnels to the hub with `CONNECT`.
///
/// It supports both transports if the proxy allows the port: 5671 or 443. HTTPS proxies, SOCKS proxies, and
/// authentication other than Basic are not supported. `Debug` shows no password.
///
/// # Example
///
/// ```
/// use iothub_convenience::AmqpProxy;
///
/// let proxy = AmqpProxy::new("http://user:secret@proxy.example:3128")?;
/// assert!(!format!("{proxy:?}").contains("secret"));
/// assert!(AmqpProxy::new("socks5://proxy.example").is_err());
/// # Ok::<(), iothub_convenience::Error>(())
/// ```
#[derive(Clone)]
pub struct AmqpProxy {
    host: String,
    port: u16,
    authorization: Option<Secret>,
}

impl AmqpProxy {
    /// Creates a proxy from `http://[user:password@]host[:port]`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `url` is not of this form.
    pub fn new(url: &str) -> Result<Self> {
        let invalid = || Error::invalid_input("proxy", "must be http://[user:password@]host[:port]");
        let url = Url::parse(url).map_err(|_| invalid())?;
        let host = url
            .host_str()
            .filter(|_| url.scheme() == "http")
            .ok_or_else(invalid)?;
        let decode = |text: &str| {
            let text = percent_encoding::percent_decode_str(text).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| invalid())
        };
        let authorization = if url.username().is_empty() {
            None
        } else {
            let user = decode(url.username())?;
            let password = decode(url.password().unwrap_or_default())?;
            Some(Secret::new(STANDARD.encode(format!("{user}:{password}"))))
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            authorization,
        })
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// Returns the value of the `Proxy-Authorization` header without the scheme.
    pub(crate) fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }
}

impl fmt::Debug for AmqpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpProxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
