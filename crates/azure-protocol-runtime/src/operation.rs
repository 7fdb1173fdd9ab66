//! Metadata of an operation.

/// One row of a protocol crate's table of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The name of the generated method, such as `devices_get_twin`.
    pub id: &'static str,
    /// The HTTP method, in upper case.
    pub method: &'static str,
    /// The path template, such as `/twins/{id}`.
    pub path: &'static str,
    /// The status codes that mean success; any other is an error, even another 2xx. If empty, any 2xx means success.
    pub success: &'static [u16],
    /// The content type of the request body, if there is one.
    pub request_content_type: Option<&'static str>,
    /// Whether sending the request more than once has the same effect as sending it once.
    pub idempotent: bool,
    /// The way to request the next page.
    pub paging: Paging,
}

impl Operation {
    /// An unknown operation: not idempotent, and every 2xx means success.
    pub const UNKNOWN: Self = Self {
        id: "unknown",
        method: "",
        path: "",
        success: &[],
        request_content_type: None,
        idempotent: false,
        paging: Paging::None,
    };

    /// Returns whether `status` means success.
    #[must_use]
    pub fn is_success(&self, status: u16) -> bool {
        if self.success.is_empty() {
            (200..300).contains(&status)
        } else {
            self.success.contains(&status)
        }
    }
}

/// The way to request the next page of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// The result is not paged.
    None,
    /// The response body contains a link to the next page.
    NextLink,
    /// The response body contains a token to send in the body of the next request.
    BodyToken,
    /// A response header contains a token to send in a header of the next request.
    HeaderToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_codes_mean_success() {
        let created = Operation {
            success: &[200, 201],
            ..Operation::UNKNOWN
        };
        assert!(created.is_success(201));
        assert!(!created.is_success(204));
        assert!(Operation::UNKNOWN.is_success(207));
        assert!(!Operation::UNKNOWN.is_success(304));
    }
}
