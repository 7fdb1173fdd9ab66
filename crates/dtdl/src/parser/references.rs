//! Properties that hold other elements.

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
        let mut usable = 0;
        for value in reading.values() {
            if self.reference(reading, slot, value) {
                usable += 1;
            }
        }
        if usable < target.min {
            self.report_value(
                reading,
                Code::ObjectCountBelowMin,
                reading.at(),
                format!(
                    "`{}` has {usable} usable values; it needs {}.",
                    reading.name, target.min
                ),
                format!(
                    "Give it a value that defines or refers to one of: {}.",
                    target.class
                ),
            );
        }
        if !target.plural && usable > 1 {
            self.report_value(
                reading,
                Code::ObjectMultipleValues,
                reading.at(),
                format!("`{}` has several values.", reading.name),
                "Keep one of them.",
            );
        }
        if target.plural
            && let Some(max) = target.max.filter(|max| usable > *max)
        {
            self.report_value(
                reading,
                Code::ObjectCountAboveMax,
                reading.at(),
                format!("`{}` has {usable} values; {max} are allowed.", reading.name),
                "Remove some.",
            );
        }
    }

    /// Reads one value and tells whether it can be used.
    fn reference(&mut self, reading: &Reading<'_>, slot: &Slot<'_>, value: &Node) -> bool {
        let at = Position::node(reading.doc, value);
        match &value.data {
            Data::String(text) => {
                let Some(id) = reading.context.expand(text) else {
                    self.report_value(
                        reading,
                        Code::BadDtmiOrTerm,
                        at,
                        format!("`{text}` is neither a DTMI nor a term."),
                        format!(
                            "Write the DTMI of an element, or a term such as \"{}\".",
                            example(slot.target.class)
                        ),
                    );
                    return false;
                };
                let place = self.add_reference(slot.parent, slot.property, None);
                self.pending.push(Pending {
                    from: slot.parent,
                    property: slot.property,
                    slot: place,
                    target: slot.target,
                    id: Dtmi::unchecked(&id),
                    at,
                });
                true
            }
            Data::Object(_) if slot.target.inline.is_empty() => {
                self.report_value(
                    reading,
                    Code::RefObjectNotAllowed,
                    at,
                    format!(
                        "The value of `{}` is an object; nothing can be defined here.",
                        reading.name
                    ),
                    format!("Write a term such as \"{}\".", example(slot.target.class)),
                );
                false
            }
            Data::Object(_) => {
                let place = self.add_reference(slot.parent, slot.property, None);
                match self.nested(reading.doc, value, reading.context, slot) {
                    Ok(index) => {
                        self.set_reference(slot.parent, slot.property, place, index);
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
                    format!("A value of `{}` is neither an object nor text.", reading.name),
                    "Define an element as an object, or refer to one by its DTMI or term.",
                );
                false
            }
        }
    }

    /// Resolves a value that [`refer`](Self::refer) added.
    #[expect(
        clippy::expect_used,
        reason = "`refer` gave the position, and values are never removed"
    )]
    pub(super) fn set_reference(
        &mut self,
        from: ElementIndex,
        property: &str,
        place: usize,
        to: ElementIndex,
    ) {
        let mut references = self.elements[from].references.iter_mut();
        let value = references
            .find(|(name, _)| *name == property)
            .and_then(|(_, values)| values.get_mut(place))
            .expect("a position from `refer`");
        *value = Some(to);
    }
}

fn example(class: &str) -> &'static str {
    match class {
        "Unit" | "EnumValue" => "degreeCelsius",
        "CommandType" => "synchronous",
        "PrimitiveSchema" => "string",
        _ => "double",
    }
}
