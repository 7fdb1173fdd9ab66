//! Random changes to an instance must survive the data file and its journal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::executor::block_on;
use http::{HeaderName, HeaderValue, Method};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::durable::DataFile;
use crate::service::{ServiceRequest, StatefulService};

const IDS: [&str; 6] = ["a", "b", "c", "d", "e/~f", "__proto__"];
const KEYS: [&str; 4] = ["k", "$metadata", "$dtId", "m"];

/// An instance and a generator of random requests to it.
struct World {
    instance: Arc<DigitalTwins>,
    random: StdRng,
    succeeded: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let instance = Arc::new(DigitalTwins::new(Clock::new()));
        // The endpoint outlives the dropped subscription, so routes to it are still accepted.
        instance.subscribe("endpoint").map(drop).unwrap();
        instance.record_changes();
        Self {
            instance,
            random: StdRng::seed_from_u64(seed),
            succeeded: 0,
        }
    }

    fn services(&self) -> [Arc<dyn StatefulService>; 1] {
        [self.instance.clone()]
    }

    fn send(&mut self, method: Method, path: &str, body: &Value) -> Value {
        let request = ServiceRequest::new(method, &format!("{path}?api-version=2023-10-31")).unwrap();
        let operation = (
            HeaderName::from_static("operation-id"),
            HeaderValue::from_static("job"),
        );
        let request = request.with_header(operation.0, operation.1).with_json(body);
        let response = block_on(self.instance.handle(request));
        self.succeeded += usize::from(response.status.is_success());
        response.body_json().unwrap()
    }

    fn pick(&mut self) -> String {
        let id = IDS.choose(&mut self.random).copied().unwrap_or_default();
        percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    /// Sends a random request. Many are invalid on purpose.
    fn send_random_request(&mut self) {
        let (a, b, r) = (self.pick(), self.pick(), self.pick());
        let number = self.random.random_range(0..3_u32);
        let model = format!("dtmi:m:{};1", ["A", "B", "C"][number as usize]);
        let id = IDS.choose(&mut self.random).copied().unwrap_or_default();
        let twin = format!("/digitaltwins/{a}");
        let relationship = format!("{twin}/relationships/{r}");
        // Every digit must survive the round trip.
        let double = f64::from_bits(self.random.random_range(0..1 << 62));
        let set = |path: &str, value: Value| json!([{"op": "add", "path": path, "value": value}]);
        match self.random.random_range(0..20) {
            0..4 => {
                // Keys of a map may look like members of a component.
                let key = KEYS.choose(&mut self.random).copied().unwrap_or_default();
                let map = json!({key: {"$lastUpdateTime": "2020-01-01T00:00:00Z", "n": id}});
                let body = json!({"n": number, "d": double, "m": map, "$metadata": {"$model": model}});
                self.send(Method::PUT, &twin, &body)
            }
            4..6 => self.send(Method::PATCH, &twin, &set("/n", json!(number))),
            6..8 => self.send(Method::DELETE, &twin, &Value::Null),
            8..12 => {
                let body = json!({"$relationshipName": "r", "$targetId": id, "w": number});
                self.send(Method::PUT, &relationship, &body)
            }
            12 => self.send(Method::PATCH, &relationship, &set("/w", json!(number))),
            13..15 => self.send(Method::DELETE, &relationship, &Value::Null),
            15 => {
                let map = |values: Value| {
                    json!({"@type": "Map", "mapKey": {"name": "k", "schema": "string"},
                        "mapValue": {"name": "v", "schema": values}})
                };
                let contents = json!([
                    {"@type": "Property", "name": "n", "schema": "integer"},
                    {"@type": "Property", "name": "d", "schema": "double"},
                    {"@type": "Property", "name": "m", "schema": map(map(json!("string")))},
                    {"@type": "Relationship", "name": "r", "properties": [
                        {"@type": "Property", "name": "w", "schema": "integer"}
                    ]},
                ]);
                let document = json!({"@id": model, "@type": "Interface",
                    "@context": "dtmi:dtdl:context;3", "contents": contents});
                self.send(Method::POST, "/models", &json!([document]))
            }
            16 => {
                let off = set("/decommissioned", json!(number == 0));
                self.send(Method::PATCH, &format!("/models/{model}"), &off)
            }
            17 => self.send(Method::DELETE, &format!("/models/{model}"), &Value::Null),
            18 => {
                let body = json!({"endpointName": "endpoint", "filter": format!("specversion = '{number}'")});
                self.send(Method::PUT, &format!("/eventroutes/r{number}"), &body)
            }
            _ => match self.random.random_range(0..20) {
                0 => self
                    .instance
                    .load(&self.instance.dump())
                    .map(|()| Value::Null)
                    .unwrap(),
                1 => {
                    let started = self.send(Method::POST, "/jobs/deletions", &Value::Null);
                    while started["id"] == "job" && !self.job_is_over() {
                        std::thread::yield_now();
                    }
                    Value::Null
                }
                2 => {
                    let body = json!({"inputBlobUri": "https://h/c/in", "outputBlobUri": "https://h/c/out"});
                    self.send(Method::PUT, &format!("/jobs/imports/{a}"), &body);
                    while !self.job_is_over() {
                        std::thread::yield_now();
                    }
                    self.send(Method::DELETE, &format!("/jobs/imports/{b}"), &Value::Null)
                }
                _ => self.send(Method::DELETE, &format!("/eventroutes/r{number}"), &Value::Null),
            },
        };
    }

    fn job_is_over(&self) -> bool {
        let jobs = self.instance.instance.jobs.dump();
        let all = jobs["imports"]
            .as_object()
            .into_iter()
            .chain(jobs["deletions"].as_object());
        all.flatten()
            .all(|(_, job)| job["status"] == "failed" || job["status"] == "succeeded")
    }
}

fn saved(path: &Path) -> Value {
    let (_, saved) = DataFile::open(path).unwrap();
    saved.services.get("digitaltwins").cloned().unwrap_or_default()
}

/// Returns the dump of a new instance that has loaded `state`.
fn loaded(state: &Value) -> Value {
    let instance = DigitalTwins::new(Clock::new());
    instance.load(state).unwrap();
    instance.dump()
}

#[test]
fn journal_has_every_change() {
    let mut succeeded = 0;
    for seed in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.json");
        let mut world = World::new(seed);
        let (mut file, _) = DataFile::open(&path).unwrap();
        file.replace(&world.services(), &Map::new()).unwrap();
        for batch in 0..40 {
            for _ in 0..world.random.random_range(0..12) {
                world.send_random_request();
            }
            let changes = world.instance.take_changes();
            file.append(&[("digitaltwins", changes)].into()).unwrap();
            assert!(world.instance.take_changes().is_empty());
            // A snapshot may be newer than the last line; the next line then repeats some changes.
            if world.random.random_range(0..5) == 0 {
                world.send_random_request();
                file.replace(&world.services(), &Map::new()).unwrap();
                world.send_random_request();
                continue;
            }
            drop(file);
            let state = saved(&path);
            assert_eq!(state, world.instance.dump(), "seed {seed}, batch {batch}");
            assert_eq!(loaded(&state), state, "seed {seed}, batch {batch}");
            file = DataFile::open(&path).unwrap().0;
        }
        succeeded += world.succeeded;
    }
    assert!(succeeded > 400, "only {succeeded} requests succeeded");
}

/// A journal truncated at any byte loads as the state after its last complete line.
#[test]
fn truncated_journal_loads_up_to_the_last_complete_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.json");
    let journal = folder.path().join("data.json.journal");
    let mut world = World::new(7);
    let (mut file, _) = DataFile::open(&path).unwrap();
    file.replace(&world.services(), &Map::new()).unwrap();
    let header = std::fs::metadata(&journal).unwrap().len();
    let header = usize::try_from(header).unwrap();
    let mut states = vec![(header, world.instance.dump())];
    while states.len() < 7 {
        for _ in 0..3 {
            world.send_random_request();
        }
        let changes = world.instance.take_changes();
        if !changes.is_empty() {
            file.append(&[("digitaltwins", changes)].into()).unwrap();
            let length = std::fs::metadata(&journal).unwrap().len();
            states.push((usize::try_from(length).unwrap(), world.instance.dump()));
        }
    }
    drop(file);
    let whole = std::fs::read(&journal).unwrap();
    for end in header..=whole.len() {
        std::fs::write(&journal, &whole[..end]).unwrap();
        let state = saved(&path);
        let (_, expected) = states.iter().rfind(|(length, _)| *length <= end).unwrap();
        assert_eq!(state, *expected, "cut at {end}");
        // Loading is slow, so it is tested only where a line ends.
        if states.iter().any(|(length, _)| *length == end) {
            assert_eq!(loaded(&state), state, "cut at {end}");
        }
    }
}

/// Removing the last relationship of a source removes the source's object.
#[test]
fn removal_leaves_no_empty_objects() {
    let mut world = World::new(0);
    let contents = json!([{"@type": "Relationship", "name": "r"}]);
    let document = json!({"@id": "dtmi:m:A;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": contents});
    world.send(Method::POST, "/models", &json!([document]));
    for id in ["a", "b"] {
        let body = json!({"$metadata": {"$model": "dtmi:m:A;1"}});
        world.send(Method::PUT, &format!("/digitaltwins/{id}"), &body);
    }
    let body = json!({"$relationshipName": "r", "$targetId": "b"});
    for id in ["x", "y"] {
        world.send(Method::PUT, &format!("/digitaltwins/a/relationships/{id}"), &body);
    }
    let mut state = Value::Null;
    let mut follow = |world: &World| {
        for change in world.instance.take_changes() {
            change.apply_to(&mut state);
        }
        state["relationships"].clone()
    };
    assert_eq!(follow(&world)["a"].as_object().unwrap().len(), 2);
    world.send(Method::DELETE, "/digitaltwins/a/relationships/x", &Value::Null);
    assert_eq!(follow(&world)["a"].as_object().unwrap().len(), 1);
    world.send(Method::DELETE, "/digitaltwins/a/relationships/y", &Value::Null);
    assert_eq!(follow(&world), json!({}));
}

/// Loading a state keeps the query lag, even if it is set during the load.
#[test]
fn query_lag_set_during_a_load_is_kept() {
    let instance = DigitalTwins::new(Clock::new());
    let state = instance.dump();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                instance.load(&state).unwrap();
            }
        });
        let kept = (0..2000).map(Duration::from_secs).filter(|lag| {
            instance.set_query_lag(*lag);
            std::thread::yield_now();
            instance.instance.session().graph.query_lag() == *lag
        });
        let kept = kept.count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(kept, 2000);
    });
}
