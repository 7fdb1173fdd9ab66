//! The base URL of a service.

use progenitor_client::Error;
use reqwest::Url;

/// The base URL of a generated client, parsed once per client instead of once per request.
///
/// Generated constructors are infallible, so an invalid URL is reported when the first request is built.
#[derive(Debug, Clone)]
pub struct BaseUrl {
    text: String,
    url: Option<Url>,
}

impl BaseUrl {
    /// Parses a URL, with or without a path, such as `https://my-hub.azure-devices.net`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let url = Url::parse(text).ok().filter(|url| !url.cannot_be_a_base());
        Self {
            text: text.to_owned(),
            url,
        }
    }

    /// Returns the original URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends `path`, which starts with a slash and whose segments are [encoded](crate::path_segment).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the base is not a URL that can have a path.
    #[expect(clippy::result_large_err, reason = "the error type of generated code")]
    pub fn join<E>(&self, path: &str) -> Result<Url, Error<E>> {
        let base = self
            .url
            .as_ref()
            .ok_or_else(|| Error::InvalidRequest("baseurl: must be a URL".to_owned()))?;
        let mut url = base.clone();
        match base.path().trim_end_matches('/') {
            "" => url.set_path(path),
            prefix => url.set_path(&format!("{prefix}{path}")),
        }
        Ok(url)
    }

    /// Appends `path` like [`join`](Self::join), and sets the fixed query of the operation.
    ///
    /// # Errors
    ///
    /// Same as [`join`](Self::join).
    #[expect(clippy::result_large_err, reason = "the error type of generated code")]
    pub fn join_with_query<E>(&self, path: &str, query: &str) -> Result<Url, Error<E>> {
        let mut url = self.join(path)?;
        url.set_query(Some(query));
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_appended_unchanged() {
        for (base, expected) in [
            ("https://h", "https://h/things/a%2Fb%3F..%25/%C3%BC"),
            ("https://h/", "https://h/things/a%2Fb%3F..%25/%C3%BC"),
            ("http://h:1/root/", "http://h:1/root/things/a%2Fb%3F..%25/%C3%BC"),
        ] {
            let url = BaseUrl::new(base)
                .join::<()>("/things/a%2Fb%3F..%25/%C3%BC")
                .unwrap();
            assert_eq!(url.as_str(), expected);
            // The result equals the complete URL, parsed as a whole.
            assert_eq!(Url::parse(expected).unwrap(), url);
        }
    }

    #[test]
    fn a_fixed_query_precedes_other_parameters() {
        let base = BaseUrl::new("https://h/root");
        let mut url = base
            .join_with_query::<()>("/", "restype=service&comp=list")
            .unwrap();
        url.query_pairs_mut().append_pair("a", "b c");
        assert_eq!(url.as_str(), "https://h/root/?restype=service&comp=list&a=b+c");
    }

    #[test]
    fn invalid_url_is_reported_when_a_request_is_built() {
        for text in ["", "h", "mailto:a@b"] {
            let refused = BaseUrl::new(text).join::<()>("/things");
            assert!(
                matches!(&refused, Err(Error::InvalidRequest(reason)) if reason.starts_with("baseurl: ")),
                "{text}: {refused:?}"
            );
        }
    }
}
