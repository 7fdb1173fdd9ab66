//! Generated Interfaces, for limits that only large models reach.

/// Returns an Interface with the additional `members`, a string that starts with a comma.
pub(crate) fn interface(version: u8, name: &str, members: &str) -> String {
    format!(
        r#"{{"@context": "dtmi:dtdl:context;{version}", "@id": "dtmi:com:example:{name};1", "@type": "Interface"{members}}}"#
    )
}

/// Returns Interfaces that each extend the next.
pub(crate) fn chain(version: u8, length: usize) -> Vec<String> {
    let link = |number: usize| {
        if number + 1 == length {
            interface(version, &format!("Link{number}"), "")
        } else {
            let next = format!(r#", "extends": "dtmi:com:example:Link{};1""#, number + 1);
            interface(version, &format!("Link{number}"), &next)
        }
    };
    (0..length).map(link).collect()
}

/// Returns an Interface that extends `count` others, followed by the others.
pub(crate) fn fan(version: u8, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count)
        .map(|n| format!(r#""dtmi:com:example:Base{n};1""#))
        .collect();
    let top = interface(version, "Top", &format!(r#", "extends": [{}]"#, ids.join(",")));
    let bases = (0..count).map(|n| interface(version, &format!("Base{n}"), ""));
    std::iter::once(top).chain(bases).collect()
}

/// Returns an Interface of more than 1 MiB.
pub(crate) fn oversized(version: u8) -> String {
    let comment = "x".repeat(480);
    let contents: Vec<String> = (0..2200)
        .map(|n| {
            format!(r#"{{"@type": "Telemetry", "name": "t{n}", "comment": "{comment}", "schema": "double"}}"#)
        })
        .collect();
    interface(
        version,
        "Pump",
        &format!(r#", "contents": [{}]"#, contents.join(",")),
    )
}
