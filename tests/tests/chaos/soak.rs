//! The short form of the soak test with faults.

use std::time::Duration;

use integration_tests::fault_soak;

#[tokio::test(flavor = "multi_thread")]
async fn results_under_faults_agree_with_the_model() {
    let summary = fault_soak::run(Duration::from_secs(3), fastrand::u64(..)).await;
    // The summary has the seed.
    summary.map(drop).expect("a result contradicts the model");
}
