//! The twin model.

use std::collections::BTreeMap;

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::identity::{
    AuthenticationType, ConnectionState, DeviceCapabilities, DeviceStatus, X509Thumbprint, check_device_id,
    check_module_id,
};
use crate::model::{Member as _, Style, model, plain_members};
use crate::twin::collection::TwinCollection;
use crate::twin::limits::{Nulls, Origin, Section, check};
use crate::twin::violation::{InvalidTwin, Path, Rule, Violation};

model! {
    /// The twin of a device or module: tags, desired and reported properties, and parts of the identity.
    ///
    /// A service can write [`tags`](Self::tags) and [`properties.desired`](TwinProperties::desired) only, with
    /// [`update_twin`](crate::IotHubRegistryManager::update_twin),
    /// [`modify_twin`](crate::IotHubRegistryManager::modify_twin) or
    /// [`replace_twin`](crate::IotHubRegistryManager::replace_twin).
    ///
    /// Every field may be missing, for example in the response of a job. A twin serializes to the JSON that was read,
    /// including unknown members and `null`.
    pub struct Twin as "twin" {
        /// The device's id.
        pub device_id: Option<String> = "deviceId",
        /// The module's id, if the twin belongs to a module.
        pub module_id: Option<String> = "moduleId",
        /// The ETag of tags and desired properties. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
        /// The ETag of the identity, for conditional writes to the device or module.
        pub device_etag: Option<Etag> = "deviceEtag",
        /// The status of the device: enabled or disabled.
        pub status: Option<DeviceStatus> = "status",
        /// The reason for the status.
        pub status_reason: Option<String> = "statusReason",
        /// The time of the last status change.
        pub status_update_time: Option<DateTime> = "statusUpdateTime",
        /// The connection state of the device. It may lag by minutes.
        pub connection_state: Option<ConnectionState> = "connectionState",
        /// The time at which the device last connected, sent or received a message. Devices that use HTTP do not
        /// update it.
        pub last_activity_time: Option<DateTime> = "lastActivityTime",
        /// The number of queued cloud-to-device messages.
        pub cloud_to_device_message_count: Option<i64> = "cloudToDeviceMessageCount",
        /// The authentication type of the device.
        pub authentication_type: Option<AuthenticationType> = "authenticationType",
        /// The thumbprints of the device's certificates.
        pub x509_thumbprint: Option<X509Thumbprint> = "x509Thumbprint",
        /// The id of the DTDL model that the device announced.
        pub model_id: Option<String> = "modelId",
        /// A number that increases with every write to the twin.
        pub version: Option<i64> = "version",
        /// The configurations that target the twin, keyed by id.
        pub configurations: Option<BTreeMap<String, ConfigurationInfo>> = "configurations",
        /// Tags, which devices cannot read.
        pub tags: TwinCollection = "tags",
        /// Desired and reported properties.
        pub properties: TwinProperties = "properties",
        /// The capabilities of the device.
        pub capabilities: Option<DeviceCapabilities> = "capabilities",
        /// The scope of the device itself if it is an edge device, otherwise the scope of its parent.
        pub device_scope: Option<String> = "deviceScope",
        /// The scopes of the device's parents.
        pub parent_scopes: Option<Vec<String>> = "parentScopes",
        /// The attributes of the identity, keyed by name. They are written with the identity, for example by
        /// [`update_device`](crate::IotHubRegistryManager::update_device). Available since API version 2024-03-31.
        pub attributes: Option<Map<String, Value>> = "attributes",
    }
}

model! {
    /// Desired and reported properties of a twin.
    pub struct TwinProperties as "properties" {
        /// Properties that back ends set for the device.
        pub desired: TwinCollection = "desired",
        /// Properties that the device reports. Back ends cannot write them.
        pub reported: TwinCollection = "reported",
    }
}

model! {
    /// The state of a configuration on a twin.
    pub struct ConfigurationInfo as "configuration" {
        /// The status: targeted or applied.
        pub status: Option<ConfigurationInfoStatus> = "status",
    }
}

azure_service_core::open_enum! {
    /// The state of a configuration on a twin.
    pub enum ConfigurationInfoStatus {
        /// The twin matches the configuration's target condition.
        Targeted = "Targeted",
        /// The configuration's content has been written to the twin.
        Applied = "Applied",
    }
}

plain_members!(ConfigurationInfoStatus);

impl Twin {
    /// Creates a device twin without tags or properties.
    #[must_use]
    pub fn new(device_id: impl Into<String>) -> Self {
        Self {
            device_id: Some(device_id.into()),
            ..Self::default()
        }
    }

    /// Returns the precondition that tags and desired properties have not changed since the twin was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the twin has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Checks ids, tags and desired properties against the hub's rules, which [`Rule`](crate::Rule) lists.
    ///
    /// A twin that was built or edited may break the rules; deserialization does not check them.
    ///
    /// # Errors
    ///
    /// Returns all violations, each with its path.
    pub fn validate(&self) -> Result<(), InvalidTwin> {
        let mut violations = Vec::new();
        for (path, problem) in [
            ("deviceId", self.device_id.as_deref().map(check_device_id)),
            ("moduleId", self.module_id.as_deref().map(check_module_id)),
        ] {
            if let Some(Err(error)) = problem {
                violations.push(Path::root(path).breaks(Rule::Id(error.problem)));
            }
        }
        self.check_writable(&mut violations);
        InvalidTwin::check(violations)
    }

    fn check_writable(&self, violations: &mut Vec<Violation>) {
        violations.extend(self.refused_values());
        // A value set to `null` is written as a removal.
        let rules = |origin| (origin, Nulls::Remove);
        check(
            Section::Tags,
            self.tags.as_json(),
            rules(Origin::Caller),
            violations,
        );
        check(
            Section::Desired,
            self.properties.desired.as_json(),
            rules(Origin::Service),
            violations,
        );
    }

    /// Returns violations for values that could not be serialized.
    pub(crate) fn refused_values(&self) -> Vec<Violation> {
        let mut violations = self.tags.refused(&Section::Tags.path());
        violations.extend(self.properties.desired.refused(&Section::Desired.path()));
        violations
    }
}

/// Returns violations for changes to members that a service cannot write.
pub(crate) fn read_only_changes(before: &Twin, after: &Twin) -> Vec<Violation> {
    let json = |twin: &Twin| {
        let mut twin = twin.clone();
        twin.tags = TwinCollection::default();
        let maintained = |(name, _): &(&String, &Value)| name.starts_with('$');
        let desired = twin.properties.desired.as_json().iter().filter(maintained);
        twin.properties.desired = desired
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>()
            .into();
        twin.write(Style::READ)
    };
    let (before, after) = (json(before), json(after));
    let mut violations = Vec::new();
    compare(None, &before, &after, &mut violations);
    violations
}

fn compare(path: Option<&Path>, before: &Value, after: &Value, violations: &mut Vec<Violation>) {
    let names = |value: &Value| {
        value
            .as_object()
            .map(|members| members.keys().cloned().collect::<Vec<_>>())
    };
    let mut all = names(before).unwrap_or_default();
    all.extend(
        names(after)
            .unwrap_or_default()
            .into_iter()
            .filter(|name| before.get(name).is_none()),
    );
    for name in all {
        let (old, new) = (before.get(&name), after.get(&name));
        if old == new {
            continue;
        }
        let path = path.map_or_else(|| Path::root(&name), |path| path.member(&name));
        match (old, new) {
            // Inside collections, the violation names the changed member.
            (Some(old @ Value::Object(_)), Some(new @ Value::Object(_)))
                if matches!(&*name, "properties" | "desired" | "reported") =>
            {
                compare(Some(&path), old, new, violations);
            }
            _ => violations.push(path.breaks(Rule::NotWritable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn full() -> Value {
        json!({
            "deviceId": "d", "moduleId": "m", "etag": "AAAAAAAAAAE=", "deviceEtag": "NTgwMDg5MDAz",
            "status": "enabled", "statusReason": "new", "statusUpdateTime": "0001-01-01T00:00:00Z",
            "connectionState": "Connected", "lastActivityTime": "2024-05-01T10:00:00.1234567Z",
            "cloudToDeviceMessageCount": 3, "authenticationType": "selfSigned",
            "x509Thumbprint": {"primaryThumbprint": "AA", "secondaryThumbprint": "BB"},
            "modelId": "dtmi:a;1", "version": 7, "configurations": {"c": {"status": "Applied"}},
            "tags": {"site": "a", "n": {"x": [1, 2.0]}},
            "properties": {
                "desired": {"rate": 1.0, "$metadata": {"$lastUpdated": "2024-05-01T10:00:00Z"}, "$version": 2},
                "reported": {"$metadata": {}, "$version": 1},
                "someday": {"x": 1}
            },
            "capabilities": {"iotEdge": true, "flies": false}, "deviceScope": "ms-azure-iot-edge://d-1",
            "parentScopes": ["ms-azure-iot-edge://p-1"], "attributes": {"site": "oslo"}, "brandNew": {"a": [null]}
        })
    }

    #[test]
    fn all_fields_and_unknown_members_round_trip() {
        let twin: Twin = serde_json::from_value(full()).unwrap();
        assert_eq!(serde_json::to_value(&twin).unwrap(), full());
        assert_eq!(twin.extra.keys().collect::<Vec<_>>(), ["brandNew"]);
        assert!(twin.status_update_time.as_ref().unwrap().is_never());
        assert_eq!(
            twin.configurations.as_ref().unwrap()["c"].status,
            Some(ConfigurationInfoStatus::Applied)
        );
        assert_eq!(twin.validate(), Ok(()));
    }

    /// HUB-WIRE-8.
    #[test]
    fn null_and_missing_fields_are_accepted() {
        let twin: Twin = serde_json::from_value(json!({
            "deviceId": null, "etag": "*", "tags": null, "parentScopes": null, "statusReason": null,
            "x509Thumbprint": {"PrimaryThumbprint": "AA", "SecondaryThumbprint": null},
            "status": "suspended", "lastActivityTime": "whenever", "properties": {}
        }))
        .unwrap();
        assert_eq!(twin.x509_thumbprint.as_ref().unwrap().primary(), Some("AA"));
        assert_eq!(twin.status, Some(DeviceStatus::UnknownValue("suspended".into())));
        assert_eq!(
            twin.last_activity_time.as_ref().unwrap().unparsed(),
            Some("whenever")
        );
        assert_eq!(serde_json::from_str::<Twin>("{}").unwrap(), Twin::default());
    }

    #[test]
    fn null_in_any_member_round_trips_in_any_case() {
        for name in full().as_object().unwrap().keys() {
            for spelling in [name.clone(), name.to_uppercase()] {
                let document = json!({ spelling: null });
                let twin: Twin = serde_json::from_value(document.clone()).unwrap();
                assert_eq!(serde_json::to_value(&twin).unwrap(), document);
            }
        }
        let document = json!({
            "tags": {}, "properties": {"desired": {}, "reported": null}, "parentScopes": [], "capabilities": {},
            "configurations": {}, "x509Thumbprint": {"PrimaryThumbprint": "AA", "SecondaryThumbprint": null}
        });
        let twin: Twin = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&twin).unwrap(), document);
    }

    #[test]
    fn changes_of_read_only_members_are_violations() {
        let before: Twin = serde_json::from_value(full()).unwrap();
        let mut after = before.clone();
        after.tags.set("site", "b");
        after.properties.desired.set("rate", 2);
        assert_eq!(read_only_changes(&before, &after), []);
        after.properties.reported.set("rate", 2);
        after.properties.desired.set("$version", 9);
        after.status = None;
        after.attributes = None;
        after.extra.insert("new".into(), json!(1));
        let lines: Vec<_> = read_only_changes(&before, &after)
            .iter()
            .map(|violation| violation.path.clone())
            .collect();
        assert_eq!(
            lines,
            [
                "status",
                "properties.desired.$version",
                "properties.reported.rate",
                "attributes",
                "new"
            ]
        );
    }

    #[test]
    fn validate_returns_all_violations() {
        let mut twin: Twin = serde_json::from_value(full()).unwrap();
        twin.device_id = Some("a/b".into());
        twin.module_id = Some(String::new());
        twin.tags.set("site", json!([null]));
        twin.properties.desired.set("big", i64::MAX);
        twin.properties.desired.set("a#", 1);
        let error = twin.validate().unwrap_err();
        let lines: Vec<_> = error.violations.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "deviceId contains '/' at position 1; only ASCII letters, digits and -:.+%_#*?!(),=@;$' are allowed",
                "moduleId must not be empty",
                "tags.site[0] is null, which is not allowed in arrays",
                "properties.desired.big is an integer outside the range -4503599627370496 to 4503599627370495",
                "properties.desired[\"a#\"] has '#' in its name; names must not contain . $ # space or control characters",
            ]
        );
    }
}
