//! The content of configurations.

use iothub_protocol::types;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::configuration::model::members;
use crate::error::{Error, Result};
use crate::json::to_value;
use crate::model::model;

model! {
    /// The content of a configuration: values for device twins, for module twins, or for the modules of edge devices.
    pub struct ConfigurationContent as "content" {
        /// Values for twins of devices, by paths such as `properties.desired.interval`.
        pub device_content: Option<Map<String, Value>> = "deviceContent",
        /// Values for module twins of edge devices, by module ids, including `$edgeAgent`.
        pub modules_content: Option<Map<String, Value>> = "modulesContent",
        /// Values for twins of modules, by paths such as `properties.desired.interval`.
        pub module_content: Option<Map<String, Value>> = "moduleContent",
    }
}

impl ConfigurationContent {
    /// Creates content for twins of devices, by paths such as `properties.desired.interval`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a value cannot be serialized to JSON.
    pub fn device<K: Into<String>, V: Serialize>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        Ok(Self {
            device_content: Some(collect(properties)?),
            ..Self::default()
        })
    }

    /// Creates content for twins of modules, by paths such as `properties.desired.interval`.
    ///
    /// # Errors
    ///
    /// Same as [`device`](Self::device).
    pub fn module<K: Into<String>, V: Serialize>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        Ok(Self {
            module_content: Some(collect(properties)?),
            ..Self::default()
        })
    }

    /// Creates content for the modules of edge devices, by module ids, including `$edgeAgent`.
    ///
    /// # Errors
    ///
    /// Same as [`device`](Self::device).
    pub fn edge_modules<K: Into<String>, V: Serialize>(
        modules: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        Ok(Self {
            modules_content: Some(collect(modules)?),
            ..Self::default()
        })
    }

    /// Parses a deployment manifest for edge devices, in the format of `az iot edge set-modules --content`.
    ///
    /// The manifest may wrap the content in a `content` member, and may use the old name `moduleContent` for
    /// `modulesContent`. Other members, such as `$schema`, are ignored. A byte order mark is skipped.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the text is not JSON, or has no member `modulesContent`.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::ConfigurationContent;
    ///
    /// let content = ConfigurationContent::from_manifest(
    ///     r#"{"$schema-template": "4.0.0", "modulesContent": {"$edgeAgent": {"properties.desired": {}}}}"#,
    /// )?;
    /// assert!(content.modules_content.is_some_and(|modules| modules.contains_key("$edgeAgent")));
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    pub fn from_manifest(manifest: &str) -> Result<Self> {
        let invalid = |reason: String| Error::invalid_input("manifest", reason);
        let text = manifest.trim_start_matches('\u{feff}');
        let manifest: Value =
            serde_json::from_str(text).map_err(|error| invalid(format!("is not JSON: {error}")))?;
        let content = manifest.get("content").unwrap_or(&manifest);
        let modules = ["modulesContent", "moduleContent"]
            .into_iter()
            .find_map(|name| content.get(name));
        match modules {
            Some(Value::Object(modules)) => Ok(Self {
                modules_content: Some(modules.clone()),
                ..Self::default()
            }),
            Some(_) => Err(invalid(
                "has a member modulesContent that is not an object".to_owned(),
            )),
            None => Err(invalid(
                "has no member modulesContent, at the top or in content".to_owned(),
            )),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let contents = [&self.device_content, &self.modules_content, &self.module_content];
        let count = contents.iter().filter(|content| content.is_some()).count();
        // A later version of the service may define a new kind of content.
        if count > 1 || (count == 0 && self.extra.is_empty()) {
            let reason = "must have exactly one of device_content, module_content and modules_content";
            return Err(Error::invalid_input("content", reason));
        }
        Ok(())
    }

    /// Returns the body that applies the content to an edge device.
    pub(super) fn to_body(&self) -> Result<types::ConfigurationContent> {
        self.check()?;
        Ok(types::ConfigurationContent {
            extra: members(self),
            ..Default::default()
        })
    }
}

fn collect<K: Into<String>, V: Serialize>(
    members: impl IntoIterator<Item = (K, V)>,
) -> Result<Map<String, Value>> {
    let convert = |(name, value): (K, V)| {
        let name = name.into();
        match to_value(&value) {
            Ok(value) => Ok((name, value)),
            Err(error) => {
                let reason = format!("has a value at {name:?} that cannot be serialized to JSON: {error}");
                Err(Error::invalid_input("content", reason))
            }
        }
    };
    members.into_iter().map(convert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// HUB-CONFIG-6: manifests for the Azure CLI become module content.
    #[test]
    fn manifest_is_parsed_in_every_form_of_the_azure_cli() {
        let modules = json!({"$edgeAgent": {"properties.desired": {"schemaVersion": "1.1"}}});
        for manifest in [
            json!({"modulesContent": modules}),
            json!({"$schema-template": "4.0.0", "modulesContent": modules, "id": "x"}),
            json!({"content": {"modulesContent": modules}, "$schema": "http://x", "priority": 1}),
            json!({"moduleContent": modules}),
            json!({"content": {"moduleContent": modules}}),
        ] {
            let text = format!("\u{feff}{}\r\n", serde_json::to_string_pretty(&manifest).unwrap());
            let content = ConfigurationContent::from_manifest(&text).unwrap();
            let sent = serde_json::to_value(content.to_body().unwrap()).unwrap();
            assert_eq!(sent, json!({ "modulesContent": modules }), "{manifest}");
        }
        for text in [
            "",
            "{",
            "[]",
            "5",
            r#"{"deviceContent": {}}"#,
            r#"{"modulesContent": []}"#,
        ] {
            let error = ConfigurationContent::from_manifest(text).unwrap_err();
            assert_eq!(error.parameter(), Some("manifest"), "{text}");
        }
    }

    #[test]
    fn content_takes_serializable_values() {
        #[derive(serde::Serialize)]
        struct Interval {
            seconds: f32,
        }
        let content =
            ConfigurationContent::device([("properties.desired.interval", Interval { seconds: 0.1 })])
                .unwrap();
        assert_eq!(
            serde_json::to_value(content).unwrap(),
            json!({"deviceContent": {"properties.desired.interval": {"seconds": 0.1}}})
        );
        let map = BTreeMap::from([((1, 2), 3)]);
        for content in [
            ConfigurationContent::device([("a", &map)]),
            ConfigurationContent::module([("a", &map)]),
            ConfigurationContent::edge_modules([("a", &map)]),
        ] {
            assert_eq!(
                content.unwrap_err().to_string(),
                "invalid content: has a value at \"a\" that cannot be serialized to JSON: key must be a string"
            );
        }
    }
}
