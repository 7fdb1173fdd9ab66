//! Dates and times in all formats that the services write.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};

/// The services' value for an event that has not happened.
const NEVER: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

/// A date and time from a service.
///
/// Parsing accepts fractional seconds (digits after the ninth are dropped); an offset, `Z` or nothing (UTC); and `T`,
/// `t` or a space between date and time. `0001-01-01T00:00:00` means [never](Self::is_never). Deserialization keeps a
/// string that is not a date, so that one malformed field does not fail the whole response;
/// [`to_offset`](Self::to_offset) is then `None`.
///
/// The serialized form is RFC 3339 in UTC with `Z` and as many fractional digits as needed; a string that is not a date
/// is written as it was read.
///
/// Strings that are not dates sort after all dates.
///
/// # Example
///
/// ```
/// use azure_protocol_runtime::DateTime;
///
/// let time: DateTime = "2024-05-01 10:00:00.1234567+02:00".parse()?;
/// assert_eq!(time.to_string(), "2024-05-01T08:00:00.1234567Z");
/// let never: DateTime = "0001-01-01T00:00:00".parse()?;
/// assert!(never.is_never());
/// # Ok::<(), azure_protocol_runtime::ParseDateTimeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(Repr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    Parsed(OffsetDateTime),
    Unparsed(Box<str>),
}

/// The error for a string that is not a date and time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseDateTimeError;

impl fmt::Display for ParseDateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 date and time, such as 2024-05-01T10:20:30Z")
    }
}

impl std::error::Error for ParseDateTimeError {}

impl DateTime {
    /// Returns whether this is the value for an event that has not happened.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.to_offset() == Some(NEVER)
    }

    /// Returns the instant, or `None` if the service sent a string that is not a date. [Never](Self::is_never) is a
    /// date.
    #[must_use]
    pub fn to_offset(&self) -> Option<OffsetDateTime> {
        match &self.0 {
            Repr::Parsed(time) => Some(*time),
            Repr::Unparsed(_) => None,
        }
    }

    /// Returns the string that the service sent, if it is not a date.
    #[must_use]
    pub fn unparsed(&self) -> Option<&str> {
        match &self.0 {
            Repr::Parsed(_) => None,
            Repr::Unparsed(text) => Some(text),
        }
    }

    fn lenient(text: &str) -> Self {
        text.parse()
            .unwrap_or_else(|ParseDateTimeError| Self(Repr::Unparsed(text.into())))
    }
}

impl From<OffsetDateTime> for DateTime {
    fn from(time: OffsetDateTime) -> Self {
        // Near the limits of the calendar, the time in UTC may be out of range. In that case, the offset is kept.
        let utc = time
            .checked_to_offset(UtcOffset::UTC)
            .filter(|utc| (0..=9999).contains(&utc.year()));
        Self(Repr::Parsed(utc.unwrap_or(time)))
    }
}

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    /// Parses a date and time in one of the accepted formats.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let normal = normalize(text).ok_or(ParseDateTimeError)?;
        OffsetDateTime::parse(&normal, &Rfc3339)
            .map(Self::from)
            .map_err(|_| ParseDateTimeError)
    }
}

/// Converts the accepted formats to the one that the `time` crate parses.
fn normalize(text: &str) -> Option<String> {
    const DATE: usize = "2024-05-01".len();
    if !text.is_ascii() || text.len() <= DATE {
        return None;
    }
    let (date, rest) = text.split_at(DATE);
    let time = rest.strip_prefix(['T', 't', ' '])?;
    if time.ends_with(['Z', 'z']) || time.contains(['+', '-']) {
        Some(format!("{date}T{}", time.replace('z', "Z")))
    } else {
        Some(format!("{date}T{time}Z"))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = match &self.0 {
            Repr::Parsed(time) => time,
            Repr::Unparsed(text) => return f.write_str(text),
        };
        // The formatter of the `time` crate fails for years that RFC 3339 cannot represent.
        let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
        let (hour, minute, second) = time.to_hms();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if time.nanosecond() != 0 {
            write!(
                f,
                ".{}",
                format!("{:09}", time.nanosecond()).trim_end_matches('0')
            )?;
        }
        if time.offset().is_utc() {
            f.write_str("Z")
        } else {
            let (hours, minutes, _) = time.offset().as_hms();
            write!(f, "{hours:+03}:{:02}", minutes.unsigned_abs())
        }
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Parsed(_) => write!(f, "DateTime({self})"),
            Repr::Unparsed(text) => f.debug_tuple("DateTime").field(text).finish(),
        }
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
                Ok(DateTime::lenient(text))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        text.parse::<DateTime>()
            .unwrap_or_else(|_| panic!("{text:?} is a date"))
            .to_string()
    }

    /// HUB-DEVICE-10.
    #[test]
    fn every_accepted_format_is_parsed() {
        assert_eq!(written("2024-05-01T10:20:30Z"), "2024-05-01T10:20:30Z");
        assert_eq!(written("2024-05-01t10:20:30z"), "2024-05-01T10:20:30Z");
        assert_eq!(written("2024-05-01 10:20:30"), "2024-05-01T10:20:30Z");
        assert_eq!(written("2024-05-01T10:20:30"), "2024-05-01T10:20:30Z");
        assert_eq!(written("2024-05-01T10:20:30+02:00"), "2024-05-01T08:20:30Z");
        assert_eq!(written("2024-05-01T00:20:30.5-05:30"), "2024-05-01T05:50:30.5Z");
        assert_eq!(
            written("2016-02-29T23:59:59.9999999+00:00"),
            "2016-02-29T23:59:59.9999999Z"
        );
    }

    #[test]
    fn nine_fraction_digits_are_kept() {
        let digits = "123456789";
        for count in 1..=9 {
            let text = format!("2024-05-01T10:20:30.{}Z", &digits[..count]);
            assert_eq!(written(&text), text);
        }
        assert_eq!(
            written("2024-05-01T10:20:30.1234567891Z"),
            "2024-05-01T10:20:30.123456789Z"
        );
        assert_eq!(
            written("2024-05-01T10:20:30.0000001"),
            "2024-05-01T10:20:30.0000001Z"
        );
        assert_eq!(written("2024-05-01T10:20:30.1000000Z"), "2024-05-01T10:20:30.1Z");
    }

    /// HUB-DEVICE-7.
    #[test]
    fn year_one_means_never() {
        for text in [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00.0000000",
            "0001-01-01T00:00:00.0000000Z",
        ] {
            let time: DateTime = text.parse().unwrap();
            assert!(time.is_never(), "{text}");
            assert_eq!(time.to_string(), "0001-01-01T00:00:00Z");
        }
        assert!(!"0001-01-01T00:00:01".parse::<DateTime>().unwrap().is_never());
    }

    #[test]
    fn an_invalid_date_fails_to_parse_but_deserializes() {
        let odd = [
            "",
            "yesterday",
            "2024-05-01",
            "2024-05-01T",
            "2024-13-01T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2024-05-01T25:00:00Z",
            "2024-05-01T10:20:30.Z",
            "2024-05-01T10:20:30+2:00",
            "2024-05-01T10:20:30 Z",
            "２０２４-05-01T10:20:30Z",
            "2024-05-01T10:20",
            "1714558830",
        ];
        for text in odd {
            assert_eq!(text.parse::<DateTime>(), Err(ParseDateTimeError), "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            let kept: DateTime = serde_json::from_str(&json).unwrap();
            assert_eq!((kept.to_offset(), kept.unparsed()), (None, Some(text)));
            assert!(!kept.is_never());
            assert_eq!(serde_json::to_string(&kept).unwrap(), json);
        }
        assert!(serde_json::from_str::<DateTime>("{}").is_err());
    }

    #[test]
    fn dates_at_the_ends_of_the_calendar_do_not_panic() {
        for text in ["9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00"] {
            let time: DateTime = serde_json::from_str(&format!("{text:?}")).unwrap();
            assert_eq!(time.to_string().parse::<DateTime>().as_ref(), Ok(&time), "{time}");
        }
        let first = OffsetDateTime::new_in_offset(
            time::Date::MIN,
            time::Time::MIDNIGHT,
            UtcOffset::from_hms(1, 0, 0).unwrap(),
        );
        assert!(
            DateTime::from(first)
                .to_string()
                .ends_with("-01-01T00:00:00+01:00")
        );
    }

    #[test]
    fn equality_and_order_compare_the_instant() {
        let parse = |text: &str| text.parse::<DateTime>().unwrap();
        assert_eq!(parse("2024-05-01T10:00:00+02:00"), parse("2024-05-01T08:00:00Z"));
        assert!(parse("2024-05-01T10:00:00+02:00") < parse("2024-05-01T09:00:00Z"));
        assert!(parse("2024-05-01T10:00:00Z") < DateTime::lenient("odd"));
        assert_eq!(
            format!("{:?}", parse("2024-05-01T10:00:00Z")),
            "DateTime(2024-05-01T10:00:00Z)"
        );
        assert_eq!(format!("{:?}", DateTime::lenient("odd")), "DateTime(\"odd\")");
    }
}
