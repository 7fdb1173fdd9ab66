//! Patches computed from a value before and after a change.

use std::sync::LazyLock;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Patch;
use super::target::PatchTarget;
use crate::error::{Error, Result};
use crate::json;

const METADATA: &str = "$metadata";
const MODEL: &str = "$model";
const SOURCE_TIME: &str = "sourceTime";

static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl<K: PatchTarget> Patch<K> {
    /// Computes the patch that turns `before` into `after`.
    ///
    /// Both are values of one type: for example, a [`DigitalTwin`](crate::DigitalTwin) and its changed copy, or two
    /// values of your own struct. Properties unknown to the type are not changed.
    ///
    /// * A property that is `null` or absent counts as not set.
    /// * A changed value becomes an `add`, not a `replace`, because the value in `before` may be a default of the
    ///   type and absent on the service.
    /// * Objects, maps and components are compared member by member, so the patch has only the differences. Arrays
    ///   are replaced as a whole.
    /// * In `$metadata`, only the model and the source times are compared; the service sets the rest.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a value does not serialize to a JSON object, or if the values
    /// are different resources: their `$dtId` differs or, for relationships, their id, source, target or name.
    ///
    /// # Example
    ///
    /// ```
    /// use digitaltwins_convenience::DigitalTwinPatch;
    ///
    /// #[derive(Clone, serde::Serialize)]
    /// struct Room {
    ///     temperature: Option<f64>,
    ///     comment: Option<String>,
    /// }
    ///
    /// let before = Room { temperature: None, comment: Some("draughty".to_owned()) };
    /// let after = Room { temperature: Some(21.5), comment: None };
    /// assert_eq!(
    ///     DigitalTwinPatch::diff(&before, &after)?.to_string(),
    ///     r#"[{"op":"add","path":"/temperature","value":21.5},{"op":"remove","path":"/comment"}]"#
    /// );
    /// # Ok::<(), digitaltwins_convenience::Error>(())
    /// ```
    pub fn diff<T: Serialize + ?Sized>(before: &T, after: &T) -> Result<Self> {
        let (before, after) = (object("before", before)?, object("after", after)?);
        for name in K::IDENTITY {
            if let (Some(old), Some(new)) = (set(&before, name), set(&after, name))
                && old != new
            {
                let reason =
                    format!("must have the same {name} as `before`, because a patch cannot change it");
                return Err(Error::invalid_input("after", reason));
            }
        }
        let mut differ = Differ {
            operations: Vec::new(),
        };
        let mut path = PointerBuf::new();
        differ.members(&before, &after, K::FIXED, K::COMPONENTS, &mut path);
        differ.metadata(&before, &after, K::MODEL, K::SOURCE_TIME, &mut path);
        Self::try_from(json_patch::Patch(differ.operations))
    }
}

struct Differ {
    operations: Vec<PatchOperation>,
}

impl Differ {
    fn members(
        &mut self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
        except: &[&str],
        components: bool,
        path: &mut PointerBuf,
    ) {
        let compared = |name: &String| name != METADATA && !except.contains(&name.as_str());
        for (name, new) in after
            .iter()
            .filter(|(name, value)| compared(name) && !value.is_null())
        {
            path.push_back(name);
            match (set(before, name), new) {
                (Some(old), new) if old == new => {}
                // Members are compared only if the old object has any: an empty object may be a default of the type
                // that is absent on the service, so paths into it would not exist there.
                (Some(Value::Object(old)), Value::Object(new))
                    if old.values().any(|value| !value.is_null()) =>
                {
                    self.members(old, new, &[], false, path);
                    if components && (old.contains_key(METADATA) || new.contains_key(METADATA)) {
                        self.metadata(old, new, false, true, path);
                    }
                }
                (_, new) => self.add(path, stored(new)),
            }
            path.pop_back();
        }
        for name in before
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name)
        {
            if compared(name) && set(after, name).is_none() {
                path.push_back(name);
                self.operations
                    .push(PatchOperation::Remove(RemoveOperation { path: path.clone() }));
                path.pop_back();
            }
        }
    }

    fn metadata(
        &mut self,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
        model: bool,
        source_times: bool,
        path: &mut PointerBuf,
    ) {
        let (old, new) = (inner(before, METADATA), inner(after, METADATA));
        path.push_back(METADATA);
        if let (true, Some(old), Some(new)) = (model, set(old, MODEL), set(new, MODEL))
            && old != new
        {
            let (mut path, value) = (path.clone(), new.clone());
            path.push_back(MODEL);
            self.operations
                .push(PatchOperation::Replace(ReplaceOperation { path, value }));
        }
        for name in new
            .keys()
            .chain(old.keys().filter(|name| !new.contains_key(*name)))
        {
            // A removed property is skipped, because the service removes its source time with it.
            if !source_times || name.starts_with('$') || set(after, name).is_none() {
                continue;
            }
            let (old, new) = (
                set(inner(old, name), SOURCE_TIME),
                set(inner(new, name), SOURCE_TIME),
            );
            if old == new {
                continue;
            }
            path.push_back(name);
            path.push_back(SOURCE_TIME);
            match new {
                Some(time) => self.add(path, time.clone()),
                None => self
                    .operations
                    .push(PatchOperation::Remove(RemoveOperation { path: path.clone() })),
            }
            path.pop_back();
            path.pop_back();
        }
        path.pop_back();
    }

    fn add(&mut self, path: &PointerBuf, value: Value) {
        self.operations.push(PatchOperation::Add(AddOperation {
            path: path.clone(),
            value,
        }));
    }
}

/// Adapts a patch to `document`, so that every operation succeeds.
///
/// * An `add` of an existing value becomes a `replace`; a `remove` of a missing value is dropped.
/// * Missing parents of a path are added together with the value.
pub(crate) fn adapt_to_document<K: PatchTarget>(patch: Patch<K>, document: &Value) -> Patch<K> {
    let mut document = document.clone();
    let mut operations = Vec::new();
    for operation in json_patch::Patch::from(patch.operations).0 {
        let operation = match operation {
            PatchOperation::Remove(remove) if document.pointer(remove.path.as_str()).is_none() => continue,
            // Kept as is: the document may not have the metadata yet, and the service creates it with the property.
            PatchOperation::Add(add) if add.path.tokens().any(|token| token.decoded() == METADATA) => {
                operations.push(PatchOperation::Add(add));
                continue;
            }
            PatchOperation::Add(AddOperation { path, value }) => adapt_add(path, value, &document),
            other => other,
        };
        // The next operation is adapted to the document that results from this operation.
        if json_patch::patch(&mut document, std::slice::from_ref(&operation)).is_ok() {
            operations.push(operation);
        }
    }
    Patch::of(json_patch::Patch(operations).into())
}

fn adapt_add(mut path: PointerBuf, mut value: Value, document: &Value) -> PatchOperation {
    if document.pointer(path.as_str()).is_some() {
        return PatchOperation::Replace(ReplaceOperation { path, value });
    }
    loop {
        let parent = path
            .parent()
            .map(|parent| parent.as_str().to_owned())
            .unwrap_or_default();
        if document.pointer(&parent).is_some_and(Value::is_object) {
            return PatchOperation::Add(AddOperation { path, value });
        }
        // Unreachable: the root of the document is an object.
        let Some(token) = path.pop_back() else {
            return PatchOperation::Add(AddOperation { path, value });
        };
        value = Value::Object(Map::from_iter([(token.decoded().into_owned(), value)]));
    }
}

fn object<T: Serialize + ?Sized>(parameter: &'static str, value: &T) -> Result<Map<String, Value>> {
    json::to_object(value).map_err(|error| Error::invalid_input(parameter, error.to_string()))
}

/// Returns the member `name` unless it is `null`.
fn set<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Returns the member `name` if it is an object, and an empty object otherwise.
fn inner<'a>(object: &'a Map<String, Value>, name: &str) -> &'a Map<String, Value> {
    object.get(name).and_then(Value::as_object).unwrap_or(&EMPTY)
}

/// Removes nulls in objects, because the service does not store them.
fn stored(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), stored(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
