//! Callers, and the rights of shared access policies.

use bitflags::bitflags;

bitflags! {
    /// Rights of a shared access policy.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Rights: u8 {
        const REGISTRY_READ = 1;
        const REGISTRY_WRITE = 1 << 1;
        /// The service side: twins, queries, methods, messages.
        const SERVICE_CONNECT = 1 << 2;
        const DEVICE_CONNECT = 1 << 3;
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

/// The authenticated sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Credentials);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Credentials {
    SharedAccess {
        policy: String,
        rights: Rights,
    },
    /// A principal with a token. It has all rights, because the emulator has no role assignments.
    Bearer,
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
    /// `registryReadWrite`. `None` for any other name.
    pub fn policy(name: &str) -> Option<Self> {
        let (name, rights) = DEFAULT_POLICIES.iter().find(|(known, _)| *known == name)?;
        Some(Self::shared_access(*name, *rights))
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
        }
    }

    pub(crate) fn is_bearer(&self) -> bool {
        self.0 == Credentials::Bearer
    }
}
