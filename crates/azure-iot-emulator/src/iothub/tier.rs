//! Tiers of hubs and their limits.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The tier of a hub with one unit. It limits concurrent jobs and, if throttling is enabled, requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// The free tier.
    F1,
    /// The standard tier 1, the default.
    #[default]
    S1,
    /// The standard tier 2.
    S2,
    /// The standard tier 3.
    S3,
}

/// The error for an unknown [`Tier`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown tier \"{name}\"; it must be one of F1, S1, S2, S3")]
#[non_exhaustive]
pub struct TierError {
    /// The unknown name.
    pub name: String,
}

impl Tier {
    /// Returns the maximum number of active scheduled jobs.
    pub(crate) fn concurrent_jobs(self) -> usize {
        match self {
            Self::F1 | Self::S1 => 1,
            Self::S2 => 5,
            Self::S3 => 10,
        }
    }

    /// Returns the maximum number of configurations, including edge deployments.
    pub(crate) fn configurations(self) -> usize {
        match self {
            Self::F1 => 20,
            Self::S1 | Self::S2 | Self::S3 => 100,
        }
    }

    /// Returns the maximum number of edge deployments.
    pub(crate) fn deployments(self) -> usize {
        match self {
            Self::F1 => 10,
            Self::S1 | Self::S2 | Self::S3 => 100,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F1 => "F1",
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
        })
    }
}

impl FromStr for Tier {
    type Err = TierError;

    fn from_str(text: &str) -> Result<Self, TierError> {
        match text.to_ascii_uppercase().as_str() {
            "F1" => Ok(Self::F1),
            "S1" => Ok(Self::S1),
            "S2" => Ok(Self::S2),
            "S3" => Ok(Self::S3),
            _ => Err(TierError {
                name: text.to_owned(),
            }),
        }
    }
}
