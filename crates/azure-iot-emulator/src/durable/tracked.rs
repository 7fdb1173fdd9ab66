//! A map that records changed keys, so that the journal writes only changed entries.

pub(crate) mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::durable::state_change::StateChange;

/// A map that records changed keys after a call of [`record`](Self::record). It dereferences to the map for reading.
#[derive(Debug)]
pub(crate) struct Tracked<V> {
    map: BTreeMap<String, V>,
    /// The changed keys; `None` until changes are recorded, so that the set does not grow without a journal.
    changed: Option<BTreeSet<String>>,
}

impl<V> Default for Tracked<V> {
    fn default() -> Self {
        Self::from(BTreeMap::new())
    }
}

impl<V> From<BTreeMap<String, V>> for Tracked<V> {
    fn from(map: BTreeMap<String, V>) -> Self {
        Self { map, changed: None }
    }
}

impl<V> Deref for Tracked<V> {
    type Target = BTreeMap<String, V>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<V> Tracked<V> {
    fn mark_changed(&mut self, key: &str) {
        if let Some(changed) = &mut self.changed
            && !changed.contains(key)
        {
            changed.insert(key.to_owned());
        }
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.mark_changed(key);
        self.map.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: String, value: V) -> Option<V> {
        self.mark_changed(&key);
        self.map.insert(key, value)
    }

    /// Inserts a value if the key is missing, and returns the key's value.
    pub(crate) fn add(&mut self, key: &str, value: V) -> &V {
        self.mark_changed(key);
        self.map.entry(key.to_owned()).or_insert(value)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        self.mark_changed(key);
        self.map.remove(key)
    }

    /// Removes the entries for which `keep` is false.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let changed = &mut self.changed;
        self.map.retain(|key, value| {
            let keep = keep(value);
            if let (false, Some(changed)) = (keep, &mut *changed) {
                changed.insert(key.clone());
            }
            keep
        });
    }

    /// Starts recording changed keys.
    pub(crate) fn record(&mut self) {
        self.changed.get_or_insert_default();
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.changed.is_some()
    }

    /// Returns the keys changed since the last call; none if changes are not recorded.
    fn take_changed(&mut self) -> BTreeSet<String> {
        self.changed.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

impl<V: Serialize> Tracked<V> {
    /// Returns the changes since the last call. `path` is the path of this map in the state.
    pub(crate) fn take_changes(&mut self, path: &[&str]) -> Vec<StateChange> {
        let changed = self.take_changed().into_iter();
        changed
            .map(|key| change(&[path, &[&key]].concat(), self.map.get(&key)))
            .collect()
    }
}

#[expect(clippy::expect_used, reason = "records have string keys and serialize")]
fn change(path: &[&str], value: Option<&impl Serialize>) -> StateChange {
    StateChange {
        path: path.iter().copied().map(str::to_owned).collect(),
        value: value.map(|value| serde_json::to_value(value).expect("a record is valid JSON")),
    }
}

impl<V: Serialize> Serialize for Tracked<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Tracked<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn changes_are_returned_once() {
        let mut map = Tracked::default();
        map.insert("early".to_owned(), 0);
        assert!(map.take_changed().is_empty());
        map.record();
        map.insert("a".to_owned(), 1);
        map.add("b", 2);
        *map.get_mut("a").unwrap() = 3;
        map.remove("c");
        map.retain(|value| *value > 0);
        let changes = map.take_changes(&["x", "y"]);
        let changes: Vec<_> = changes
            .into_iter()
            .map(|change| (change.path.join("/"), change.value))
            .collect();
        let expected = [("a", Some(3)), ("b", Some(2)), ("c", None), ("early", None)];
        let expected = expected.map(|(key, value)| (format!("x/y/{key}"), value.map(Value::from)));
        assert_eq!(changes, expected);
        assert!(map.take_changes(&["x"]).is_empty());
        assert_eq!((map["a"], map.len()), (3, 2));
    }
}
