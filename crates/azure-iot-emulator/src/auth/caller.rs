//! Callers and the rights of the hub's shared access policies.

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

/// The policies that every new hub has, with their rights.
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

/// The sender of a request, as its credentials prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(Credentials);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Credentials {
    SharedAccess {
        policy: String,
        rights: Rights,
    },
    /// The emulator knows no role assignments: a principal with a token may do everything.
    Bearer,
}

impl Caller {
    /// The owner policy of a hub, for requests that are not about rights.
    pub fn owner() -> Self {
        Self::shared_access("iothubowner", Rights::all())
    }

    /// A principal with a bearer token, who may do everything.
    pub fn bearer() -> Self {
        Self(Credentials::Bearer)
    }

    /// One of the shared access policies that every hub has: `iothubowner`, `service`, `device`, `registryRead`,
    /// `registryReadWrite`. `None` if the name is none of them.
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
