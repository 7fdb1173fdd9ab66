//! The query lag: queries see changes after a delay, reads by id see them immediately.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{Instance, building};

const FLOORS: &str = "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Floor;1')";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// ADT-QUERY-8.
#[test]
fn queries_see_changes_after_the_lag() {
    let instance = Instance::with_building();
    instance.service.set_query_lag(seconds(7));
    assert_eq!(
        instance.ids(FLOORS),
        ["floor-1", "floor-2"],
        "earlier changes are visible"
    );
    let named = |name: &str| instance.ids(&format!("SELECT * FROM DIGITALTWINS WHERE name = '{name}'"));
    let related = || {
        instance
            .query("SELECT * FROM RELATIONSHIPS WHERE $sourceId = 'floor-1'")
            .len()
    };
    assert_eq!((named("ground").len(), related()), (1, 2));

    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({"name": "second"}));
    instance.put_twin("floor-1", "dtmi:test:Floor;1", json!({"name": "low"}));
    instance.delete("/digitaltwins/floor-2").ok();
    instance.relate("floor-1", "r3", "contains", "floor-3");
    instance.delete("/digitaltwins/floor-1/relationships/r1").ok();
    instance.delete("/digitaltwins/floor-1/relationships/r2").ok();
    instance.clock.advance(seconds(6));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2"]);
    assert_eq!((named("ground").len(), named("low").len(), related()), (1, 0, 2));
    assert_eq!(instance.get("/digitaltwins/floor-3").status, 200);
    instance.clock.advance(seconds(1));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-3"]);
    assert_eq!((named("ground").len(), named("low").len(), related()), (0, 1, 1));

    instance.delete("/digitaltwins/floor-1/relationships/r3").ok();
    instance.delete("/digitaltwins/floor-3").ok();
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-3"]);
    instance.service.set_query_lag(Duration::ZERO);
    assert_eq!(instance.ids(FLOORS), ["floor-1"], "the lag is off");
}

/// ADT-QUERY-8.
#[test]
fn models_lag_and_a_loaded_state_is_visible_at_once() {
    let instance = Instance::with_building();
    instance.service.set_query_lag(seconds(7));
    instance.delete("/models/dtmi:test:Floor;1").ok();
    let spaces = "SELECT COUNT() FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Space;1')";
    assert_eq!(instance.query(spaces), [json!({"COUNT": 4})]);
    instance.clock.advance(seconds(7));
    assert_eq!(instance.query(spaces), [json!({"COUNT": 2})]);
    instance.service.load(&json!({})).expect("a state");
    assert_eq!(instance.query(spaces), [json!({"COUNT": 0})]);
    // Changes after the load become visible only after the lag.
    instance.post("/models", &building()).ok();
    instance.put_twin("floor-1", "dtmi:test:Floor;1", json!({}));
    assert_eq!(instance.query(spaces), [json!({"COUNT": 0})]);
    instance.clock.advance(seconds(7));
    assert_eq!(instance.query(spaces), [json!({"COUNT": 1})]);
}

/// The lag elapses as the clock moves forward; setting the clock back does not undo that.
#[test]
fn setting_the_clock_back_does_not_extend_the_lag() {
    let instance = Instance::with_building();
    instance.service.set_query_lag(seconds(7));
    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({}));
    instance.clock.advance(seconds(3));
    instance
        .clock
        .set(instance.clock.now() - Duration::from_secs(86_400));
    instance.put_twin("floor-4", "dtmi:test:Floor;1", json!({}));
    instance.clock.advance(seconds(3));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2"]);
    instance.clock.advance(seconds(1));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2", "floor-3"]);
    instance.clock.advance(seconds(3));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2", "floor-3", "floor-4"]);
}

/// A clock at the end of its range cannot advance, so the lag does not elapse until the clock is
/// set back.
#[test]
fn lag_at_the_end_of_the_clocks_range_elapses_after_setting_it_back() {
    let instance = Instance::with_building();
    instance.clock.advance(Duration::MAX);
    instance.service.set_query_lag(seconds(7));
    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({}));
    instance.clock.advance(seconds(7));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2"]);
    instance
        .clock
        .set(instance.clock.now() - Duration::from_secs(86_400));
    instance.clock.advance(seconds(7));
    assert_eq!(instance.ids(FLOORS), ["floor-1", "floor-2", "floor-3"]);
}
