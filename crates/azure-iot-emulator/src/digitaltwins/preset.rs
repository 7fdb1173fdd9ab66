//! The demo building with floors, rooms and sensors.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::digitaltwins::DigitalTwins;
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::relationship_check::{self, NewRelationship};
use crate::digitaltwins::rules::{model_check, twin_check};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::error::PresetError;

const FLOORS: u32 = 3;
const ROOMS_PER_FLOOR: u32 = 4;

impl DigitalTwins {
    pub(crate) fn is_empty(&self) -> bool {
        let mut session = self.instance.session();
        let graph = session.graph.read();
        graph.models().len() == 0 && graph.twin_count() == 0
    }

    /// Adds a building of three floors with four rooms each, and a sensor in every room: models
    /// `dtmi:example:building:*;1`, twins `building`, `floor-1`, `room-1-1`, `sensor-1-1` and so on, with the
    /// relationships `contains` from the building to its floors and from these to their rooms, `adjacentTo` from room
    /// to room (with the property `door`), and `observes` from a sensor to its room. The change is atomic.
    ///
    /// # Errors
    /// If a part of the building exists already, or a limit would be exceeded. Nothing is added then.
    pub fn load_building(&self) -> Result<(), PresetError> {
        load_building(&self.instance).map_err(|error| PresetError::Building {
            reason: error.to_string(),
        })
    }
}

fn load_building(instance: &Instance) -> ServiceResult<()> {
    let now = instance.now();
    // Built in a second graph, so that neither readers nor the journal see a part of it.
    let mut building = Building {
        limits: &instance.limits,
        now,
        graph: Graph::default(),
    };
    building.build()?;
    let building = building.graph;
    let mut session = instance.session();
    let mut change = session.graph.change_models();
    let mut graph = change.write();
    check_room(&building, &graph, &instance.limits)?;
    let models = building.models().uploaded_since(0);
    let models = models.map(|model| (Arc::clone(&model.document), Arc::clone(&model.interface)));
    graph.add_models(models, now);
    graph.copy_twins_and_relationships(&building);
    Ok(())
}

/// Returns an error if a part of the building exists in the graph, or if adding the building would exceed a limit.
fn check_room(building: &Graph, graph: &Graph, limits: &Limits) -> ServiceResult<()> {
    let models: Vec<&str> = building.models().ids().map(|id| &**id).collect();
    model_check::check_new(graph.models(), limits, models.into_iter())?;
    let mut twins = (0..building.twin_end()).filter_map(|slot| building.twin(slot));
    if let Some(twin) = twins.find(|twin| graph.find(&twin.id).is_some()) {
        return Err(errors::twin_exists(&twin.id));
    }
    if graph.twin_count() + building.twin_count() > limits.twins {
        return Err(errors::twin_limit_reached(limits.twins));
    }
    if graph.relationship_count() + building.relationship_count() > limits.relationships {
        return Err(errors::relationship_limit_reached(
            "instance",
            limits.relationships,
        ));
    }
    Ok(())
}

/// The building in progress.
struct Building<'a> {
    limits: &'a Limits,
    now: Timestamp,
    graph: Graph,
}

impl Building<'_> {
    fn build(&mut self) -> ServiceResult<()> {
        let documents = models();
        let interfaces = model_check::check(&documents, self.limits, &|_| None)?;
        let documents = documents.into_iter().map(Arc::new);
        let models = documents.zip(interfaces.into_iter().map(Arc::new));
        self.graph.add_models(models, self.now);
        self.twin("building", "Building", json!({"name": "Head office"}))?;
        for floor in 1..=FLOORS {
            let floor_id = format!("floor-{floor}");
            let properties = json!({"name": format!("Floor {floor}"), "level": floor});
            self.twin(&floor_id, "Floor", properties)?;
            self.relationship("building", "contains", &floor_id, Map::new())?;
            for room in 1..=ROOMS_PER_FLOOR {
                self.room(floor, room)?;
            }
        }
        Ok(())
    }

    fn room(&mut self, floor: u32, room: u32) -> ServiceResult<()> {
        let room_id = format!("room-{floor}-{room}");
        let properties = json!({
            "name": format!("Room {floor}.{room:02}"),
            "area": 15 + 5 * room,
            "occupied": (floor + room).is_multiple_of(2),
            "thermostat": {"target": 21, "$metadata": {}},
        });
        self.twin(&room_id, "Room", properties)?;
        self.relationship(&format!("floor-{floor}"), "contains", &room_id, Map::new())?;
        if room > 1 {
            let neighbor = format!("room-{floor}-{}", room - 1);
            let door = if room.is_multiple_of(2) { "open" } else { "locked" };
            let properties = Map::from_iter([("door".to_owned(), door.into())]);
            self.relationship(&room_id, "adjacentTo", &neighbor, properties)?;
        }
        let sensor_id = format!("sensor-{floor}-{room}");
        let properties = json!({"temperature": 20.5 + f64::from(room) / 4.0, "battery": 100 - 10 * floor});
        self.twin(&sensor_id, "Sensor", properties)?;
        self.relationship(&sensor_id, "observes", &room_id, Map::new())
    }

    fn twin(&mut self, id: &str, model: &str, properties: Value) -> ServiceResult<()> {
        let Value::Object(mut body) = properties else {
            return Err(errors::invalid_payload());
        };
        let metadata = json!({"$model": format!("dtmi:example:building:{model};1")});
        body.insert("$metadata".to_owned(), metadata);
        let twin = twin_check::build_whole(&self.graph, self.limits, id, None, body, self.now)?;
        self.graph.put_twin(twin);
        Ok(())
    }

    fn relationship(
        &mut self,
        source: &str,
        name: &str,
        target: &str,
        properties: Map<String, Value>,
    ) -> ServiceResult<()> {
        let new = NewRelationship {
            name: name.to_owned(),
            target: target.to_owned(),
            properties,
            ignores_case: false,
        };
        let id = format!("{name}-{target}");
        let (relationship, _) = relationship_check::build(&self.graph, self.limits, source, &id, new, true)?;
        self.graph.put_relationship(relationship);
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
