//! Lookup of twin properties by path.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use twin_query::Name;

use crate::iothub::query::condition::Row;
use crate::iothub::query::value::Operand;
use crate::iothub::store::etag;
use crate::iothub::store::timestamp::{NEVER_IN_TWIN, OrNever};
use crate::iothub::store::twin::{Metadata, Section};
use crate::iothub::store::view::{
    Capabilities, ConfigurationsView, MetadataView, Properties, SectionView, Thumbprints, TwinView,
};
use crate::timestamp::Timestamp;

/// The members of a twin as spelled in JSON. They are case-insensitive in queries.
const MEMBERS: [&str; 19] = [
    "configurations",
    "tags",
    "properties",
    "deviceId",
    "moduleId",
    "connectionState",
    "status",
    "statusReason",
    "statusUpdateTime",
    "lastActivityTime",
    "cloudToDeviceMessageCount",
    "authenticationType",
    "x509Thumbprint",
    "modelId",
    "version",
    "etag",
    "deviceEtag",
    "capabilities",
    "deviceScope",
];
const PARENT_SCOPES: &str = "parentScopes";

impl<'a> Row<'a> for TwinView<'a> {
    fn property(self, path: &[Name]) -> Operand<'a> {
        of_twin(self, path)
    }
}

/// Returns a member's name as spelled in JSON.
pub(crate) fn member_name(name: &str) -> Option<&'static str> {
    let members = MEMBERS.into_iter().chain([PARENT_SCOPES]);
    members
        .into_iter()
        .find(|member| member.eq_ignore_ascii_case(name))
}

/// Returns the property at a path, or undefined if there is none.
pub(crate) fn of_twin<'a>(view: TwinView<'a>, path: &[Name]) -> Operand<'a> {
    let Some((first, rest)) = path.split_first() else {
        return Operand::Undefined;
    };
    let (device, identity, twin) = (view.device, view.identity(), view.twin());
    let is_device = view.module.is_none();
    let Some(member) = member_name(first.as_str()) else {
        return Operand::Undefined;
    };
    match (member, rest) {
        ("tags", []) if twin.tags.is_empty() => Operand::Undefined,
        ("tags", rest) => of_object(&twin.tags, rest),
        ("properties", []) => whole(&Properties(twin)),
        ("properties", [section, rest @ ..]) => match section.as_str() {
            "desired" => of_section(&twin.desired, rest),
            "reported" => of_section(&twin.reported, rest),
            _ => Operand::Undefined,
        },
        ("capabilities", rest) if is_device => of_small(
            &Capabilities {
                iot_edge: device.edge,
            },
            rest,
        ),
        ("configurations", _) if identity.configurations.is_empty() => Operand::Undefined,
        ("configurations", rest) => of_small(&ConfigurationsView(&identity.configurations), rest),
        ("x509Thumbprint", rest) => of_small(&Thumbprints::of(&identity.authentication), rest),
        (PARENT_SCOPES, []) if is_device && !device.parent_scopes.is_empty() => whole(&device.parent_scopes),
        // The remaining members are scalars.
        (_, [_, ..]) => Operand::Undefined,
        ("deviceId", []) => Operand::text(&device.id),
        ("moduleId", []) => Operand::optional(view.module.map(|module| module.id.as_str())),
        ("connectionState", []) => Operand::text(identity.connection.state()),
        ("status", []) => Operand::text(device.status()),
        ("statusReason", []) => Operand::optional(device.status_reason.as_deref()),
        ("statusUpdateTime", []) => time(device.status_updated),
        ("lastActivityTime", []) => time(identity.connection.last_activity),
        ("cloudToDeviceMessageCount", []) => Operand::integer(identity.message_count.into()),
        ("authenticationType", []) => Operand::text(identity.authentication.kind()),
        ("modelId", []) => Operand::optional(twin.model_id.as_deref()),
        ("version", []) => Operand::integer(twin.version),
        ("etag", []) => Operand::Text(Cow::Owned(etag::of_twin(twin.etag))),
        ("deviceEtag", []) => Operand::Text(Cow::Owned(etag::of_identity(identity.version))),
        ("deviceScope", []) if is_device => Operand::optional(device.scope.as_deref()),
        _ => Operand::Undefined,
    }
}

fn time<'a>(time: Option<Timestamp>) -> Operand<'a> {
    Operand::Text(Cow::Owned(OrNever(time, NEVER_IN_TWIN).to_string()))
}

fn of_object<'a>(object: &'a Map<String, Value>, path: &[Name]) -> Operand<'a> {
    let Some((first, rest)) = path.split_first() else {
        return Operand::Object(Cow::Borrowed(object));
    };
    let mut value = object.get(first.as_str());
    for name in rest {
        value = value.and_then(|value| value.get(name.as_str()));
    }
    value.map_or(Operand::Undefined, Operand::borrowed)
}

fn of_section<'a>(section: &'a Section, path: &[Name]) -> Operand<'a> {
    match path {
        [] => whole(&SectionView(section)),
        [first, rest @ ..] => match (first.as_str(), rest) {
            ("$version", []) => Operand::integer(section.version),
            ("$metadata", rest) => of_metadata(&section.metadata, rest),
            _ => of_object(&section.values, path),
        },
    }
}

fn of_metadata<'a>(metadata: &Metadata, path: &[Name]) -> Operand<'a> {
    match path {
        [] => whole(&MetadataView(metadata)),
        [first, rest @ ..] => match (first.as_str(), rest) {
            ("$lastUpdated", []) => Operand::Text(Cow::Owned(metadata.updated.to_string())),
            ("$lastUpdatedVersion", []) => metadata.version.map_or(Operand::Undefined, Operand::integer),
            ("$lastUpdatedBy" | "$lastUpdatedByDigest", []) => of_small(&MetadataView(metadata), path),
            (name, rest) => metadata
                .members
                .get(name)
                .map_or(Operand::Undefined, |member| of_metadata(member, rest)),
        },
    }
}

/// Returns a serialized view as an operand, for members that the store does not have as JSON.
fn whole<'a>(view: &impl Serialize) -> Operand<'a> {
    Operand::owned(to_json(view))
}

/// Returns a property of a view by serializing the whole view, which is small.
fn of_small<'a>(view: &impl Serialize, path: &[Name]) -> Operand<'a> {
    let mut value = to_json(view);
    for name in path {
        match value.get_mut(name.as_str()) {
            Some(member) => value = member.take(),
            None => return Operand::Undefined,
        }
    }
    Operand::owned(value)
}

#[expect(
    clippy::expect_used,
    reason = "views have string keys, and stored values serialize"
)]
fn to_json(view: &impl Serialize) -> Value {
    serde_json::to_value(view).expect("every view of a twin is valid JSON")
}
