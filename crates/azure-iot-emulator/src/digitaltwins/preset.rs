//! A graph for demonstrations: a building with floors, rooms and sensors.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::digitaltwins::DigitalTwins;
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::relationships::NewRelationship;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::lagging::put_relationship;
use crate::digitaltwins::store::timestamp::Timestamp;

const FLOORS: u32 = 3;
const ROOMS_PER_FLOOR: u32 = 4;

impl DigitalTwins {
    pub(crate) fn is_empty(&self) -> bool {
        let graph = self.instance.graph.read();
        graph.models.len() == 0 && graph.twin_count() == 0
    }

    /// Adds a building of three floors with four rooms each, and a sensor in every room: models
    /// `dtmi:example:building:*;1`, twins `building`, `floor-1`, `room-1-1`, `sensor-1-1` and so on, with the
    /// relationships `contains` from the building to its floors and from these to their rooms, `adjacentTo` from room
    /// to room (with the property `door`), and `observes` from a sensor to its room. For everybody else this is one
    /// step.
    ///
    /// # Errors
    /// If the instance holds some of it already, or has no room for it; the text is the one that a client would get.
    /// Nothing is added then.
    pub fn load_building(&self) -> Result<(), String> {
        self.instance.load_building().map_err(|error| error.to_string())
    }
}

impl Instance {
    fn load_building(&self) -> Answer<()> {
        // Made elsewhere first, so that no reader and no journal gets to see a part of it.
        let other = Instance::new(self.clock.clone());
        other.make_building()?;
        let building = other.graph.into_inner();
        let _changing = self.model_changes.lock();
        let mut graph = self.graph.write();
        self.check_room_for(&building, &graph)?;
        for model in building.models.uploaded_since(0) {
            graph.models.insert(
                Arc::clone(&model.document),
                Arc::clone(&model.interface),
                model.uploaded,
            );
        }
        graph.models_changed(building.models.ids().cloned());
        for twin in (0..building.twin_end()).filter_map(|slot| building.twin(slot)) {
            graph.put_twin(Arc::clone(twin));
        }
        for slot in 0..building.relationship_end() {
            if let Some(relationship) = building.relationship(slot) {
                put_relationship(&mut graph, relationship);
            }
        }
        Ok(())
    }

    /// Whether nothing of a building is in the graph, and all of it may be.
    fn check_room_for(&self, building: &Graph, graph: &Graph) -> Answer<()> {
        let models: Vec<&str> = building.models.ids().map(|id| &**id).collect();
        self.check_new_models(graph, models.into_iter())?;
        let mut twins = (0..building.twin_end()).filter_map(|slot| building.twin(slot));
        if let Some(twin) = twins.find(|twin| graph.find(&twin.id).is_some()) {
            return Err(errors::twin_exists(&twin.id));
        }
        if graph.twin_count() + building.twin_count() > self.limits.twins {
            return Err(errors::twin_limit_reached(self.limits.twins));
        }
        let limit = self.limits.relationships;
        if graph.relationship_count() + building.relationship_count() > limit {
            return Err(errors::relationship_limit_reached("instance", limit));
        }
        Ok(())
    }

    fn make_building(&self) -> Answer<()> {
        self.add_models(models())?;
        self.preset_twin("building", "Building", json!({"name": "Head office"}))?;
        for floor in 1..=FLOORS {
            let floor_id = format!("floor-{floor}");
            self.preset_twin(
                &floor_id,
                "Floor",
                json!({"name": format!("Floor {floor}"), "level": floor}),
            )?;
            self.preset_relationship("building", "contains", &floor_id, json!({}))?;
            for room in 1..=ROOMS_PER_FLOOR {
                let room_id = format!("room-{floor}-{room}");
                let body = json!({
                    "name": format!("Room {floor}.{room:02}"),
                    "area": 15 + 5 * room,
                    "occupied": (floor + room) % 2 == 0,
                    "thermostat": {"target": 21, "$metadata": {}},
                });
                self.preset_twin(&room_id, "Room", body)?;
                self.preset_relationship(&floor_id, "contains", &room_id, json!({}))?;
                if room > 1 {
                    let neighbour = format!("room-{floor}-{}", room - 1);
                    let door = if room % 2 == 0 { "open" } else { "locked" };
                    self.preset_relationship(&room_id, "adjacentTo", &neighbour, json!({"door": door}))?;
                }
                let sensor_id = format!("sensor-{floor}-{room}");
                let body = json!({"temperature": 20.5 + f64::from(room) / 4.0, "battery": 100 - 10 * floor});
                self.preset_twin(&sensor_id, "Sensor", body)?;
                self.preset_relationship(&sensor_id, "observes", &room_id, json!({}))?;
            }
        }
        Ok(())
    }

    fn preset_twin(&self, id: &str, model: &str, mut body: Value) -> Answer<()> {
        body["$metadata"] = json!({"$model": format!("dtmi:example:building:{model};1")});
        let Value::Object(body) = body else { return Ok(()) };
        let mut graph = self.graph.write();
        let twin = self.build_twin(&graph, id, None, body, Timestamp::from(self.clock.now()))?;
        graph.put_twin(twin);
        Ok(())
    }

    fn preset_relationship(
        &self,
        source: &str,
        name: &str,
        target: &str,
        mut properties: Value,
    ) -> Answer<()> {
        let new = NewRelationship {
            name: name.to_owned(),
            target: target.to_owned(),
            properties: properties.as_object_mut().map(std::mem::take).unwrap_or_default(),
        };
        let mut graph = self.graph.write();
        let (relationship, _) =
            self.build_relationship(&graph, source, &format!("{name}-{target}"), new, true)?;
        graph.put_relationship(relationship);
        Ok(())
    }
}

fn models() -> Vec<Value> {
    let model = |name: &str, base: Option<&str>, contents: Value| {
        let mut model = json!({
            "@id": format!("dtmi:example:building:{name};1"),
            "@type": "Interface",
            "@context": "dtmi:dtdl:context;3",
            "displayName": name,
            "contents": contents,
        });
        if let Some(base) = base {
            model["extends"] = format!("dtmi:example:building:{base};1").into();
        }
        model
    };
    let property = |name: &str, schema: &str| json!({"@type": "Property", "name": name, "schema": schema});
    let space = json!([
        property("name", "string"),
        {"@type": "Relationship", "name": "contains", "target": "dtmi:example:building:Space;1"},
    ]);
    let room = json!([
        property("area", "double"),
        property("occupied", "boolean"),
        {"@type": "Component", "name": "thermostat", "schema": "dtmi:example:building:Thermostat;1"},
        {"@type": "Relationship", "name": "adjacentTo", "target": "dtmi:example:building:Room;1",
            "properties": [property("door", "string")]},
    ]);
    let sensor = json!([
        property("temperature", "double"),
        property("battery", "integer"),
        {"@type": "Telemetry", "name": "motion", "schema": "boolean"},
        {"@type": "Relationship", "name": "observes", "target": "dtmi:example:building:Space;1"},
    ]);
    vec![
        model("Space", None, space),
        model("Building", Some("Space"), json!([])),
        model("Floor", Some("Space"), json!([property("level", "integer")])),
        model("Room", Some("Space"), room),
        model("Thermostat", None, json!([property("target", "double")])),
        model("Sensor", None, sensor),
    ]
}
