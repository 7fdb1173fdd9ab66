//! A strict JSON reader that keeps byte offsets and duplicate member names.
//!
//! `serde_json` discards both, and the crates that keep spans depend on a grammar engine. This reader parses the
//! structure; numbers and escaped strings are left to `serde_json`.

use serde_json::Number;

use super::{Data, Member, Node};

/// Maximum nesting depth. It bounds every recursion over the tree; no valid model nests that deep.
pub(crate) const MAX_DEPTH: usize = 128;

/// The first syntax error in a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) offset: u32,
    pub(crate) problem: String,
}

/// Reads a document that consists of one JSON value. Skips a byte order mark.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxError> {
    if u32::try_from(text.len()).is_err() {
        return Err(SyntaxError {
            offset: 0,
            problem: "the document is longer than 4 GiB".to_owned(),
        });
    }
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { text, at: start };
    reader.skip_space();
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.error("unexpected text after the JSON value")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    #[expect(clippy::expect_used, reason = "`read` refuses longer documents")]
    fn offset(at: usize) -> u32 {
        u32::try_from(at).expect("an offset in at most 4 GiB")
    }

    fn error(&self, problem: impl Into<String>) -> SyntaxError {
        SyntaxError {
            offset: Self::offset(self.at),
            problem: problem.into(),
        }
    }

    #[expect(clippy::string_slice, reason = "tokens begin and end at ASCII characters")]
    fn slice(&self, start: usize) -> &str {
        &self.text[start..self.at]
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("values are nested more than {MAX_DEPTH} levels deep")));
        }
        let start = self.at;
        let data = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Data::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'a'..=b'z') => self.word()?,
            Some(_) => return Err(self.error("expected a value")),
            None => return Err(self.error("unexpected end of input; expected a value")),
        };
        Ok(Node {
            data,
            start: Self::offset(start),
            end: Self::offset(self.at),
        })
    }

    fn object(&mut self, depth: usize) -> Result<Data, SyntaxError> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Data::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a member name in double quotes"));
            }
            let name_start = self.at;
            let name = self.string()?;
            let name_end = self.at;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.error(format!("expected a colon after the member name \"{name}\"")));
            }
            self.at += 1;
            self.skip_space();
            let value = self.value(depth + 1)?;
            members.push(Member {
                name,
                name_start: Self::offset(name_start),
                name_end: Self::offset(name_end),
                value,
            });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Data::Object(members));
                }
                _ => return Err(self.error("expected a comma or a closing brace")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Data, SyntaxError> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Data::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Data::Array(items));
                }
                _ => return Err(self.error("expected a comma or a closing bracket")),
            }
        }
    }

    fn string(&mut self) -> Result<Box<str>, SyntaxError> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0..=0x1f) => {
                    return Err(self.error("control characters in a string must be escaped"));
                }
                Some(_) => self.at += 1,
                None => {
                    self.at = start;
                    return Err(self.error("the string has no closing quote"));
                }
            }
        }
        self.at += 1;
        let quoted = self.slice(start);
        if escaped {
            serde_json::from_str::<Box<str>>(quoted).map_err(|_| SyntaxError {
                offset: Self::offset(start),
                problem: "the string has an invalid escape sequence".to_owned(),
            })
        } else {
            #[expect(clippy::string_slice, reason = "the first and last byte are quotes")]
            Ok(Box::from(&quoted[1..quoted.len() - 1]))
        }
    }

    fn number(&mut self) -> Result<Data, SyntaxError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        serde_json::from_str::<Number>(self.slice(start))
            .map(Data::Number)
            .map_err(|_| SyntaxError {
                offset: Self::offset(start),
                problem: "invalid number".to_owned(),
            })
    }

    fn word(&mut self) -> Result<Data, SyntaxError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'a'..=b'z')) {
            self.at += 1;
        }
        match self.slice(start) {
            "true" => Ok(Data::Boolean(true)),
            "false" => Ok(Data::Boolean(false)),
            "null" => Ok(Data::Null),
            _ => Err(SyntaxError {
                offset: Self::offset(start),
                problem: "expected a value; strings need double quotes".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_same_value_as_serde_json() {
        let text = " {\"a\": [1, -2.5e3, true, false, null, \"x\\n\\u00e9\"], \"b\": {}, \"c\": []} ";
        let node = read(text).unwrap();
        assert_eq!(
            node.to_value(),
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }

    #[test]
    fn keeps_offsets_and_duplicate_names() {
        let text = "{\"a\": 1, \"a\": [0, \"x\"]}";
        let node = read(text).unwrap();
        assert_eq!(node.members().len(), 2);
        let inner = &node.members()[1].value;
        assert_eq!(&text[inner.start as usize..inner.end as usize], "[0, \"x\"]");
        assert_eq!(node.pointer_to(inner.start), "/a");
        assert_eq!(node.pointer_to(18), "/a/1");
        assert_eq!(node.pointer_to(0), "");
    }

    #[test]
    fn refuses_malformed_json_at_the_offset_of_the_error() {
        for (text, offset) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("{\"a\" 1}", 5),
            ("{a: 1}", 1),
            ("[1 2]", 3),
            ("\"abc", 0),
            ("\"a\\", 0),
            ("\"\\q\"", 0),
            ("01", 0),
            ("nul", 0),
            ("1 1", 2),
            ("\"\u{1}\"", 1),
        ] {
            assert_eq!(read(text).unwrap_err().offset, offset, "{text}");
        }
    }

    #[test]
    fn refuses_values_beyond_the_maximum_depth() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).unwrap_err().problem.contains("nested"));
        let allowed = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(read(&allowed).is_ok());
    }
}
