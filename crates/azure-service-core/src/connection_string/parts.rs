//! The parts of connection strings.

use super::error::ConnectionStringError;

pub(super) const HOST_NAME: &str = "HostName";
pub(super) const KEY_NAME: &str = "SharedAccessKeyName";
pub(super) const KEY: &str = "SharedAccessKey";
pub(super) const SIGNATURE: &str = "SharedAccessSignature";

/// The parts of a connection string.
pub(super) struct Parts<'a> {
    /// The positions and names of all parts.
    names: Vec<(usize, &'a str)>,
    /// The known parts.
    values: Vec<(&'static str, &'a str)>,
}

impl<'a> Parts<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, ConnectionStringError> {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (index, part) in text.split(';').enumerate() {
            if part.trim().is_empty() {
                continue;
            }
            let position = index + 1;
            let malformed = ConnectionStringError::Malformed { position };
            let (name, value) = part.split_once('=').ok_or(malformed)?;
            let (name, value) = (name.trim(), value.trim());
            names.push((position, name));
            if is_quoted(value) {
                return Err(ConnectionStringError::Quotes);
            }
            let known = [HOST_NAME, KEY_NAME, KEY, SIGNATURE];
            let Some(part) = known.into_iter().find(|part| name.eq_ignore_ascii_case(part)) else {
                continue;
            };
            if value.is_empty() {
                return Err(ConnectionStringError::Empty { part });
            }
            if values.iter().any(|(known, _)| *known == part) {
                return Err(ConnectionStringError::Duplicate { part });
            }
            values.push((part, value));
        }
        Ok(Self { names, values })
    }

    /// Returns the number of parts, including unknown ones.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    pub(super) fn get(&self, part: &'static str) -> Option<&'a str> {
        let mut values = self.values.iter();
        values.find_map(|(name, value)| (*name == part).then_some(*value))
    }

    /// Returns the value of `part`, or an error that names a part with a similar name.
    pub(super) fn require(&self, part: &'static str) -> Result<&'a str, ConnectionStringError> {
        if let Some(value) = self.get(part) {
            return Ok(value);
        }
        let is_known = |name: &str| {
            self.values
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut unknown = self.names.iter().filter(|(_, name)| !is_known(name));
        // The unknown name is not shown, because it may be a piece of the key if a separator is misplaced.
        Err(match unknown.find(|(_, name)| is_similar(name, part)) {
            Some((position, _)) => ConnectionStringError::UnknownName {
                position: *position,
                suggestion: part,
            },
            None => ConnectionStringError::Missing { part },
        })
    }
}

pub(super) fn is_quoted(text: &str) -> bool {
    let quote = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];
    text.starts_with(quote) || text.ends_with(quote)
}

/// Returns whether a comma precedes the name of a part.
pub(super) fn has_commas(text: &str) -> bool {
    text.split(',').skip(1).any(|rest| {
        let name = rest.split('=').next().unwrap_or_default().trim();
        [HOST_NAME, KEY_NAME, KEY, SIGNATURE]
            .iter()
            .any(|part| name.eq_ignore_ascii_case(part))
    })
}

/// Returns whether `name` differs from `part` by at most three missing, added or changed characters.
fn is_similar(name: &str, part: &str) -> bool {
    const ERRORS: usize = 3;
    let (name, part) = (name.to_ascii_lowercase(), part.to_ascii_lowercase());
    if name.len().abs_diff(part.len()) > ERRORS {
        return false;
    }
    // The Levenshtein distance, row by row.
    let mut row: Vec<usize> = (0..=part.len()).collect();
    for (index, character) in name.bytes().enumerate() {
        let mut previous = index;
        let mut left = index + 1;
        for (cell, expected) in row.iter_mut().skip(1).zip(part.bytes()) {
            let changed = previous + usize::from(character != expected);
            previous = *cell;
            left = changed.min(previous + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().is_some_and(|distance| *distance <= ERRORS)
}
