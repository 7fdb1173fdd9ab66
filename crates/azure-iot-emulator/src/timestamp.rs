//! Timestamps in the format of IoT Hub and its provisioning service, with seven fractional digits and `Z`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Ticks of 100 ns between the year 1 and 1970.
const TICKS_TO_UNIX_EPOCH: i128 = 621_355_968_000_000_000;

/// A point in time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(OffsetDateTime);

impl Timestamp {
    pub(crate) fn time(self) -> OffsetDateTime {
        self.0
    }

    /// Returns .NET ticks, 100 ns since the year 1. Generation ids are ticks.
    pub(crate) fn ticks(self) -> u64 {
        let ticks = self.0.unix_timestamp_nanos().div_euclid(100) + TICKS_TO_UNIX_EPOCH;
        // The clock's range begins with the year 0, before the first tick.
        u64::try_from(ticks).unwrap_or(0)
    }

    /// Adds `duration`, up to the last representable time.
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        let duration = time::Duration::try_from(duration).unwrap_or(time::Duration::MAX);
        Self(self.0.saturating_add(duration))
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        Self(time)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0;
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.nanosecond() / 100
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)?;
        Ok(Self(time.to_offset(time::UtcOffset::UTC)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// HUB-DEVICE-2, HUB-DEVICE-9.
    #[test]
    fn times_have_seven_digits_and_ticks_count_from_year_one() {
        let time = Timestamp::from(datetime!(2017-02-04 20:33:58.5009012 UTC));
        assert_eq!(time.to_string(), "2017-02-04T20:33:58.5009012Z");
        assert_eq!(time.ticks(), 636_218_372_385_009_012);
        let read: Timestamp = serde_json::from_str("\"2017-02-04T21:33:58.5009012+01:00\"").unwrap();
        assert_eq!(read, time);
    }
}
