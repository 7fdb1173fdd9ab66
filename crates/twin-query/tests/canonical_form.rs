//! Each query prints in canonical form, which parses back to the same tree.

#![expect(clippy::expect_used, reason = "the helpers are called by tests only")]

use twin_query::{digitaltwins, iothub};

#[track_caller]
fn assert_digitaltwins(text: &str, canonical: &str) {
    let query = digitaltwins::parse(text).expect(text);
    assert_eq!(query.to_string(), canonical);
    assert_eq!(digitaltwins::parse(canonical).as_ref(), Ok(&query));
    query.validate().expect(text);
}

#[track_caller]
fn assert_iothub(text: &str, canonical: &str) {
    let query = iothub::parse(text).expect(text);
    assert_eq!(query.to_string(), canonical);
    assert_eq!(iothub::parse(canonical).as_ref(), Ok(&query));
    query.validate().expect(text);
}

#[test]
fn digitaltwins_select_clauses_print_in_canonical_form() {
    for canonical in [
        "SELECT * FROM DIGITALTWINS",
        "SELECT * FROM DIGITALTWINS T",
        "SELECT * FROM RELATIONSHIPS",
        "SELECT T FROM DIGITALTWINS T",
        "SELECT COUNT() FROM DIGITALTWINS",
        "SELECT COUNT() FROM RELATIONSHIPS R WHERE R.$sourceId = 'a'",
        "SELECT TOP(5) FROM DIGITALTWINS WHERE IS_DEFINED(temperature)",
        "SELECT TOP(5) T.a, T.b AS c FROM DIGITALTWINS T",
        "SELECT T.map.[[1st floor]], T.[[GROUP]] AS [[order]] FROM DIGITALTWINS T",
        "SELECT name, $metadata.$model FROM DIGITALTWINS",
        "SELECT R.$relationshipId, R.$targetId FROM RELATIONSHIPS R WHERE R.$relationshipName = 'contains'",
    ] {
        assert_digitaltwins(canonical, canonical);
    }
    assert_digitaltwins(
        "select top (5)  from\n\tdigitaltwins",
        "SELECT TOP(5) FROM DIGITALTWINS",
    );
    assert_digitaltwins(
        "SELECT [[name]] as n FROM DigitalTwins",
        "SELECT name AS n FROM DIGITALTWINS",
    );
}

#[test]
fn digitaltwins_conditions_print_in_canonical_form() {
    for condition in [
        "temp = 79",
        "T.name = 'Büro ☃'",
        r"T.name = 'D\'Souza'",
        r"T.path != 'C:\\data'",
        "NOT T.open = true AND T.a < -5 OR T.b >= 1.5",
        "(T.a = 1 OR T.b = 2) AND NOT (T.c = 3 AND T.d = null)",
        "T.a IN ['x', 'y'] OR T.b NIN [1, -2.5, true]",
        "5 < T.a",
        "IS_OF_MODEL('dtmi:example:Room;1')",
        "IS_OF_MODEL(T, 'dtmi:example:Room;1', exact)",
        "IS_NULL(T.a) OR IS_BOOL(T.a) OR IS_NUMBER(T.a) OR IS_STRING(T.a) OR IS_OBJECT(T.a) OR IS_PRIMITIVE(T.a)",
        "STARTSWITH(T.name, 'a') AND ENDSWITH(T.name, 'b') AND CONTAINS(T.name, 'c')",
        "ARRAY_CONTAINS(T.tags, 'x') AND ARRAY_CONTAINS(T.levels, 3)",
        "T.$metadata.temperature.lastUpdateTime > '2023-05-01T00:00:00Z'",
        "T.contains = 1 AND T.match = 2 AND T.join = 3",
    ] {
        let canonical = format!("SELECT * FROM DIGITALTWINS T WHERE {condition}");
        assert_digitaltwins(&canonical, &canonical);
    }
    assert_digitaltwins(
        "SELECT * FROM DIGITALTWINS WHERE is_of_model('dtmi:a;1',EXACT) and a.b<=007 or ((c nin['x']))",
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:a;1', exact) AND a.b <= 7 OR c NIN ['x']",
    );
}

#[test]
fn digitaltwins_join_and_match_clauses_print_in_canonical_form() {
    for canonical in [
        "SELECT Widget, Gadget FROM DIGITALTWINS Widget JOIN Gadget RELATED Widget.Contains WHERE Widget.$dtId = 'Twin-01'",
        "SELECT T, CT, R FROM DIGITALTWINS T JOIN CT RELATED T.contains R WHERE T.$dtId IN ['a', 'b']",
        "SELECT COUNT() FROM DIGITALTWINS A JOIN B RELATED A.has JOIN C RELATED B.has R WHERE C.$dtId = 'c' AND R.x = 1",
        "SELECT a FROM DIGITALTWINS MATCH (a) WHERE a.$dtId = 'x'",
        "SELECT a, c FROM DIGITALTWINS MATCH (a)-[]->()<-[:has]-(c) WHERE a.$dtId = 'x'",
        "SELECT b, r FROM DIGITALTWINS MATCH (a)-[r:contains|isPartOf]-(b) WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*3]->(b)-[*..4]-()<-[*2..5]-() WHERE a.$dtId = 'x'",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[ [[odd one]]:[[odd name]]]->(b) WHERE a.$dtId = 'x'",
        "SELECT T FROM DIGITALTWINS T MATCH (T)-[]->(b) WHERE b.$dtId = 'x'",
    ] {
        assert_digitaltwins(canonical, canonical);
    }
    assert_digitaltwins(
        "SELECT b FROM DIGITALTWINS match(a)-[r]->(b) WHERE 'x' = a.$dtId",
        "SELECT b FROM DIGITALTWINS MATCH (a)-[r]->(b) WHERE 'x' = a.$dtId",
    );
}

#[test]
fn iothub_select_clauses_print_in_canonical_form() {
    for canonical in [
        "SELECT * FROM devices",
        "SELECT * FROM devices.modules",
        "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j' AND devices.jobs.status = 'failed'",
        "SELECT TOP 10 deviceId FROM devices",
        "SELECT top, count FROM devices",
        "SELECT deviceId, tags.location.floor AS floor FROM devices",
        "SELECT COUNT() AS numberOfDevices FROM devices",
        "SELECT AVG(properties.reported.t) AS a, SUM(tags.x), MIN(tags.x), MAX(tags.x) AS m FROM devices",
        "SELECT properties.reported.status AS status, COUNT() AS n FROM devices GROUP BY properties.reported.status",
    ] {
        assert_iothub(canonical, canonical);
    }
    assert_iothub(
        "select devices.tags.x, count() as n from Devices group by tags.x",
        "SELECT devices.tags.x, COUNT() AS n FROM devices GROUP BY tags.x",
    );
    assert_iothub(
        "SELECT tags.[[group]] FROM devices",
        "SELECT tags.[[group]] FROM devices",
    );
}

#[test]
fn iothub_conditions_print_in_canonical_form() {
    for condition in [
        "tags.site = 'Zürich'",
        "devices.deviceId = 'a' AND NOT is_defined = 1",
        "properties.desired.$version = properties.reported.lastDesiredVersion",
        "configurations.[[c-12]].status = 'Applied'",
        "capabilities.iotEdge = true",
        "deviceId IN ['a', 'b'] OR tags.x NIN [1, undefined, null]",
        "IS_DEFINED(tags.x) AND STARTSWITH(devices.deviceId, 'x')",
        "ARRAY_CONTAINS(parentScopes, 'ms-azure-iot-edge://e-1')",
        "NOT (a = 1 OR b = 2) AND c = 3",
        "a + 1 * 2 - b / 3 % 4 = -5",
        "(a + 1) * (2 - b) - -1 > 0",
        "a - (b - c) = (a - b) - c",
        "(a = b) = (c AND d)",
        "a = [1, 'x', []]",
        "a = [ [1], [2]]",
        "SUBSTRING(UPPER(a), 0, 3) = CONCAT('A', 'B', c)",
        "a",
    ] {
        let canonical = format!("SELECT * FROM devices WHERE {condition}");
        assert_iothub(&canonical, &canonical);
    }
    assert_iothub(
        r#"SELECT * FROM devices WHERE a <> "it's" and b = "\u00e9\uD83D\uDE00\"" or startswith(c, 'x') and d=0x1F"#,
        r#"SELECT * FROM devices WHERE a != 'it\'s' AND b = 'é😀"' OR STARTSWITH(c, 'x') AND d = 31"#,
    );
}

#[test]
fn iothub_target_conditions_print_in_canonical_form() {
    for (text, canonical) in [
        ("", ""),
        ("*", "*"),
        ("tags.floor=3", "tags.floor = 3"),
        (
            "from devices.modules where moduleId = 'm'",
            "FROM devices.modules WHERE moduleId = 'm'",
        ),
    ] {
        assert_eq!(
            iothub::parse_target_condition(text).unwrap().to_string(),
            canonical
        );
    }
    assert!(iothub::parse_target_condition("tags.floor=").is_err());
    assert!(iothub::parse_target_condition("FROM devices WHERE a = 1").is_err());
}
