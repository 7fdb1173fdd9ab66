//! JSON with source positions, the syntax tree from which models are read.

mod position;
mod reader;

pub(crate) use position::LineIndex;
#[cfg(fuzzing)]
pub(crate) use reader::MAX_DEPTH;
pub(crate) use reader::read;

use serde_json::{Number, Value};

/// A JSON value and its byte range in the document.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) data: Data,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The content of a [`Node`]. Members keep their order, and duplicate names are kept for the rules to report.
#[derive(Debug)]
pub(crate) enum Data {
    Null,
    Boolean(bool),
    Number(Number),
    String(Box<str>),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of a JSON object.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    pub(crate) name_start: u32,
    pub(crate) name_end: u32,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items of an array, or the value itself. As in JSON-LD, nested arrays are flattened.
    pub(crate) fn items(&self) -> Vec<&Self> {
        match &self.data {
            Data::Array(items) => items.iter().flat_map(Self::items).collect(),
            _ => vec![self],
        }
    }

    pub(crate) fn members(&self) -> &[Member] {
        match &self.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| &*member.name == name)
    }

    /// Returns the value as an integer if it fits in 32 bits. `3.0` counts as `3`.
    pub(crate) fn as_integer(&self) -> Option<i64> {
        let Data::Number(number) = &self.data else {
            return None;
        };
        let whole = match number.as_i64() {
            Some(whole) => whole,
            None => {
                let float = number
                    .as_f64()
                    .filter(|float| float.fract() == 0.0 && float.abs() < 1e15)?;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "whole and below 1e15, checked above"
                )]
                let whole = float as i64;
                whole
            }
        };
        i32::try_from(whole).is_ok().then_some(whole)
    }

    /// Describes the value for a message: a scalar as JSON, cut after 60 characters; other values by their type.
    pub(crate) fn excerpt(&self) -> String {
        const MAX: usize = 60;
        match &self.data {
            Data::Array(_) => "an array".to_owned(),
            Data::Object(_) => "an object".to_owned(),
            _ => {
                let json = self.to_value().to_string();
                if json.chars().count() <= MAX {
                    return json;
                }
                json.chars().take(MAX).chain(['…']).collect()
            }
        }
    }

    /// Converts to a `serde_json` value. Of duplicate members, the last one wins.
    pub(crate) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Boolean(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::String(value) => Value::String(value.to_string()),
            Data::Array(items) => items.iter().map(Self::to_value).collect(),
            Data::Object(members) => members
                .iter()
                .map(|member| (member.name.to_string(), member.value.to_value()))
                .collect(),
        }
    }

    /// Returns the JSON pointer of the value at `offset`, or of the member if `offset` is in its name.
    pub(crate) fn pointer_to(&self, offset: u32) -> String {
        let mut pointer = String::new();
        let mut node = self;
        loop {
            let next = match &node.data {
                _ if node.start == offset => None,
                Data::Array(items) => items
                    .iter()
                    .enumerate()
                    .find(|(_, item)| (item.start..item.end).contains(&offset))
                    .map(|(index, item)| (index.to_string(), item)),
                Data::Object(members) => members
                    .iter()
                    .find(|member| (member.name_start..member.value.end).contains(&offset))
                    .map(|member| (member.name.replace('~', "~0").replace('/', "~1"), &member.value)),
                _ => None,
            };
            match next {
                Some((token, child)) => {
                    pointer.push('/');
                    pointer.push_str(&token);
                    node = child;
                }
                None => return pointer,
            }
            if offset < node.start {
                return pointer;
            }
        }
    }
}
