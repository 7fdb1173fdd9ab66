//! Models compiled for the validation of twins: contents by name, inheritance resolved.

use std::collections::HashMap;
use std::sync::Arc;

use dtdl::Schema;

/// An element of an interface's `contents`.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Property(Schema),
    /// The id of the component's interface.
    Component(Arc<str>),
    Relationship(RelationshipType),
    Telemetry,
    Command,
}

impl Content {
    /// Returns the DTDL term for this kind of content.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Content::Property(_) => "Property",
            Content::Component(_) => "Component",
            Content::Relationship(_) => "Relationship",
            Content::Telemetry => "Telemetry",
            Content::Command => "Command",
        }
    }
}

/// The declaration of a relationship.
#[derive(Debug, Clone)]
pub(crate) struct RelationshipType {
    /// The interface that the model of the target must be or inherit from; `None` allows any target.
    pub(crate) target: Option<Arc<str>>,
    pub(crate) properties: HashMap<Arc<str>, Schema>,
}

/// An interface with its inherited contents.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) id: Arc<str>,
    /// Direct dependencies: the extended interfaces, and the interfaces of the components that are
    /// declared here.
    pub(crate) requires: Vec<Arc<str>>,
    /// Every interface that this interface inherits from, at any depth.
    pub(crate) ancestors: Vec<Arc<str>>,
    /// Own and inherited contents.
    pub(crate) contents: HashMap<Arc<str>, Content>,
    /// Names of the components, in the order of the model.
    pub(crate) components: Vec<Arc<str>>,
}

impl Interface {
    /// Returns the content with this name, and the shared copy of the name that twins store.
    pub(crate) fn content(&self, name: &str) -> Option<(&Arc<str>, &Content)> {
        self.contents.get_key_value(name)
    }

    /// Returns the interface id of the component with this name.
    pub(crate) fn component_model(&self, name: &str) -> Option<&str> {
        match self.contents.get(name)? {
            Content::Component(id) => Some(id),
            _ => None,
        }
    }

    /// Returns whether this interface is `id` or inherits from it.
    pub(crate) fn is_or_inherits(&self, id: &str) -> bool {
        *self.id == *id || self.ancestors.iter().any(|ancestor| **ancestor == *id)
    }
}

/// Splits a model id into its path and version, `(major, minor)`. A missing version sorts first.
pub(crate) fn split_version(id: &str) -> (&str, (u64, u64)) {
    let Some((path, version)) = id.split_once(';') else {
        return (id, (0, 0));
    };
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    (path, (major.parse().unwrap_or(0), minor.parse().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use crate::digitaltwins::store::interface::split_version;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(split_version("dtmi:a:b;12"), ("dtmi:a:b", (12, 0)));
        assert_eq!(split_version("dtmi:a:b"), ("dtmi:a:b", (0, 0)));
        assert!(split_version("dtmi:a;10").1 > split_version("dtmi:a;9").1);
        assert!(split_version("dtmi:a;3.14").1 > split_version("dtmi:a;3.2").1);
    }
}
