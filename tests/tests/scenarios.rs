//! Every scenario, on the embedded emulator or on the services that the environment names.

use integration_tests::environment::Environment;
use integration_tests::scenarios;

/// One test per scenario, named like it.
macro_rules! scenarios {
    ($($noun:ident::$name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let environment = Environment::from_variables().await.expect("an environment");
            scenarios::$noun::$name(&environment).await.expect(stringify!($noun));
        }
    )*};
}

scenarios! {
    devices::life_of_a_device,
    devices::ids_that_mean_something_else,
    twins::patches_merge,
    twins::impossible_patches,
    queries::devices_by_tags,
    queries::digital_twins_by_properties,
    models::uploads,
    digital_twins::life_of_a_twin,
    relationships::pages,
}
