//! Failures to connect.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::chain::{chain, root};

/// The reason that a connection could not be established.
///
/// `Display` completes the sentence "cannot connect to `host`: …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFailure {
    /// No server listens on the port, or a firewall rejects the connection.
    Refused,
    /// The host name cannot be resolved.
    UnknownHost,
    /// No connection was established in time.
    Timeout,
    /// The service's certificate is not accepted. Not retried.
    Certificate(CertificateFailure),
    /// The client and the service have no TLS version in common. Not retried.
    TlsVersion,
    /// The TLS handshake failed for another reason. Not retried.
    Tls(String),
    /// Any other reason, as the operating system or the transport reports it.
    Other(String),
}

/// The reason that a certificate is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFailure {
    /// The issuer is not a trusted authority.
    UnknownIssuer,
    /// The certificate is valid for other host names only.
    WrongName {
        /// The requested host name, if the TLS library reports it.
        expected: Option<String>,
        /// The names in the certificate, if the TLS library reports them.
        presented: Vec<String>,
    },
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotValidYet,
    /// Any other reason, as the TLS library reports it.
    Other(String),
}

impl ConnectionFailure {
    /// Classifies `error` by its chain of sources.
    #[must_use]
    pub fn of(error: &(dyn StdError + 'static)) -> Self {
        #[cfg(feature = "rustls")]
        if let Some(error) = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()) {
            return tls(error);
        }
        for error in chain(error) {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::ConnectionRefused => return Self::Refused,
                    io::ErrorKind::TimedOut => return Self::Timeout,
                    _ => {}
                }
            }
            if error
                .downcast_ref::<reqwest::Error>()
                .is_some_and(reqwest::Error::is_timeout)
            {
                return Self::Timeout;
            }
            // The connector's error type is private. This is its message for every resolver failure.
            if error.to_string() == "dns error" {
                return Self::UnknownHost;
            }
        }
        Self::Other(root(error).to_string())
    }

    /// Returns whether no retry can succeed: the certificate is not accepted, or the TLS handshake failed.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Certificate(_) | Self::TlsVersion | Self::Tls(_))
    }

    /// Returns whether the service's certificate is not accepted.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self, Self::Certificate(_))
    }
}

#[cfg(feature = "rustls")]
fn tls(error: &rustls::Error) -> ConnectionFailure {
    use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error, PeerIncompatible};
    let certificate = match error {
        Error::InvalidCertificate(certificate) => certificate,
        Error::AlertReceived(Alert::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        ) => return ConnectionFailure::TlsVersion,
        // A failure inside the service, which may be temporary.
        Error::AlertReceived(Alert::InternalError) => return ConnectionFailure::Other(error.to_string()),
        _ => return ConnectionFailure::Tls(error.to_string()),
    };
    ConnectionFailure::Certificate(match certificate {
        Certificate::UnknownIssuer => CertificateFailure::UnknownIssuer,
        Certificate::Expired | Certificate::ExpiredContext { .. } => CertificateFailure::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => CertificateFailure::NotValidYet,
        Certificate::NotValidForName => CertificateFailure::WrongName {
            expected: None,
            presented: Vec::new(),
        },
        Certificate::NotValidForNameContext { expected, presented } => CertificateFailure::WrongName {
            expected: Some(expected.to_str().into_owned()),
            presented: presented.iter().map(|name| bare_name(name).to_owned()).collect(),
        },
        // Formats the inner error, because the message of `rustls::Error` repeats "invalid peer certificate".
        other => CertificateFailure::Other(format!("{other}")),
    })
}

/// Returns the host name in `DnsName("host")`, the form in which rustls reports names.
#[cfg(feature = "rustls")]
fn bare_name(shown: &str) -> &str {
    let name = shown
        .strip_prefix("DnsName(\"")
        .and_then(|name| name.strip_suffix("\")"));
    name.unwrap_or(shown)
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::UnknownHost => f.write_str("the host name cannot be resolved"),
            Self::Timeout => f.write_str("connecting timed out"),
            Self::Certificate(failure) => failure.fmt(f),
            Self::TlsVersion => f.write_str("it does not accept TLS 1.2 or 1.3"),
            Self::Tls(reason) => write!(f, "the TLS handshake failed: {reason}"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for CertificateFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("its certificate is not trusted: the issuer is unknown"),
            Self::WrongName { expected, presented } => {
                f.write_str("its certificate is not valid for ")?;
                match expected {
                    Some(name) => write!(f, "{name:?}")?,
                    None => f.write_str("this host name")?,
                }
                if !presented.is_empty() {
                    write!(f, ", only for {}", presented.join(", "))?;
                }
                Ok(())
            }
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotValidYet => f.write_str("its certificate is not valid yet"),
            Self::Other(reason) => write!(f, "its certificate is not accepted: {reason}"),
        }
    }
}
