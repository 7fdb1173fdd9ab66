//! Properties whose value is an identifier that does not refer to an element.

use super::pattern::{self, matches};
use super::properties::Reading;
use super::report::Position;
use super::session::Session;
use crate::json::Node;
use crate::metamodel::Pattern;
use crate::model::Literal;
use crate::{Code, Dtmi};

impl Session<'_> {
    pub(super) fn identifier(
        &mut self,
        reading: &Reading<'_>,
        required: bool,
        max: Option<usize>,
        pattern: Option<Pattern>,
    ) {
        let Some(value) = self.single_identifier(reading, required) else {
            return;
        };
        let at = Position::node(reading.doc, value);
        let Some(text) = value.as_str() else {
            self.report_value(
                reading,
                Code::IdentifierNotString,
                at,
                format!(
                    "`{}` is {}; it must be a DTMI string.",
                    reading.name,
                    value.excerpt()
                ),
                "Write a DTMI such as \"dtmi:com:example:Room;1\".",
            );
            return;
        };
        let Some(id) = reading.context.expand(text) else {
            self.report_value(
                reading,
                Code::IdentifierNotDtmi,
                at,
                format!(
                    "`{}` is `{text}`, which is not a valid DTMI in DTDL version {}.",
                    reading.name, reading.context.version.number
                ),
                "Write a DTMI such as \"dtmi:com:example:Room;1\".",
            );
            return;
        };
        if let Some(max) = max.filter(|max| id.len() > *max) {
            self.report_value(
                reading,
                Code::IdentifierTooLong,
                at,
                format!(
                    "`{}` has {} characters; the limit is {max}.",
                    reading.name,
                    id.len()
                ),
                format!("Shorten it to at most {max} characters."),
            );
        }
        if let Some(pattern) = pattern.filter(|pattern| !matches(*pattern, &id)) {
            self.report_value(
                reading,
                Code::IdentifierInvalid,
                at,
                format!("`{text}` is not allowed as `{}`.", reading.name),
                pattern::help(pattern),
            );
        }
        self.set(reading.element, reading.name, Literal::Dtmi(Dtmi::unchecked(&id)));
    }

    pub(super) fn iri(&mut self, reading: &Reading<'_>, required: bool) {
        let Some(value) = self.single_identifier(reading, required) else {
            return;
        };
        let at = Position::node(reading.doc, value);
        let Some(text) = value.as_str() else {
            self.report_value(
                reading,
                Code::IdentifierNotString,
                at,
                format!(
                    "`{}` is {}; it must be a string with a term or an IRI.",
                    reading.name,
                    value.excerpt()
                ),
                "Write a term of an extension in `@context`, or a full IRI.",
            );
            return;
        };
        let iri = reading.context.expand(text).or_else(|| {
            let (scheme, rest) = text.split_once(':')?;
            (scheme != "dtmi" && !scheme.is_empty() && !rest.is_empty()).then(|| text.to_owned())
        });
        match iri {
            Some(iri) => self.set(reading.element, reading.name, Literal::String(iri.into())),
            None => self.report_value(
                reading,
                Code::IdentifierNotUri,
                at,
                format!(
                    "`{}` is `{text}`, which is neither a known term nor an IRI.",
                    reading.name
                ),
                "Write a term of an extension in `@context`, or a full IRI.",
            ),
        }
    }

    fn single_identifier<'n>(&mut self, reading: &Reading<'n>, required: bool) -> Option<&'n Node> {
        let values = reading.values();
        if values.len() > 1 {
            self.report_value(
                reading,
                Code::IdentifierMultipleValues,
                reading.at(),
                format!(
                    "`{}` has {} values; only one is allowed.",
                    reading.name,
                    values.len()
                ),
                "Keep one of them.",
            );
            return None;
        }
        if values.is_empty() && required {
            self.report_value(
                reading,
                Code::IdentifierCountBelowMin,
                reading.at(),
                format!("`{}` is an empty array; it requires an identifier.", reading.name),
                "Write a DTMI such as \"dtmi:com:example:Room;1\".",
            );
        }
        values.first().copied()
    }
}
