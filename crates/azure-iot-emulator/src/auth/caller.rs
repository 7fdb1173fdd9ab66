//! Callers, and the rights of shared access policies.

use bitflags::bitflags;

bitflags! {
    /// Rights of a shared access policy.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Rights: u16 {
        const REGISTRY_READ = 1;
        const REGISTRY_WRITE = 1 << 1;
        /// The service side: twins, queries, methods, messages.
        const SERVICE_CONNECT = 1 << 2;
        const DEVICE_CONNECT = 1 << 3;
        const ENROLLMENT_READ = 1 << 4;
        const ENROLLMENT_WRITE = 1 << 5;
        const REGISTRATION_STATUS_READ = 1 << 6;
        const REGISTRATION_STATUS_WRITE = 1 << 7;
        /// Changes the settings of a provisioning service. No operation of the data plane requires this right.
        const SERVICE_CONFIG = 1 << 8;
    }
}

/// The default policies of a hub, with their rights.
pub(crate) const DEFAULT_POLICIES: [(&str, Rights); 5] = [
    ("iothubowner", Rights::all()),
    ("service", Rights::SERVICE_CONNECT),
    ("device", Rights::DEVICE_CONNECT),
    ("registryRead", Rights::REGISTRY_READ),
    (
        "registryReadWrite",
        Rights::REGISTRY_READ.union(Rights::REGISTRY_WRITE),
    ),
];

/// The policies of the emulated provisioning service, with their rights. A new service in Azure has only the first policy;
/// the others let tests use fewer rights.
pub(crate) const PROVISIONING_POLICIES: [(&str, Rights); 5] = [
    ("provisioningserviceowner", Rights::all()),
    ("enrollmentRead", Rights::ENROLLMENT_READ),
    (
        "enrollmentReadWrite",
        Rights::ENROLLMENT_READ.union(Rights::ENROLLMENT_WRITE),
    ),
    ("registrationRead", Rights::REGISTRATION_STATUS_READ),
    (
        "registrationReadWrite",
        Rights::REGISTRATION_STATUS_READ.union(Rights::REGISTRATION_STATUS_WRITE),
    ),
];

/// The authenticated sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Credentials);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Credentials {
    SharedAccess {
        policy: String,
        rights: Rights,
    },
    /// A principal with a bearer token. It has all rights, because the emulator has no role assignments.
    Bearer,
    /// A sender whose credentials the service has not checked yet.
    Unauthenticated,
}

impl Caller {
    /// Returns the owner policy of a hub, which has all rights.
    pub fn owner() -> Self {
        Self::shared_access("iothubowner", Rights::all())
    }

    /// Returns a principal with a bearer token, which has all rights.
    pub fn bearer() -> Self {
        Self(Credentials::Bearer)
    }

    /// Returns a default shared access policy: `iothubowner`, `service`, `device`, `registryRead` or
    /// `registryReadWrite` of a hub, or `provisioningserviceowner`, `enrollmentRead`, `enrollmentReadWrite`,
    /// `registrationRead` or `registrationReadWrite` of a provisioning service. `None` for any other name.
    pub fn policy(name: &str) -> Option<Self> {
        let mut policies = DEFAULT_POLICIES.iter().chain(&PROVISIONING_POLICIES);
        let (name, rights) = policies.find(|(known, _)| *known == name)?;
        Some(Self::shared_access(*name, *rights))
    }

    /// Returns a sender whose credentials the service has not checked yet. It has no rights.
    pub(crate) fn unauthenticated() -> Self {
        Self(Credentials::Unauthenticated)
    }

    pub(crate) fn shared_access(policy: impl Into<String>, rights: Rights) -> Self {
        Self(Credentials::SharedAccess {
            policy: policy.into(),
            rights,
        })
    }

    /// Returns whether the caller has all of these rights.
    pub(crate) fn may(&self, needed: Rights) -> bool {
        match &self.0 {
            Credentials::SharedAccess { rights, .. } => rights.contains(needed),
            Credentials::Bearer => true,
            Credentials::Unauthenticated => needed.is_empty(),
        }
    }

    pub(crate) fn is_bearer(&self) -> bool {
        self.0 == Credentials::Bearer
    }
}
