//! Runs every scenario on the embedded emulator, and checks that scenarios call every public method of the clients.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use integration_tests::environment::Environment;
use integration_tests::scenarios::{Client, Outcome, SCENARIOS, Scenario};

async fn run(noun: &str, name: &str) {
    let is_wanted = |scenario: &&Scenario| scenario.noun == noun && scenario.name == name;
    let scenario = SCENARIOS.iter().find(is_wanted).expect("the table has it");
    let environment = Environment::emulated().await.expect("an environment");
    match scenario.run(&environment).await {
        Outcome::Passed => {}
        outcome => panic!("{outcome:?}"),
    }
}

/// One test per scenario, with its name.
macro_rules! tests {
    ($($client:ident $noun:ident::$name:ident $(needs $need:ident)? [$($method:ident),* $(,)?];)*) => {
        $(#[tokio::test]
        async fn $name() {
            run(stringify!($noun), stringify!($name)).await;
        })*
    };
}

integration_tests::for_each_scenario!(tests);

#[test]
fn every_public_method_is_called_by_a_scenario() {
    for client in Client::ALL {
        let public = client.public_methods().expect("the methods");
        assert!(public.len() > 5, "{client:?}: {public:?}");
        let scenarios = SCENARIOS.iter().filter(|scenario| scenario.client == client);
        let called: BTreeSet<_> = scenarios.flat_map(|scenario| scenario.methods).copied().collect();
        let missing: Vec<_> = public
            .iter()
            .filter(|name| !called.contains(name.as_str()))
            .collect();
        assert!(
            missing.is_empty(),
            "{}: no scenario calls {missing:?}; add one in tests/src/scenarios/<noun>.rs and its line in table.rs",
            client.type_name()
        );
    }
}

#[test]
fn the_table_lists_what_the_source_calls() {
    for client in Client::ALL {
        let public = client.public_methods().expect("the methods");
        let scenarios: Vec<_> = SCENARIOS
            .iter()
            .filter(|scenario| scenario.client == client)
            .collect();
        let nouns: BTreeSet<_> = scenarios.iter().map(|scenario| scenario.noun).collect();
        for noun in nouns {
            let calls = client.calls_in(noun).expect("the source");
            let called: BTreeSet<_> = calls.intersection(&public).map(String::as_str).collect();
            let of_noun = scenarios.iter().filter(|scenario| scenario.noun == noun);
            let listed: BTreeSet<_> = of_noun.flat_map(|scenario| scenario.methods).copied().collect();
            assert_eq!(called, listed, "{noun}: source on the left, table on the right");
        }
    }
}

#[test]
fn only_method_calls_and_functions_of_the_client_are_calls() {
    let source =
        "async fn a() { hub.one().await; macro_of!(hub.two::<T>(x)); IotHubRegistryManager::three(y);
        Other::four(); let five = hub.field; six(); // hub.seven()
    }";
    let calls = Client::Hub.calls(source.parse().expect("tokens"));
    assert_eq!(
        calls.iter().map(String::as_str).collect::<Vec<_>>(),
        ["one", "three", "two"]
    );
}
