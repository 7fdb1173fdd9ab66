//! All scenarios, against the embedded emulator or the services that environment variables name.

use integration_tests::environment::Environment;
use integration_tests::scenarios;

/// Defines one test per scenario, with its name.
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
    devices::device_lifecycle,
    devices::ids_that_change_the_path_are_refused,
    twins::twin_patches_are_merged,
    twins::invalid_patches_are_refused,
    queries::devices_by_tags,
    queries::digital_twins_by_properties,
    models::uploads_are_atomic,
    digital_twins::digital_twin_lifecycle,
    relationships::relationships_are_paged,
}
