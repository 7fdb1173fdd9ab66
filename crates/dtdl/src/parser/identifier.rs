//! `@id`, and the identifiers of elements without one.

use super::context::Context;
use super::report::{Position, Reported, Reporter};
use super::slot::Slot;
use crate::dtmi::{self, Syntax};
use crate::json::{Data, Node};
use crate::metamodel::RESERVED_PREFIXES;
use crate::{Code, Dtmi};

/// The identifier of an element.
pub(super) fn identify(
    node: &Node,
    doc: usize,
    context: &Context,
    slot: Option<&Slot<'_>>,
    reporter: &mut Reporter,
) -> Result<Dtmi, Reported> {
    match (node.member("@id"), slot) {
        (Some(member), _) => read(&member.value, doc, context, reporter),
        (None, None) => Err(reporter.reject(
            Code::MissingTopLevelId,
            Position::start(doc, node),
            "This top-level element has no `@id`.",
            "Add an `@id` with a DTMI such as \"dtmi:com:example:Pump;1\".",
        )),
        (None, Some(slot)) if slot.target.id_required => {
            reporter.property(
                Code::MissingRequiredId,
                Position::start(doc, node),
                slot.parent_id,
                slot.property,
                format!("A value of `{}` has no `@id`.", slot.property),
                "Add an `@id` with a DTMI; only so can it be referred to.",
            );
            Err(Reported)
        }
        (None, Some(slot)) => assign(node, doc, context, slot, reporter),
    }
}

fn read(value: &Node, doc: usize, context: &Context, reporter: &mut Reporter) -> Result<Dtmi, Reported> {
    let version = context.version;
    let at = Position::node(doc, value);
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return Err(reporter.reject(
            Code::IdNotString,
            at,
            "The value of `@id` is not a text.",
            "Write a DTMI such as \"dtmi:com:example:Pump;1\" in double quotes.",
        ));
    };
    if text.encode_utf16().count() > version.id_max {
        return Err(reporter.reject(
            Code::IdTooLong,
            at,
            format!(
                "This identifier is longer than the {} characters DTDL allows.",
                version.id_max
            ),
            "Shorten it.",
        ));
    }
    if !dtmi::is_valid(text, Syntax::User, version.number) {
        return Err(reporter.reject(
            Code::InvalidId,
            at,
            format!("`{text}` is not an identifier of DTDL version {}.", version.number),
            "Write `dtmi:`, segments of letters, digits and inner underscores separated by colons, and a version after a semicolon.",
        ));
    }
    if RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(reporter.reject(
            Code::ReservedId,
            at,
            format!("`{text}` begins like the identifiers of the language itself."),
            "Begin with segments of your own, such as \"dtmi:com:example:\".",
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
    let Some(wanted) = slot.target.segment else {
        return Ok(slot.parent_id.child(slot.property, None));
    };
    let full = format!("dtmi:dtdl:property:{wanted};{}", context.version.number);
    let Some(member) = node.member(wanted).or_else(|| node.member(&full)) else {
        reporter.property(
            Code::MissingDtmiSegPropertyValue,
            Position::start(doc, node),
            slot.parent_id,
            slot.property,
            format!("A value of `{}` has no `{wanted}`.", slot.property),
            format!("Add a `{wanted}` that no other value of `{}` has.", slot.property),
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
                    "The `{wanted}` of a value of `{}` is neither text nor a number.",
                    slot.property
                ),
                format!("Give it a text as `{wanted}`."),
            );
            Err(Reported)
        }
    }
}
