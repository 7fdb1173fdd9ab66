//! Methods for scheduled jobs.

use azure_core::http::Response;
use azure_service_core::PollOptions;

use crate::client::IotHubRegistryManager;
use crate::devices::count_parameter;
use crate::error::Result;
use crate::jobs::kind::{JobStatus, JobType};
use crate::jobs::scheduled::{ScheduledJob, ScheduledJobRequest, check_job_id};
use crate::{Pager, Poller};

/// Options of [`IotHubRegistryManager::query_scheduled_jobs`].
#[derive(Debug, Clone, Default)]
pub struct QueryScheduledJobsOptions {
    /// The kind of the jobs to list. Default: all kinds.
    pub job_type: Option<JobType>,
    /// The state of the jobs to list. Default: all states.
    pub job_status: Option<JobStatus>,
    /// The maximum number of jobs per page.
    pub page_size: Option<u32>,
    /// The `continuation_token` of an earlier pager, to resume it.
    pub continuation_token: Option<String>,
}

/// Jobs that change twins or call methods on many devices.
impl IotHubRegistryManager {
    /// Schedules a job.
    ///
    /// REST: `PUT /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_already_exists`](crate::Error::is_already_exists) if a job with this id exists;
    /// [`is_throttled`](crate::Error::is_throttled) if too many jobs are running.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{DirectMethod, ScheduledJobRequest};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let method = DirectMethod::new("reboot");
    /// let request = ScheduledJobRequest::device_method("reboot-oslo", "tags.site = 'oslo'", method);
    /// let job = hub.create_scheduled_job(&request).await?.into_model()?;
    /// println!("{:?}", job.status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_scheduled_job(&self, job: &ScheduledJobRequest) -> Result<Response<ScheduledJob>> {
        let body = &job.to_body()?;
        let api = self.core.protocol();
        let request = api.jobs_create_scheduled_job_request(job.job_id(), body);
        Ok(self.core.call("create_scheduled_job").send(request).await?)
    }

    /// Schedules a job. Await the poller to wait until the job has ended.
    ///
    /// A completed job may have failed on some devices: see
    /// [`device_job_statistics`](ScheduledJob::device_job_statistics), and query `devices.jobs` for the outcome on each
    /// device.
    ///
    /// REST: `PUT /jobs/v2/{id}`, then `GET /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// Fails at once if `job` is invalid. The poller yields the errors of
    /// [`create_scheduled_job`](Self::create_scheduled_job); it ends with an error of kind
    /// [`JobFailed`](crate::ErrorKind::JobFailed) if the job failed or was canceled.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{PollOptions, ScheduledJobRequest, TwinPatch};
    /// use std::time::Duration;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let patch = TwinPatch::new().set_desired("climate.target", 18);
    /// let request = ScheduledJobRequest::update_twin("night", "tags.site = 'oslo'", patch);
    /// let options = PollOptions { interval: Some(Duration::from_secs(1)) };
    /// let job = hub.begin_scheduled_job(&request, Some(options))?.await?.into_model()?;
    /// println!("{:?}", job.device_job_statistics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn begin_scheduled_job(
        &self,
        job: &ScheduledJobRequest,
        options: Option<PollOptions>,
    ) -> Result<Poller<ScheduledJob>> {
        let (id, body) = (job.job_id(), &job.to_body()?);
        let api = self.core.protocol();
        let start = api.jobs_create_scheduled_job_request(id, body);
        let get = api.jobs_get_scheduled_job_request(id);
        let interval = options.unwrap_or_default().interval;
        self.core.call("begin_scheduled_job").job(start, get, interval)
    }

    /// Polls a scheduled job. Await the poller to wait until the job has ended.
    ///
    /// The service returns the status `unknown` for a job that does not exist. After three such responses in a row the
    /// poller ends with an error of kind [`JobFailed`](crate::ErrorKind::JobFailed).
    ///
    /// REST: `GET /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// Fails at once if `job_id` is invalid. The poller yields all other errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let job = hub.watch_scheduled_job("reboot-oslo", None)?.await?.into_model()?;
    /// println!("{:?}", job.device_job_statistics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_scheduled_job(
        &self,
        job_id: &str,
        options: Option<PollOptions>,
    ) -> Result<Poller<ScheduledJob>> {
        check_job_id(job_id)?;
        let request = self.core.protocol().jobs_get_scheduled_job_request(job_id);
        let interval = options.unwrap_or_default().interval;
        self.core.call("watch_scheduled_job").watch_job(request, interval)
    }

    /// Reads a scheduled job.
    ///
    /// For a job that does not exist, the service returns a document with type [`JobType::NotKnown`] and status
    /// [`JobStatus::NotKnown`].
    ///
    /// REST: `GET /jobs/v2/{id}`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let job = hub.get_scheduled_job("reboot-oslo").await?.into_model()?;
    /// println!("{:?}", job.status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_scheduled_job(&self, job_id: &str) -> Result<Response<ScheduledJob>> {
        check_job_id(job_id)?;
        let request = self.core.protocol().jobs_get_scheduled_job_request(job_id);
        Ok(self.core.call("get_scheduled_job").send(request).await?)
    }

    /// Cancels a scheduled job that has not started.
    ///
    /// REST: `POST /jobs/v2/{id}/cancel`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist; status 405 if it is running or has
    /// ended.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use iothub_convenience::{DateTime, DirectMethod, ScheduledJobRequest};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let night: DateTime = "2030-01-01T02:00:00Z".parse()?;
    /// let job = ScheduledJobRequest::device_method("reboot-all", "*", DirectMethod::new("reboot"))
    ///     .with_start_time(night);
    /// hub.create_scheduled_job(&job).await?;
    /// hub.cancel_scheduled_job("reboot-all").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel_scheduled_job(&self, job_id: &str) -> Result<Response<ScheduledJob>> {
        check_job_id(job_id)?;
        let request = self.core.protocol().jobs_cancel_scheduled_job_request(job_id);
        Ok(self.core.call("cancel_scheduled_job").send(request).await?)
    }

    /// Lists scheduled jobs.
    ///
    /// REST: `GET /jobs/v2/query`, once per page.
    ///
    /// # Errors
    ///
    /// Fails at once if the page size is 0 or the continuation token is invalid. The pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use iothub_convenience::{JobStatus, QueryScheduledJobsOptions};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&[]).await?;
    /// let options = QueryScheduledJobsOptions { job_status: Some(JobStatus::Running), ..Default::default() };
    /// let mut jobs = hub.query_scheduled_jobs(Some(options))?;
    /// while let Some(job) = jobs.try_next().await? {
    ///     println!("{}", job.job_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_scheduled_jobs(
        &self,
        options: Option<QueryScheduledJobsOptions>,
    ) -> Result<Pager<ScheduledJob>> {
        let options = options.unwrap_or_default();
        let status = options.job_status.as_ref().map(JobStatus::as_str);
        let kind = options.job_type.as_ref().map(JobType::as_str);
        let count = count_parameter("page_size", options.page_size)?.map(|count| count.to_string());
        let request =
            self.core
                .protocol()
                .jobs_query_scheduled_jobs_request(status, kind, None, count.as_deref());
        let call = self.core.call("query_scheduled_jobs");
        call.list(request, options.continuation_token)
    }
}
