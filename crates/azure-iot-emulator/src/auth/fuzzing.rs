//! Access for the fuzz targets.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};

use crate::auth::authenticator::Authenticator;
use crate::auth::bearer::BearerTokens;
use crate::auth::caller::Rights;
use crate::auth::sas::{Policies, Policy};
use crate::clock::Clock;
use crate::service::request::split_path;

/// Checks the credentials of requests to a hub.
#[derive(Debug)]
pub struct Authority(Authenticator);

impl Authority {
    /// Creates the authority of the hub `localhost`, whose policy `iothubowner` has this key. Panics if it is not base64.
    pub fn new(key: &str) -> Self {
        let policy = Policy::generate("iothubowner", Rights::all());
        let policy = policy.with_primary_key(key).expect("the key is base64");
        let policies = Policies::new(vec![policy], vec!["localhost".to_owned()], Vec::new());
        let tokens = BearerTokens::for_iot_hub();
        Self(Authenticator::shared_access_or_bearer(
            Clock::new(),
            policies,
            tokens,
        ))
    }

    /// Returns whether a request with this `Authorization` header is accepted.
    pub fn accepts(&self, header: &str, host: &str, path: &str) -> bool {
        let Ok(value) = HeaderValue::from_str(header) else {
            return false;
        };
        let Ok(segments) = split_path(path) else {
            return false;
        };
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        self.0.check(&headers, host, &segments).is_ok()
    }
}
