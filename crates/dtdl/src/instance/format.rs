//! String formats of the primitive schemas.

/// Returns whether `text` is a date such as `2024-02-29` (RFC 3339).
pub(super) fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (
        digits(parts.next(), 4),
        digits(parts.next(), 2),
        digits(parts.next(), 2),
    ) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Returns whether `text` is a time such as `08:30:00.25Z`, with `Z` or an offset (RFC 3339).
pub(super) fn is_time(text: &str) -> bool {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => return false,
    };
    let offset_fits = match offset {
        "Z" | "z" => true,
        _ => {
            let mut parts = offset.get(1..).unwrap_or_default().splitn(2, ':');
            digits(parts.next(), 2).is_some_and(|hours| hours < 24)
                && digits(parts.next(), 2).is_some_and(|minutes| minutes < 60)
        }
    };
    let mut parts = clock.splitn(3, ':');
    let hours = digits(parts.next(), 2);
    let minutes = digits(parts.next(), 2);
    let (seconds, fraction) = match parts
        .next()
        .map(|rest| rest.split_once('.').unwrap_or((rest, "0")))
    {
        Some(pair) => pair,
        None => return false,
    };
    offset_fits
        && hours.is_some_and(|hours| hours < 24)
        && minutes.is_some_and(|minutes| minutes < 60)
        && digits(Some(seconds), 2).is_some_and(|seconds| seconds <= 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// Returns whether `text` is a date, `T` and a time (RFC 3339).
pub(super) fn is_date_time(text: &str) -> bool {
    text.split_once(['T', 't'])
        .is_some_and(|(date, time)| is_date(date) && is_time(time))
}

fn digits(text: Option<&str>, count: usize) -> Option<u32> {
    let text = text?;
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Returns whether `text` is a duration such as `P1Y2M3DT4H5M6.5S` or `P3W` (ISO 8601). Only the last component may
/// have a fraction.
pub(crate) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if (date.is_empty() && time.is_none()) || time == Some("") {
        return false;
    }
    let ends_here = time.is_none();
    (components(date, "YMD", ends_here) || components(date, "WD", ends_here))
        && time.is_none_or(|time| components(time, "HMS", true))
}

/// Returns whether `text` is a sequence of numbers, each followed by a letter, with the letters in the given order.
/// Only the last number may have a fraction.
fn components(text: &str, letters: &str, may_have_fraction: bool) -> bool {
    let mut rest = text;
    let mut letters = letters.chars();
    while !rest.is_empty() {
        let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) else {
            return false;
        };
        let (number, after) = rest.split_at(end);
        let Some(unit) = after.chars().next() else {
            return false;
        };
        if !letters.any(|letter| letter == unit) {
            return false;
        }
        rest = after.get(1..).unwrap_or_default();
        let whole = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let fits = match number.split_once('.') {
            Some((before, fraction)) => {
                whole(before) && whole(fraction) && rest.is_empty() && may_have_fraction
            }
            None => whole(number),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Returns whether `text` consists of digits with an optional sign and an optional fraction.
pub(super) fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match unsigned.split_once('.') {
        Some((before, fraction)) => whole(before) && whole(fraction),
        None => whole(unsigned),
    }
}

/// Returns whether `text` is a UUID: five groups of 8, 4, 4, 4 and 12 hexadecimal digits, separated by hyphens.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns whether `text` is Base64 with padding, in the standard alphabet (RFC 4648).
pub(super) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A format function, with strings that it accepts and strings that it refuses.
    type Row = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);

    #[test]
    fn each_format_accepts_and_refuses_its_examples() {
        let table: &[Row] = &[
            (
                is_date,
                &["2024-02-29", "2000-02-29", "1999-12-31"],
                &[
                    "2023-02-29",
                    "1900-02-29",
                    "2024-13-01",
                    "2024-04-31",
                    "24-01-01",
                    "2024-1-1",
                    "2024-01-00",
                    "",
                ],
            ),
            (
                is_time,
                &["08:30:00Z", "23:59:60Z", "08:30:00.125+05:30", "08:30:00-00:00"],
                &[
                    "08:30:00",
                    "24:00:00Z",
                    "08:60:00Z",
                    "08:30Z",
                    "08:30:00.Z",
                    "08:30:00+5",
                    "Z",
                    "",
                ],
            ),
            (
                is_date_time,
                &["2024-02-29T08:30:00Z", "2024-02-29t08:30:00z"],
                &["2024-02-29 08:30:00Z", "2024-02-29", "2024-02-29T08:30:00"],
            ),
            (
                is_duration,
                &[
                    "P1Y",
                    "P1Y2M3DT4H5M6.5S",
                    "PT0.5S",
                    "P3W",
                    "P1.5D",
                    "PT1.5H",
                    "P2W3D",
                ],
                &[
                    "", "P", "PT", "P1YT", "P1.5YT1H", "PT1.5H3M", "P1M1Y", "1Y", "P-1Y", "PT1", "P1S",
                    "P1Y3W",
                ],
            ),
            (
                is_decimal,
                &["0", "-12.50", "+3"],
                &["", ".", "1.", ".5", "1e3", "--1"],
            ),
            (
                is_uuid,
                &["6f1c2a34-0b5d-4e6f-8a90-1b2c3d4e5f60"],
                &[
                    "6f1c2a34",
                    "6f1c2a340b5d4e6f8a901b2c3d4e5f60",
                    "6f1c2a3g-0b5d-4e6f-8a90-1b2c3d4e5f60",
                ],
            ),
            (
                is_base64,
                &["", "AQID", "AQI=", "AQ=="],
                &["A", "AQI", "A===", "AQ*="],
            ),
        ];
        for (check, good, bad) in table {
            for text in *good {
                assert!(check(text), "{text}");
            }
            for text in *bad {
                assert!(!check(text), "{text}");
            }
        }
    }
}
