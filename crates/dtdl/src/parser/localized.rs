//! Localized strings, such as `displayName`.

use super::properties::Reading;
use super::report::Position;
use super::session::Session;
use crate::Code;
use crate::json::{Data, Member, Node};
use crate::model::Literal;

/// The language of strings without a language tag.
const DEFAULT: &str = "en";

type TaggedStrings = Vec<(Box<str>, Box<str>)>;

impl Session<'_> {
    pub(super) fn localized(&mut self, reading: &Reading<'_>, max: usize) {
        let mut strings = TaggedStrings::new();
        match &reading.member.value.data {
            Data::Object(members) if !reading.is_array() => {
                self.language_map(reading, members, max, &mut strings);
            }
            _ => {
                for value in reading.values() {
                    self.tagged(reading, value, max, &mut strings);
                }
            }
        }
        self.set(
            reading.element,
            reading.name,
            Literal::Localized(strings.into_boxed_slice()),
        );
    }

    fn language_map(
        &mut self,
        reading: &Reading<'_>,
        members: &[Member],
        max: usize,
        strings: &mut TaggedStrings,
    ) {
        let value = &reading.member.value;
        let text_of = |name: &str| value.member(name).and_then(|member| member.value.as_str());
        let is_tagged =
            members.len() == 2 && text_of("@value").is_some() && value.member("@language").is_some();
        if is_tagged {
            let language = text_of("@language").unwrap_or(DEFAULT);
            let text = text_of("@value").unwrap_or_default();
            self.report_value(
                reading,
                Code::LangTagValueInLangMap,
                reading.at(),
                format!(
                    "`{}` is a single object with `@language`; DTDL allows that only inside an array.",
                    reading.name
                ),
                format!("Write {{\"{language}\": \"{text}\"}}, or put the object in an array."),
            );
            return;
        }
        for (index, member) in members.iter().enumerate() {
            let name = &*member.name;
            let at = Position::name(reading.doc, member);
            if name.starts_with('@') {
                self.report_value(
                    reading,
                    Code::LangMapObjKeyword,
                    at,
                    format!(
                        "`{}` is a language map, which cannot have the keyword `{name}`.",
                        reading.name
                    ),
                    "Remove the keyword.",
                );
                continue;
            }
            if !is_language(name) {
                self.report_value(
                    reading,
                    Code::LangStringInvalidCode,
                    at,
                    format!("`{name}` is not a language tag."),
                    "Use a language tag such as \"en\", \"zh-Hant\" or \"fr-CA\".",
                );
            }
            match member.value.as_str() {
                Some(text) => self.check_length(reading, &member.value, text, max),
                None => self.report_value(
                    reading,
                    Code::LangStringValueNotString,
                    Position::node(reading.doc, &member.value),
                    format!(
                        "`{}` is {} for language `{name}`; it must be a string.",
                        reading.name,
                        member.value.excerpt()
                    ),
                    "Change it to a string.",
                ),
            }
            if members.iter().take(index).any(|other| other.name == member.name) {
                self.report_value(
                    reading,
                    Code::LangStringCodeNotUnique,
                    at,
                    format!("`{}` has two values for language `{name}`.", reading.name),
                    "Keep one of them.",
                );
                continue;
            }
            strings.push((name.into(), member.value.as_str().unwrap_or_default().into()));
        }
    }

    /// Reads an item of an array: a string, or an object with `@value` and `@language`.
    fn tagged(&mut self, reading: &Reading<'_>, value: &Node, max: usize, strings: &mut TaggedStrings) {
        let at = Position::node(reading.doc, value);
        let (language, text) = match &value.data {
            Data::String(text) => {
                self.check_length(reading, value, text, max);
                (DEFAULT, Some(&**text))
            }
            Data::Object(members) => {
                let Some(language) = self.language(reading, value) else {
                    return;
                };
                let Some(text) = self.tagged_text(reading, value, max) else {
                    return;
                };
                self.check_tagged_members(reading, members);
                (language, text)
            }
            _ => {
                self.report_value(
                    reading,
                    Code::LangStringElementNotStringOrObject,
                    at,
                    format!(
                        "A value of `{}` is {}; it must be a string or an object with `@value`.",
                        reading.name,
                        value.excerpt()
                    ),
                    format!(
                        "Write a string, or make `{}` a language map such as {{\"en\": \"Pump\", \"de\": \"Pumpe\"}}.",
                        reading.name
                    ),
                );
                return;
            }
        };
        if strings.iter().any(|(known, _)| **known == *language) {
            self.report_value(
                reading,
                Code::LangStringElementCodeNotUnique,
                at,
                format!("`{}` has two values for language `{language}`.", reading.name),
                "Keep one of them.",
            );
            return;
        }
        strings.push((language.into(), text.unwrap_or_default().into()));
    }

    /// Returns the language of a tagged string, by default `en`. If `@language` is not a string or is empty, reports it
    /// and returns `None`.
    fn language<'n>(&mut self, reading: &Reading<'_>, value: &'n Node) -> Option<&'n str> {
        const HELP: &str = "Use a language tag such as \"en\", \"zh-Hant\" or \"fr-CA\".";
        let Some(member) = value.member("@language") else {
            return Some(DEFAULT);
        };
        let node = &member.value;
        let at = Position::node(reading.doc, node);
        let Some(tag) = node.as_str().filter(|tag| !tag.is_empty()) else {
            self.report_value(
                reading,
                Code::LangStringElementCodeNotString,
                at,
                format!("`@language` is {}; it must be a language tag.", node.excerpt()),
                HELP,
            );
            return None;
        };
        if !is_language(tag) {
            self.report_value(
                reading,
                Code::LangStringElementInvalidCode,
                at,
                format!("`{tag}` is not a language tag."),
                HELP,
            );
        }
        Some(tag)
    }

    /// Returns the text of a tagged string. The result is `Some(None)` if it has no `@value`, and `None` if the
    /// `@value` is not a string.
    #[expect(
        clippy::option_option,
        reason = "a tagged string without a text still has a language"
    )]
    fn tagged_text<'n>(
        &mut self,
        reading: &Reading<'_>,
        value: &'n Node,
        max: usize,
    ) -> Option<Option<&'n str>> {
        let Some(member) = value.member("@value") else {
            self.report_value(
                reading,
                Code::LangStringElementNoValue,
                Position::node(reading.doc, value),
                format!("A value of `{}` is an object without `@value`.", reading.name),
                "Add `@value` with a string.",
            );
            return Some(None);
        };
        let Some(text) = member.value.as_str() else {
            self.report_value(
                reading,
                Code::LangStringElementValueNotString,
                Position::node(reading.doc, &member.value),
                format!(
                    "The `@value` of a value of `{}` is {}; it must be a string.",
                    reading.name,
                    member.value.excerpt()
                ),
                "Change it to a string.",
            );
            return None;
        };
        self.check_length(reading, &member.value, text, max);
        Some(Some(text))
    }

    fn check_tagged_members(&mut self, reading: &Reading<'_>, members: &[Member]) {
        let restricts = reading.context.version.restricts_keywords;
        for member in members {
            let code = match &*member.name {
                "@value" | "@language" => continue,
                "@context" => Code::LangStringElementContext,
                "@id" => Code::LangStringElementId,
                "@graph" => Code::LangStringElementGraph,
                "@type" if restricts => Code::LangStringElementType,
                name if name.starts_with('@') => {
                    if !restricts {
                        continue;
                    }
                    Code::LangStringElementKeyword
                }
                _ => Code::LangStringElementInvalidProp,
            };
            self.report_value(
                reading,
                code,
                Position::name(reading.doc, member),
                format!(
                    "A value of `{}` has the member `{}`, which is not allowed there.",
                    reading.name, member.name
                ),
                "Keep only `@value` and `@language`.",
            );
        }
    }

    fn check_length(&mut self, reading: &Reading<'_>, node: &Node, text: &str, max: usize) {
        let length = text.encode_utf16().count();
        if length > max {
            self.report_value(
                reading,
                Code::LangStringValueTooLong,
                Position::node(reading.doc, node),
                format!("`{}` has {length} characters; the limit is {max}.", reading.name),
                format!("Shorten it to at most {max} characters."),
            );
        }
    }
}

/// Returns whether `tag` consists of a language of two to four lowercase letters, an optional script and an optional
/// region, the subset of BCP 47 that DTDL allows.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let language = parts.next().unwrap_or_default();
    if !(2..=4).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let is_script = |part: &&str| {
        let mut bytes = part.bytes();
        part.len() == 4
            && bytes.next().is_some_and(|b| b.is_ascii_uppercase())
            && bytes.all(|b| b.is_ascii_lowercase())
    };
    if parts.peek().is_some_and(is_script) {
        parts.next();
    }
    let region = parts.next();
    let is_region = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase()))
            || (part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    region.is_none_or(is_region) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    /// ADT-DTDL-28.
    #[test]
    fn language_tags_have_a_language_and_an_optional_script_and_region() {
        for (tag, fits) in [
            ("de", true),
            ("zh-Hant", true),
            ("fr-CA", true),
            ("fr-155", true),
            ("sr-Latn-RS", true),
            ("English", false),
            ("DE", false),
            ("de-", false),
            ("de-at", false),
            ("de-Latn-AT-x", false),
            ("", false),
        ] {
            assert_eq!(super::is_language(tag), fits, "{tag}");
        }
    }
}
