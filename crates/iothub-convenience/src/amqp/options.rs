//! How the client reaches the hub over AMQP.

use std::fmt;
use std::time::Duration;

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::error::{Error, Result};

/// What AMQP runs over. Always with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AmqpTransport {
    /// TCP, port 5671.
    #[default]
    Tcp,
    /// A WebSocket at `/$iothub/websocket` on the port of the REST API, 443 as a rule, for networks that let nothing
    /// else out.
    WebSocket,
}

/// How the client reaches the hub over AMQP, and how patient it is.
///
/// # Example
///
/// ```
/// use iothub_convenience::{AmqpTransport, IotHubClientOptions};
///
/// let mut options = IotHubClientOptions::default();
/// options.amqp.transport = AmqpTransport::WebSocket;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AmqpOptions {
    /// TCP or WebSocket.
    pub transport: AmqpTransport,
    /// Another place to connect to than the hub's host: a host with an optional port, perhaps behind `amqps://`. The
    /// server's certificate must be for this host.
    pub endpoint: Option<String>,
    /// Certificates to trust besides those of the system, in PEM form, such as an emulator's.
    pub trusted_certificates: Option<String>,
    /// An HTTP proxy to go through. The environment's proxy settings are not looked at.
    pub proxy: Option<AmqpProxy>,
    /// How long a connection may take to come about, TLS, authentication and all. Default: 30 seconds.
    pub connect_timeout: Duration,
    /// How long each of the two parts of sending may take: until the service takes a message at all, and until it says
    /// what became of it. Default: 60 seconds.
    pub operation_timeout: Duration,
    /// How often a message is sent again that was certainly not delivered, and a connection opened again that broke.
    /// Default: 3.
    pub max_retries: u32,
    /// The wait before the first repetition; each further one takes twice as long as the one before. Default: half a
    /// second.
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
            max_retries: 3,
            retry_delay: Duration::from_millis(500),
        }
    }
}

/// An HTTP proxy that connects to the hub by `CONNECT`.
///
/// It works for both transports, if the proxy lets the port out: 5671 or 443. Proxies that are themselves reached by
/// TLS, and SOCKS proxies, are not supported; nor is authentication other than Basic. Its `Debug` form shows no
/// password.
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
    /// A proxy at `http://[user:password@]host[:port]`.
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

    /// The address to connect to.
    pub(crate) fn address(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// The value of the `Proxy-Authorization` header without the scheme.
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
