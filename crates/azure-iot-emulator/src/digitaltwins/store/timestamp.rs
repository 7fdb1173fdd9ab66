//! Timestamps in the store and in the service's format.

use std::ops::Range;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::format_description;
use time::parsing::Parsed;
use time::{OffsetDateTime, UtcOffset};

const NANOSECONDS_PER_TICK: i128 = 100;
const TICKS_PER_SECOND: i64 = 10_000_000;

/// A point in time, as the number of 100 ns intervals since 1970. It takes eight bytes instead of the sixteen of
/// `OffsetDateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Timestamp(i64);

impl From<OffsetDateTime> for Timestamp {
    #[expect(
        clippy::expect_used,
        reason = "`OffsetDateTime` ends with the year 9999 or 999999"
    )]
    fn from(time: OffsetDateTime) -> Self {
        let ticks = time.unix_timestamp_nanos().div_euclid(NANOSECONDS_PER_TICK);
        Timestamp(i64::try_from(ticks).expect("every year has ticks far below 2^63"))
    }
}

impl Timestamp {
    /// Parses the output of [`Display`](std::fmt::Display), and other RFC 3339 timestamps.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Timestamp::from)
    }

    /// The last timestamp with a four-digit year, which is also the end of the clock's range.
    const LAST: Self = Self(253_402_300_800 * TICKS_PER_SECOND - 1);

    /// Adds `duration`, up to [`LAST`](Self::LAST).
    pub(crate) fn after(self, duration: std::time::Duration) -> Self {
        let ticks = i64::try_from(duration.as_nanos() / NANOSECONDS_PER_TICK.unsigned_abs());
        Timestamp(self.0.saturating_add(ticks.unwrap_or(i64::MAX))).min(Self::LAST)
    }

    /// Formats the timestamp as in a model's `uploadTime`, with an offset instead of `Z`.
    pub(crate) fn with_offset(self) -> String {
        let text = self.to_string();
        format!("{}+00:00", text.trim_end_matches('Z'))
    }

    /// Formats the digits without a library, because every property of a twin has a timestamp, and formatting it
    /// dominates the cost of writing a twin.
    #[expect(
        clippy::expect_used,
        reason = "a timestamp is created from an `OffsetDateTime` or clamped to the year 9999"
    )]
    fn digits(self) -> Digits {
        let seconds = self.0.div_euclid(TICKS_PER_SECOND);
        let ticks = self.0.rem_euclid(TICKS_PER_SECOND);
        let time = OffsetDateTime::from_unix_timestamp(seconds).expect("it was an `OffsetDateTime` before");
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second) = time.to_hms();
        let mut digits = Digits(*b"0000-00-00T00:00:00.0000000Z");
        digits.put(0..4, year.unsigned_abs());
        digits.put(5..7, u8::from(month).into());
        digits.put(8..10, day.into());
        digits.put(11..13, hour.into());
        digits.put(14..16, minute.into());
        digits.put(17..19, second.into());
        let ticks = u32::try_from(ticks).expect("a second has ten million ticks");
        digits.put(20..27, ticks);
        digits
    }
}

/// A timestamp in the form `0000-00-00T00:00:00.0000000Z`.
struct Digits([u8; 28]);

impl Digits {
    fn put(&mut self, range: Range<usize>, mut number: u32) {
        for digit in self.0[range].iter_mut().rev() {
            *digit = b"0123456789"[number as usize % 10];
            number /= 10;
        }
    }

    #[expect(clippy::expect_used, reason = "digits and separators are ASCII")]
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("ASCII is UTF-8")
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.digits().as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.digits().as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| D::Error::custom(format!("{text} is not a timestamp")))
    }
}

/// Returns a `Telemetry-Source-Time` in ISO 8601. The header may also have the format of the .NET client, `MM/dd/yy
/// H:mm:ss zzz`.
pub(crate) fn telemetry_source_time(text: &str) -> Option<String> {
    if is_iso_8601(text) {
        return Some(text.to_owned());
    }
    let format = format_description!(
        "[month]/[day]/[year repr:last_two] [hour padding:none]:[minute]:[second] [offset_hour sign:mandatory]:[offset_minute]"
    );
    let mut parsed = Parsed::new();
    let rest = parsed.parse_items(text.as_bytes(), format).ok()?;
    let last_two = parsed.year_last_two().filter(|_| rest.is_empty())?;
    // As in .NET, two-digit years below 50 are in the 21st century.
    let century = if last_two < 50 { 2000 } else { 1900 };
    parsed.set_year(century + i32::from(last_two))?;
    let time: OffsetDateTime = parsed.try_into().ok()?;
    Some(Timestamp::from(time).to_string())
}

/// Returns whether a string is an ISO 8601 date and time, as `sourceTime` must be.
pub(crate) fn is_iso_8601(text: &str) -> bool {
    OffsetDateTime::parse(text, &Rfc3339).is_ok()
        || OffsetDateTime::parse(text, &Iso8601::DEFAULT).is_ok()
        || time::PrimitiveDateTime::parse(text, &Iso8601::DEFAULT)
            .is_ok_and(|time| time.assume_offset(UtcOffset::UTC).year() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// ADT-HTTP-9, ADT-HTTP-10.
    #[test]
    fn timestamps_have_seven_fractional_digits() {
        let time = Timestamp::from(datetime!(2025-05-02 14:57:59.494415399 UTC));
        assert_eq!(time.to_string(), "2025-05-02T14:57:59.4944153Z");
        assert_eq!(time.with_offset(), "2025-05-02T14:57:59.4944153+00:00");
        assert_eq!(
            Timestamp::from(datetime!(2025-05-02 14:57:59 +2)).to_string(),
            "2025-05-02T12:57:59.0000000Z"
        );
        assert_eq!(
            Timestamp::from(datetime!(1969-12-31 23:59:59.9 UTC)).to_string(),
            "1969-12-31T23:59:59.9000000Z"
        );
        let last = Timestamp::from(datetime!(9999-12-31 23:59:59.9999999 UTC));
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.9999999Z");
        assert_eq!(Timestamp::parse(&last.to_string()), Some(last));
        // The sum is clamped to the last timestamp.
        assert_eq!(last.after(std::time::Duration::MAX), last);
        assert_eq!(last, Timestamp::LAST);
        assert_eq!(serde_json::json!(last), "9999-12-31T23:59:59.9999999Z");
    }

    #[test]
    fn source_times() {
        for good in [
            "2021-06-29T22:45:27Z",
            "2021-06-29T22:45:27.1234567+02:00",
            "20210629T224527Z",
            "2021-06-29T22:45:27",
        ] {
            assert!(is_iso_8601(good), "{good}");
        }
        for bad in ["", "now", "2021-06-29", "2021-13-01T00:00:00Z", "22:45:27Z"] {
            assert!(!is_iso_8601(bad), "{bad}");
            assert_eq!(telemetry_source_time(bad), None, "{bad}");
        }
    }

    /// ADT-TELEMETRY-3.
    #[test]
    fn telemetry_source_times_may_have_the_format_of_the_dotnet_client() {
        for (text, expected) in [
            ("01/01/01 0:00:00 +00:00", "2001-01-01T00:00:00.0000000Z"),
            ("05/02/25 14:57:59 +02:00", "2025-05-02T12:57:59.0000000Z"),
            ("12/31/99 9:05:00 -05:30", "1999-12-31T14:35:00.0000000Z"),
            ("2021-06-29T22:45:27Z", "2021-06-29T22:45:27Z"),
        ] {
            assert_eq!(telemetry_source_time(text).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "13/01/01 0:00:00 +00:00",
            "01/01/01 0:00:00",
            "01/01/01 0:00:00 +00:00 ",
        ] {
            assert_eq!(telemetry_source_time(bad), None, "{bad}");
        }
    }
}
