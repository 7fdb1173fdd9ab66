//! Changes the twins of a site with a job, polls it until it has ended, and prints the outcome on each device.
//!
//! ```sh
//! cargo run -p iothub-convenience --example scheduled_job
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod common;

use std::time::Duration;

use common::{Failure, Hub};
use futures::TryStreamExt;
use iothub_convenience::{DeviceJob, PollOptions, RegistryEntry, ScheduledJobRequest, TwinPatch};

fn id(number: usize) -> String {
    format!("night-{number}")
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete((0..5).map(id)).await?;
    let entries = (0..5)
        .map(|number| RegistryEntry::create(id(number)).with_twin(TwinPatch::new().set_tag("site", "oslo")));
    let report = hub.client.bulk_create_or_update_devices(entries, None).await?;
    println!("{} devices are registered", report.done().count());

    let job_id = format!("night-{}", azure_core::Uuid::new_v4());
    let patch = TwinPatch::new().set_desired("climate.target", 18);
    let request = ScheduledJobRequest::update_twin(&job_id, "tags.site = 'oslo'", patch);
    let options = PollOptions {
        interval: Some(Duration::from_secs(1)),
    };
    let job = hub
        .client
        .begin_scheduled_job(&request, Some(options))?
        .await?
        .into_model()?;
    println!("the job ended with the status {:?}", job.status);
    if let Some(statistics) = job.device_job_statistics {
        println!(
            "succeeded on {:?}, failed on {:?} devices",
            statistics.succeeded_count, statistics.failed_count
        );
    }

    let query = format!("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '{job_id}'");
    let mut jobs = hub.client.query_iot_hub::<DeviceJob>(query, None)?;
    while let Some(job) = jobs.try_next().await? {
        println!("{}: {:?}", job.device_id, job.status);
    }
    hub.delete((0..5).map(id)).await
}
