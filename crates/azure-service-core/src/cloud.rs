//! The Entra scope of a service in each Azure cloud.

use azure_core::cloud::CloudConfiguration;

use crate::error::{Error, Result};

/// The Entra scopes of a service in the Azure clouds.
///
/// The authority that issues tokens is configured on the `TokenCredential`, which has its own `ClientOptions`.
///
/// # Example
///
/// ```
/// use azure_core::cloud::{Audiences, CloudConfiguration, CustomConfiguration};
/// use azure_service_core::CloudScopes;
///
/// /// Names the service in `Audiences` of custom clouds.
/// pub struct RoomsAudience;
///
/// const SCOPES: CloudScopes = CloudScopes {
///     public: "https://rooms.example/.default",
///     government: Some("https://rooms.example.us/.default"),
///     china: None,
/// };
///
/// assert_eq!(SCOPES.scope::<RoomsAudience>(None, None)?, "https://rooms.example/.default");
/// let mut custom = CustomConfiguration::default();
/// custom.audiences = Audiences::new().with::<RoomsAudience>("https://rooms.local".to_owned());
/// let scope = SCOPES.scope::<RoomsAudience>(Some(&custom.into()), None)?;
/// assert_eq!(scope, "https://rooms.local/.default");
/// # Ok::<(), azure_service_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloudScopes {
    /// Scope in the public cloud.
    pub public: &'static str,
    /// Scope in Azure Government, `None` if the service is not offered there.
    pub government: Option<&'static str>,
    /// Scope in Azure operated by 21Vianet, `None` if the service is not offered there.
    pub china: Option<&'static str>,
}

impl CloudScopes {
    /// Returns the scope to request tokens for: `scope` if given, otherwise the scope of `cloud`. `A` identifies the
    /// service in the audiences of a custom cloud.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if no scope is known for the cloud.
    pub fn scope<A: 'static>(
        &self,
        cloud: Option<&CloudConfiguration>,
        scope: Option<String>,
    ) -> Result<String> {
        if let Some(scope) = scope {
            return Ok(scope);
        }
        let scope = match cloud {
            None | Some(CloudConfiguration::AzurePublic) => Some(self.public.to_owned()),
            Some(CloudConfiguration::AzureGovernment) => self.government.map(str::to_owned),
            Some(CloudConfiguration::AzureChina) => self.china.map(str::to_owned),
            Some(CloudConfiguration::Custom(custom)) => custom.audiences.get::<A>().map(default_scope),
            Some(_) => None,
        };
        scope.ok_or_else(|| {
            Error::invalid_input(
                "cloud",
                "has no known scope for this service; set `scope`, or add the service's audience to the custom cloud",
            )
        })
    }
}

/// Returns the default scope of `audience`; an audience that is already a scope is returned unchanged.
fn default_scope(audience: &str) -> String {
    if audience.ends_with("/.default") {
        return audience.to_owned();
    }
    format!("{}/.default", audience.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::cloud::{Audiences, CustomConfiguration};

    struct Audience;

    const SCOPES: CloudScopes = CloudScopes {
        public: "https://s.net/.default",
        government: Some("https://s.us/.default"),
        china: None,
    };

    #[test]
    fn scope_of_the_caller_overrides_that_of_the_cloud() {
        let scope = |cloud: CloudConfiguration, explicit: Option<&str>| {
            SCOPES.scope::<Audience>(Some(&cloud), explicit.map(str::to_owned))
        };
        use CloudConfiguration::{AzureChina, AzureGovernment, AzurePublic};
        assert_eq!(scope(AzurePublic, None).unwrap(), "https://s.net/.default");
        assert_eq!(scope(AzureGovernment, None).unwrap(), "https://s.us/.default");
        assert_eq!(scope(AzureChina, None).unwrap_err().parameter(), Some("cloud"));
        assert_eq!(scope(AzureChina, Some("x")).unwrap(), "x");
    }

    #[test]
    fn audience_of_a_custom_cloud_may_be_a_scope() {
        for audience in ["https://s.local", "https://s.local/", "https://s.local/.default"] {
            let mut custom = CustomConfiguration::default();
            custom.audiences = Audiences::new().with::<Audience>(audience.to_owned());
            let scope = SCOPES.scope::<Audience>(Some(&custom.into()), None).unwrap();
            assert_eq!(scope, "https://s.local/.default");
        }
        let none = CloudConfiguration::Custom(CustomConfiguration::default());
        assert!(SCOPES.scope::<Audience>(Some(&none), None).is_err());
    }
}
