//! Properties whose values are other elements, defined in place or referred to.

use std::collections::HashSet;

use super::element::only_id;
use super::properties::Reading;
use super::report::{Position, Reported};
use super::session::{Pending, Session};
use super::slot::Slot;
use crate::json::{Data, Node};
use crate::model::ElementIndex;
use crate::{Code, Dtmi};

impl Session<'_> {
    pub(super) fn read_references(&mut self, reading: &Reading<'_>, slot: &Slot<'_>) {
        let target = slot.target;
        let mut valid = 0;
        for value in reading.values() {
            if self.reference(reading, slot, value) {
                valid += 1;
            }
        }
        if valid < target.min {
            self.report_value(
                reading,
                Code::ObjectCountBelowMin,
                reading.at(),
                format!(
                    "`{}` has {valid} valid values; at least {} is required.",
                    reading.name, target.min
                ),
                format!(
                    "Add a value that defines or refers to an element of class {}.",
                    target.class
                ),
            );
        }
        if !target.plural && valid > 1 {
            self.report_value(
                reading,
                Code::ObjectMultipleValues,
                reading.at(),
                format!("`{}` has {valid} values; only one is allowed.", reading.name),
                "Keep one of them.",
            );
        }
        if target.plural
            && let Some(max) = target.max.filter(|max| valid > *max)
        {
            // As in DTDLParser, an element that is referred to twice counts once.
            let distinct = valid - repeated_references(reading).min(valid);
            if distinct > max {
                self.report_value(
                    reading,
                    Code::ObjectCountAboveMax,
                    reading.at(),
                    format!("`{}` has {distinct} values; the limit is {max}.", reading.name),
                    format!("Remove {} of them.", distinct - max),
                );
            }
        }
    }

    /// Reads one value. Returns whether it is valid so far; references are resolved later.
    fn reference(&mut self, reading: &Reading<'_>, slot: &Slot<'_>, value: &Node) -> bool {
        let at = Position::node(reading.doc, value);
        match &value.data {
            Data::String(text) => self.refer(reading, slot, text, at, Code::BadDtmiOrTerm),
            Data::Object(_) if slot.target.inline.is_empty() => {
                self.report_value(
                    reading,
                    Code::RefObjectNotAllowed,
                    at,
                    format!(
                        "`{}` is an object, but its value cannot be defined in place.",
                        reading.name
                    ),
                    format!("Write a term such as \"{}\".", example(slot.target.class)),
                );
                false
            }
            Data::Object(_) => {
                if self.options.tolerates_solecisms(reading.context.version.number)
                    && let Some(id) = only_id(value).and_then(Node::as_str)
                {
                    return self.refer(reading, slot, id, at, Code::IdRefBadDtmiOrTerm);
                }
                let position = self.add_reference(slot.parent, slot.property, None);
                match self.nested(reading.doc, value, reading.context, slot) {
                    Ok(index) => {
                        self.set_reference(slot.parent, slot.property, position, index);
                        true
                    }
                    Err(Reported) => false,
                }
            }
            _ => {
                self.report_value(
                    reading,
                    Code::RefNotStringOrObject,
                    at,
                    format!(
                        "A value of `{}` is {}; it must be a string or an object.",
                        reading.name,
                        value.excerpt()
                    ),
                    "Define the element as an object, or refer to it by its DTMI or term.",
                );
                false
            }
        }
    }

    /// Adds a reference to the element that `text` identifies. Reports `code` and returns false if `text` is neither a
    /// DTMI nor a known term.
    fn refer(
        &mut self,
        reading: &Reading<'_>,
        slot: &Slot<'_>,
        text: &str,
        at: Position,
        code: Code,
    ) -> bool {
        let Some(id) = reading.context.expand(text) else {
            self.report_value(
                reading,
                code,
                at,
                format!("`{text}` is neither a DTMI nor a known term."),
                format!(
                    "Write the DTMI of an element, or a term such as \"{}\".",
                    example(slot.target.class)
                ),
            );
            return false;
        };
        let position = self.add_reference(slot.parent, slot.property, None);
        self.pending.push(Pending {
            from: slot.parent,
            property: slot.property,
            position,
            target: slot.target,
            id: Dtmi::unchecked(&id),
            is_term: !text.starts_with("dtmi:"),
            at,
        });
        true
    }

    /// Resolves a value that [`add_reference`](Self::add_reference) added.
    #[expect(
        clippy::expect_used,
        reason = "the position is from `add_reference`, and values are never removed"
    )]
    pub(super) fn set_reference(
        &mut self,
        from: ElementIndex,
        property: &str,
        position: usize,
        to: ElementIndex,
    ) {
        let mut references = self.elements[from].references.iter_mut();
        let value = references
            .find(|(name, _)| *name == property)
            .and_then(|(_, values)| values.get_mut(position))
            .expect("a position from `add_reference`");
        *value = Some(to);
    }
}

/// Returns the number of values that refer to the same element as an earlier value.
fn repeated_references(reading: &Reading<'_>) -> usize {
    let mut seen = HashSet::new();
    let values = reading.values().into_iter();
    let ids = values.filter_map(|value| value.as_str().or_else(|| only_id(value)?.as_str()));
    ids.filter(|id| !seen.insert(*id)).count()
}

/// Returns an example term of a class, for error messages.
fn example(class: &str) -> &'static str {
    match class {
        "Unit" | "EnumValue" => "degreeCelsius",
        "CommandType" => "synchronous",
        "PrimitiveSchema" => "string",
        _ => "double",
    }
}
