//! What the sizes of hubs allow.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The size of a hub: how many jobs it runs at once and, if throttling is on, how many requests it takes. One unit of
/// each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// The free one.
    F1,
    /// The standard one, and what a hub is unless told otherwise.
    #[default]
    S1,
    /// The larger one.
    S2,
    /// The largest one.
    S3,
}

/// The name of a [`Tier`] that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} is not a tier; one of F1, S1, S2, S3 is expected")]
#[non_exhaustive]
pub struct TierError {
    /// The unknown name.
    pub name: String,
}

impl Tier {
    /// Scheduled jobs that may be active at the same time.
    pub(crate) fn concurrent_jobs(self) -> usize {
        match self {
            Self::F1 | Self::S1 => 1,
            Self::S2 => 5,
            Self::S3 => 10,
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
