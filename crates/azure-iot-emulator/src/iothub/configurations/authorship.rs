//! The configurations that have written desired properties, as `$metadata` names them.

use serde_json::{Map, Value};

use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::content;
use crate::iothub::store::content::Settings;
use crate::iothub::store::twin::{Author, Metadata};

/// A path of desired properties and the configuration that sets it.
pub(crate) struct AuthoredPath {
    names: Vec<String>,
    author: Author,
}

/// Returns the paths that a configuration sets.
pub(crate) fn paths(configuration: &Configuration, settings: &Settings) -> Vec<AuthoredPath> {
    let author = Author {
        configuration: configuration.id.clone(),
        digest: configuration.updated.ticks().to_string(),
    };
    let paths = settings.keys().map(|path| content::checked_names(path));
    paths
        .map(|names| AuthoredPath {
            names: names.into_iter().map(str::to_owned).collect(),
            author: author.clone(),
        })
        .collect()
}

/// Records the configurations that wrote the values in a patch. If several wrote a value, the last
/// one is recorded.
pub(crate) fn record(patch: &Map<String, Value>, metadata: &mut Metadata, authored: &[AuthoredPath]) {
    record_members(patch, metadata, &mut Vec::new(), authored);
}

fn record_members<'a>(
    patch: &'a Map<String, Value>,
    metadata: &mut Metadata,
    path: &mut Vec<&'a str>,
    authored: &[AuthoredPath],
) {
    // A null in the patch removes the value and its metadata.
    for (name, value) in patch.iter().filter(|(_, value)| !value.is_null()) {
        // Read-only members of a section are not written, so they have no metadata.
        let Some(member) = metadata.members.get_mut(name) else {
            continue;
        };
        path.push(name);
        match value {
            Value::Object(inner) => record_members(inner, member, path, authored),
            _ => {
                let last = authored.iter().rev().find(|authored| authored.covers(path));
                member.author = last.map(|authored| Box::new(authored.author.clone()));
            }
        }
        path.pop();
    }
}

impl AuthoredPath {
    fn covers(&self, path: &[&str]) -> bool {
        self.names.len() <= path.len() && self.names.iter().zip(path).all(|(own, name)| own == name)
    }
}
