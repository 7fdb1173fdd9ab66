//! `@id`, and the identifiers that the parser assigns to elements without `@id`.

use super::context::Context;
use super::report::{Position, Reported, Reporter};
use super::slot::Slot;
use crate::dtmi::{self, Syntax};
use crate::json::{Data, Node};
use crate::metamodel::is_reserved_in;
use crate::{Code, Dtmi};

/// Returns the identifier of an element: its `@id`, or an assigned identifier if it has none. `allows_reserved` accepts
/// an `@id` with a reserved prefix.
pub(super) fn identify(
    node: &Node,
    doc: usize,
    context: &Context,
    slot: Option<&Slot<'_>>,
    allows_reserved: bool,
    reporter: &mut Reporter,
) -> Result<Dtmi, Reported> {
    match (node.member("@id"), slot) {
        (Some(member), _) => read(&member.value, doc, context, allows_reserved, reporter),
        (None, None) => Err(missing_top_level_id(doc, node, reporter)),
        (None, Some(slot)) if slot.target.id_required => {
            reporter.property(
                Code::MissingRequiredId,
                Position::start(doc, node),
                slot.parent_id,
                slot.property,
                format!(
                    "A value of `{}` has no `@id`; it is required there.",
                    slot.property
                ),
                "Add an `@id` with a DTMI such as \"dtmi:com:example:Pump;1\".",
            );
            Err(Reported)
        }
        (None, Some(slot)) => assign(node, doc, context, slot, reporter),
    }
}

pub(super) fn missing_top_level_id(doc: usize, node: &Node, reporter: &mut Reporter) -> Reported {
    reporter.reject(
        Code::MissingTopLevelId,
        Position::start(doc, node),
        "This top-level element has no `@id`.",
        "Add an `@id` with a DTMI such as \"dtmi:com:example:Pump;1\".",
    )
}

fn read(
    value: &Node,
    doc: usize,
    context: &Context,
    allows_reserved: bool,
    reporter: &mut Reporter,
) -> Result<Dtmi, Reported> {
    let version = context.version;
    let at = Position::node(doc, value);
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return Err(reporter.reject(
            Code::IdNotString,
            at,
            format!("The `@id` is {}; it must be a DTMI string.", value.excerpt()),
            "Write a DTMI such as \"dtmi:com:example:Pump;1\".",
        ));
    };
    let length = text.encode_utf16().count();
    if length > version.id_max {
        return Err(reporter.reject(
            Code::IdTooLong,
            at,
            format!(
                "The `@id` has {length} characters; the limit is {}.",
                version.id_max
            ),
            format!("Shorten it to at most {} characters.", version.id_max),
        ));
    }
    if !dtmi::is_valid(text, Syntax::User, version.number) {
        return Err(reporter.reject(
            Code::InvalidId,
            at,
            format!("`{text}` is not a valid `@id` in DTDL version {}.", version.number),
            "Write `dtmi:`, segments separated by colons, and `;` with a version. A segment has letters, digits and inner underscores, and starts with a letter.",
        ));
    }
    if !allows_reserved && is_reserved_in(text, context.extensions.iter().copied()) {
        return Err(reporter.reject(
            Code::ReservedId,
            at,
            format!("`{text}` starts with a prefix that is reserved for DTDL or its extensions."),
            "Start with your own segments, such as \"dtmi:com:example:\".",
        ));
    }
    Ok(Dtmi::unchecked(text))
}

fn assign(
    node: &Node,
    doc: usize,
    context: &Context,
    slot: &Slot<'_>,
    reporter: &mut Reporter,
) -> Result<Dtmi, Reported> {
    let Some(segment) = slot.target.segment else {
        return Ok(slot.parent_id.child(slot.property, None));
    };
    let full = format!("dtmi:dtdl:property:{segment};{}", context.version.number);
    let Some(member) = node.member(segment).or_else(|| node.member(&full)) else {
        reporter.property(
            Code::MissingDtmiSegPropertyValue,
            Position::start(doc, node),
            slot.parent_id,
            slot.property,
            format!(
                "A value of `{}` has neither `@id` nor `{segment}`.",
                slot.property
            ),
            format!(
                "Add a `{segment}` that is unique among the values of `{}`.",
                slot.property
            ),
        );
        return Err(Reported);
    };
    let value = match &member.value.data {
        Data::Array(items) if items.len() == 1 => items.first().unwrap_or(&member.value),
        _ => &member.value,
    };
    let value = value.member("@value").map_or(value, |member| &member.value);
    match &value.data {
        Data::String(text) => Ok(slot.parent_id.child(slot.property, Some(text))),
        Data::Number(number) => Ok(slot
            .parent_id
            .child(slot.property, Some(&number.to_string().replace('.', "_")))),
        _ => {
            reporter.property(
                Code::DtmiSegPropertyNotStringOrNumber,
                Position::node(doc, &member.value),
                slot.parent_id,
                slot.property,
                format!(
                    "The `{segment}` of a value of `{}` is {}; it must be a string or a number.",
                    slot.property,
                    value.excerpt()
                ),
                format!("Change `{segment}` to a string."),
            );
            Err(Reported)
        }
    }
}
