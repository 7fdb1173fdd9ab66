//! Why there is no connection to the service.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::chain::{chain, root};

/// Why there is no connection to the service.
///
/// `Display` completes "cannot connect to `host`: …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFailure {
    /// Nothing listens on the port, or a firewall rejects the connection.
    Refused,
    /// The host name cannot be resolved.
    UnknownHost,
    /// No connection was established in time.
    Timeout,
    /// The service's certificate is not accepted. No retry cures this.
    Certificate(CertificateFailure),
    /// The TLS handshake failed for another reason.
    Tls(String),
    /// Any other reason, in the words of the operating system or the transport.
    Other(String),
}

/// Why a certificate is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFailure {
    /// No trusted authority has issued it.
    UnknownIssuer,
    /// It is for other host names.
    WrongName {
        /// The host name that was asked for, if the TLS library says.
        expected: Option<String>,
        /// The names in the certificate, if the TLS library says.
        presented: Vec<String>,
    },
    /// Its validity has ended.
    Expired,
    /// Its validity has not begun.
    NotValidYet,
    /// Any other reason, in the words of the TLS library.
    Other(String),
}

impl ConnectionFailure {
    /// Classifies `error` by what is in its chain of sources.
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
            // The connector's error type is private; this is its text for every failure of the resolver.
            if error.to_string() == "dns error" {
                return Self::UnknownHost;
            }
        }
        Self::Other(root(error).to_string())
    }

    /// Whether the service's certificate is not accepted.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self, Self::Certificate(_))
    }
}

#[cfg(feature = "rustls")]
fn tls(error: &rustls::Error) -> ConnectionFailure {
    use rustls::CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return ConnectionFailure::Tls(error.to_string());
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
        // Its text alone begins with "invalid peer certificate".
        other => CertificateFailure::Other(format!("{other}")),
    })
}

/// The host name in `DnsName("host")`, which is how rustls shows the names in a certificate.
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
