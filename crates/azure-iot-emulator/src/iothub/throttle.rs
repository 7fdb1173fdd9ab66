//! Throttling with one token bucket per class of operations. Disabled by default.

use std::collections::HashMap;

use parking_lot::Mutex;
use time::OffsetDateTime;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::router::Operation;
use crate::iothub::tier::Tier;

/// Operations that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OperationClass {
    Registry,
    TwinRead,
    TwinUpdate,
    Query,
    Method,
    CloudToDevice,
    Job,
    Configuration,
}

impl OperationClass {
    /// Returns the class of an operation; `None` if it is not throttled.
    fn of(operation: Operation) -> Option<Self> {
        use Operation as Op;
        Some(match operation {
            Op::ListDevices
            | Op::BulkUpdateDevices
            | Op::RegenerateKeys
            | Op::GetDevice
            | Op::PutDevice
            | Op::DeleteDevice
            | Op::ListModules
            | Op::GetModule
            | Op::PutModule
            | Op::DeleteModule
            | Op::DeviceStatistics
            | Op::ServiceStatistics => Self::Registry,
            Op::GetTwin | Op::GetModuleTwin | Op::GetDigitalTwin => Self::TwinRead,
            Op::PutTwin | Op::PatchTwin | Op::PutModuleTwin | Op::PatchModuleTwin | Op::PatchDigitalTwin => {
                Self::TwinUpdate
            }
            Op::Query => Self::Query,
            Op::InvokeDeviceMethod
            | Op::InvokeModuleMethod
            | Op::InvokeCommand
            | Op::InvokeComponentCommand => Self::Method,
            Op::SendMessage => Self::CloudToDevice,
            Op::CreateImportExportJob
            | Op::ListImportExportJobs
            | Op::GetImportExportJob
            | Op::CancelImportExportJob
            | Op::QueryScheduledJobs
            | Op::GetScheduledJob
            | Op::PutScheduledJob
            | Op::CancelScheduledJob => Self::Job,
            Op::GetConfiguration
            | Op::PutConfiguration
            | Op::DeleteConfiguration
            | Op::ListConfigurations
            | Op::TestConfigurationQueries
            | Op::ApplyConfiguration => Self::Configuration,
            Op::PurgeCommands | Op::ReceiveFeedback | Op::CompleteFeedback | Op::AbandonFeedback => {
                return None;
            }
        })
    }

    /// Returns the number of requests that a hub with one unit allows per period, and the period in
    /// seconds.
    fn limit(self, tier: Tier) -> (f64, f64) {
        let of = |small: f64, s2: f64, s3: f64| match tier {
            Tier::F1 | Tier::S1 => small,
            Tier::S2 => s2,
            Tier::S3 => s3,
        };
        match self {
            Self::Registry | Self::Job | Self::CloudToDevice => (of(100.0, 100.0, 5000.0), 60.0),
            Self::TwinRead => (of(100.0, 100.0, 500.0), 1.0),
            Self::TwinUpdate => (of(50.0, 50.0, 250.0), 1.0),
            Self::Query => (of(20.0, 20.0, 1000.0), 60.0),
            // The documented limits are 160 KB, 480 KB and 24 MB; a call counts as 4 KB.
            Self::Method => (of(40.0, 120.0, 6000.0), 1.0),
            Self::Configuration => (20.0, 60.0),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Registry => "Registry",
            Self::TwinRead => "TwinRead",
            Self::TwinUpdate => "TwinUpdate",
            Self::Query => "Query",
            Self::Method => "DirectMethod",
            Self::CloudToDevice => "CloudToDeviceMessage",
            Self::Job => "Job",
            Self::Configuration => "ConfigurationWrite",
        }
    }
}

/// Token buckets by class.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// The tokens in each bucket, and the time of the last update; `None` while throttling is
    /// disabled.
    buckets: Mutex<Option<HashMap<OperationClass, (f64, OffsetDateTime)>>>,
}

impl Throttle {
    pub(crate) fn set(&self, on: bool) {
        *self.buckets.lock() = on.then(HashMap::new);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.buckets.lock().is_some()
    }

    /// Takes a token for a request, or returns an error if there is none.
    pub(crate) fn admit(&self, operation: Operation, tier: Tier, now: OffsetDateTime) -> Result<()> {
        let mut buckets = self.buckets.lock();
        let (Some(buckets), Some(class)) = (buckets.as_mut(), OperationClass::of(operation)) else {
            return Ok(());
        };
        let (count, seconds) = class.limit(tier);
        let (left, since) = buckets.entry(class).or_insert((count, now));
        let passed = (now - *since).as_seconds_f64().max(0.0);
        *left = (*left + passed * count / seconds).min(count);
        *since = now;
        if *left < 1.0 {
            return Err(refusal(class));
        }
        *left -= 1.0;
        Ok(())
    }
}

fn refusal(class: OperationClass) -> HubError {
    let text = format!(
        "The request has been throttled. Wait 10 seconds and try again. Operation type: {}",
        class.name()
    );
    HubError::new(Code::THROTTLING_EXCEPTION, text).with_header("connection", "close".to_owned())
}
