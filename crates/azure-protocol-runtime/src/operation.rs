//! What is known about an operation beyond its Rust signature.

/// One row of a protocol crate's table of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The name of the generated method, such as `devices_get_twin`.
    pub id: &'static str,
    /// The HTTP method, in upper case.
    pub method: &'static str,
    /// The path template, such as `/twins/{id}`.
    pub path: &'static str,
    /// The status codes that mean success. Any other is an error, even another 2xx. Empty: not known, any 2xx is one.
    pub success: &'static [u16],
    /// The content type of the request body, if there is one.
    pub request_content_type: Option<&'static str>,
    /// Whether sending the request twice has the effect of sending it once.
    pub idempotent: bool,
    /// How the operation continues when its answer does not fit in one page.
    pub paging: Paging,
}

impl Operation {
    /// An operation of which nothing is known: not safe to repeat, every 2xx is a success.
    pub const UNKNOWN: Self = Self {
        id: "unknown",
        method: "",
        path: "",
        success: &[],
        request_content_type: None,
        idempotent: false,
        paging: Paging::None,
    };

    /// Whether `status` means that the operation succeeded.
    #[must_use]
    pub fn is_success(&self, status: u16) -> bool {
        if self.success.is_empty() {
            (200..300).contains(&status)
        } else {
            self.success.contains(&status)
        }
    }
}

/// How an operation continues when its answer does not fit in one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// The answer is complete.
    None,
    /// The body has a link to the next page.
    NextLink,
    /// The body has a token that the next request's body carries.
    BodyToken,
    /// A header has a token that the next request carries in a header.
    HeaderToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_codes_are_a_success() {
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
