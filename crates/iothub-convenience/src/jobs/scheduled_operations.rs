//! Scheduled jobs.

use azure_core::http::pager::PagerOptions;
use azure_core::http::poller::PollerOptions;
use azure_core::http::{Pager, Poller, Response};
use azure_service_core::{ItemPage, Job};

use super::kind::{JobStatus, JobType};
use super::scheduled::{ScheduledJob, ScheduledJobRequest};
use crate::client::{IotHubRegistryManager, plain, retype};
use crate::error::Result;

/// Which scheduled jobs to list, and how.
#[derive(Debug, Clone, Default)]
pub struct ScheduledJobQueryOptions {
    /// Only jobs that do this.
    pub job_type: Option<JobType>,
    /// Only jobs that are so far.
    pub job_status: Option<JobStatus>,
    /// How many jobs a page may have.
    pub max_item_count: Option<u32>,
    /// Where to begin, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

/// Jobs that change twins or call methods on many devices.
impl IotHubRegistryManager {
    /// Schedules a job.
    ///
    /// REST: `PUT /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_conflict`](crate::Error::is_conflict) if there is a job with this id;
    /// [`is_throttled`](crate::Error::is_throttled) if the hub runs as many jobs as it can.
    pub async fn create_scheduled_job(&self, job: &ScheduledJobRequest) -> Result<Response<ScheduledJob>> {
        let (job_id, body) = (job.job_id(), &job.to_body()?);
        let request = self.api().jobs_create_scheduled_job_request(job_id, body);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Schedules a job, to be watched to its end by awaiting the poller.
    ///
    /// A job that has come to its end may have failed on some devices: see
    /// [`device_job_statistics`](ScheduledJob::device_job_statistics), and query `devices.jobs` for each of them.
    ///
    /// REST: `PUT /jobs/v2/{id}`, then `GET /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// As [`create_scheduled_job`](Self::create_scheduled_job). The poller ends with an error of kind
    /// [`JobFailed`](crate::ErrorKind::JobFailed) if the job failed or was cancelled.
    ///
    /// # Example
    ///
    /// ```
    /// use azure_core::http::poller::PollerOptions;
    /// use azure_core::time::Duration;
    /// use iothub_convenience::{ScheduledJobRequest, TwinPatch};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let patch = TwinPatch::new().set_desired("climate.target", 18);
    /// let request = ScheduledJobRequest::update_twin("night", "tags.site = 'oslo'", patch);
    /// let options = PollerOptions { frequency: Duration::seconds(1), ..Default::default() };
    /// let job = hub.begin_scheduled_job(&request, Some(options)).await?.await?.into_model()?;
    /// println!("{:?}", job.device_job_statistics);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin_scheduled_job(
        &self,
        job: &ScheduledJobRequest,
        options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<ScheduledJob>>> {
        self.create_scheduled_job(job).await?;
        Ok(self.watch_scheduled_job(job.job_id(), options))
    }

    /// Watches a scheduled job that exists, by awaiting the poller.
    ///
    /// For a job that does not exist the service answers that its status is unknown. After three such answers in a row
    /// the poller ends with an error of kind [`JobFailed`](crate::ErrorKind::JobFailed).
    ///
    /// REST: `GET /jobs/v2/{id}`.
    pub fn watch_scheduled_job(
        &self,
        job_id: &str,
        options: Option<PollerOptions<'static>>,
    ) -> Poller<Job<ScheduledJob>> {
        let request = self.api().jobs_get_scheduled_job_request(job_id);
        self.core.watch_job(request, options)
    }

    /// Reads a scheduled job.
    ///
    /// For a job that does not exist the service answers one of type [`JobType::NotKnown`] and status
    /// [`JobStatus::NotKnown`].
    ///
    /// REST: `GET /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_scheduled_job(&self, job_id: &str) -> Result<Response<ScheduledJob>> {
        let request = self.api().jobs_get_scheduled_job_request(job_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Cancels a scheduled job that has not begun.
    ///
    /// REST: `POST /jobs/v2/{id}/cancel`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is none; status 405 if it runs or has ended.
    pub async fn cancel_scheduled_job(&self, job_id: &str) -> Result<Response<ScheduledJob>> {
        let request = self.api().jobs_cancel_scheduled_job_request(job_id);
        Ok(retype(self.core.send(request, plain()).await?))
    }

    /// Lists scheduled jobs.
    ///
    /// REST: `GET /jobs/v2/query`, once per page.
    ///
    /// # Errors
    ///
    /// The pager yields azure_core's errors; [`Error::from`](crate::Error) turns them into ours.
    pub fn query_scheduled_jobs(
        &self,
        options: Option<ScheduledJobQueryOptions>,
    ) -> Pager<ItemPage<ScheduledJob>> {
        let options = options.unwrap_or_default();
        let status = options.job_status.as_ref().map(JobStatus::as_str);
        let kind = options.job_type.as_ref().map(JobType::as_str);
        let count = options.max_item_count.map(|count| count.to_string());
        let request = self
            .api()
            .jobs_query_scheduled_jobs_request(status, kind, None, count.as_deref());
        self.core.list(request, Some(options.method_options))
    }
}
