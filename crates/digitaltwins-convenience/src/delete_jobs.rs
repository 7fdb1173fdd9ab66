//! Delete jobs, which empty the instance.

use std::time::Duration;

use azure_core::http::Response;
use azure_service_core::{Error as CoreError, PollOptions};

use crate::client::{Built, first_page};
use crate::error::Result;
use crate::{DeleteJob, DigitalTwinsClient, Pager, Poller};

/// Options of [`DigitalTwinsClient::create_delete_job`].
#[derive(Debug, Clone, Default)]
pub struct CreateDeleteJobOptions {
    /// The id of the job. Default: assigned by the service.
    pub operation_id: Option<String>,
    /// The maximum run time of the job, rounded up to minutes. The service accepts 15 minutes to 24 hours. Default: 12
    /// hours.
    pub timeout: Option<Duration>,
}

/// Options of [`DigitalTwinsClient::begin_delete_job`].
#[derive(Debug, Clone, Default)]
pub struct BeginDeleteJobOptions {
    /// The id of the job. Default: assigned by the service.
    pub operation_id: Option<String>,
    /// The maximum run time of the job, rounded up to minutes. The service accepts 15 minutes to 24 hours. Default: 12
    /// hours.
    pub timeout: Option<Duration>,
    /// The interval between polls, unless the service sends `Retry-After`. Default: 30 seconds; at least one second.
    pub interval: Option<Duration>,
}

/// Options of [`DigitalTwinsClient::list_delete_jobs`].
#[derive(Debug, Clone, Default)]
pub struct ListDeleteJobsOptions {
    /// The maximum number of jobs per page.
    pub page_size: Option<u32>,
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Delete jobs.
impl DigitalTwinsClient {
    /// Creates a job that deletes **all models, twins and relationships** of the instance. Event routes are kept.
    /// (`POST /jobs/deletions`)
    ///
    /// To wait for the job, see [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// [`is_limit_reached`](crate::Error::is_limit_reached) if another job is running,
    /// [`is_already_exists`](crate::Error::is_already_exists) if a job with this id exists, or
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the timeout is out of range.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let job = client.create_delete_job(None).await?.into_model()?;
    /// println!("{:?} is {:?}", job.id, job.status);
    /// # Ok(()) }
    /// ```
    pub async fn create_delete_job(
        &self,
        options: Option<CreateDeleteJobOptions>,
    ) -> Result<Response<DeleteJob>> {
        let CreateDeleteJobOptions {
            operation_id,
            timeout,
        } = options.unwrap_or_default();
        let request = self.start_request(operation_id.as_deref(), timeout);
        Ok(self.core.call("create_delete_job").send(request).await?)
    }

    /// Creates a job that deletes **all models, twins and relationships** of the instance, and polls it until it
    /// ends.
    ///
    /// Awaiting the poller returns the finished job; as a stream it yields the job after each poll. A failed job is an
    /// error of kind [`JobFailed`](crate::ErrorKind::JobFailed).
    ///
    /// # Errors
    ///
    /// Fails at once if an argument is invalid. The poller yields all other errors, including those of
    /// [`create_delete_job`](Self::create_delete_job).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let job = client.begin_delete_job(None)?.await?.into_model()?;
    /// println!("finished at {:?}", job.finished_date_time);
    /// # Ok(()) }
    /// ```
    pub fn begin_delete_job(&self, options: Option<BeginDeleteJobOptions>) -> Result<Poller<DeleteJob>> {
        let BeginDeleteJobOptions {
            operation_id,
            timeout,
            interval,
        } = options.unwrap_or_default();
        let id = operation_id.as_deref();
        let start = self.start_request(id, timeout);
        // The job is polled at its `Operation-Location`. If the response lacks that header and the caller gave no id,
        // the poller uses this id and fails with 404.
        let id = id.unwrap_or("operation-location-is-missing");
        let get = self.api().delete_jobs_get_by_id_request(id, None, None);
        self.core.call("begin_delete_job").job(start, get, interval)
    }

    /// Polls an existing delete job until it ends. See [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// Fails at once if `id` is invalid. The poller yields all other errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let job = client.watch_delete_job("cleanup-1", None)?.await?.into_model()?;
    /// # Ok(()) }
    /// ```
    pub fn watch_delete_job(&self, id: &str, options: Option<PollOptions>) -> Result<Poller<DeleteJob>> {
        let request = self.api().delete_jobs_get_by_id_request(id, None, None);
        let interval = options.unwrap_or_default().interval;
        self.core.call("watch_delete_job").watch_job(request, interval)
    }

    /// Reads a delete job. (`GET /jobs/deletions/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the job does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let job = client.get_delete_job("cleanup-1").await?.into_model()?;
    /// println!("{:?}", job.status);
    /// # Ok(()) }
    /// ```
    pub async fn get_delete_job(&self, id: &str) -> Result<Response<DeleteJob>> {
        let request = self.api().delete_jobs_get_by_id_request(id, None, None);
        Ok(self.core.call("get_delete_job").send(request).await?)
    }

    /// Lists the delete jobs. (`GET /jobs/deletions`)
    ///
    /// # Errors
    ///
    /// Fails at once if the page size is 0 or the continuation token is from another list. The pager yields all other
    /// errors.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use futures::TryStreamExt;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let jobs: Vec<_> = client.list_delete_jobs(None)?.try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn list_delete_jobs(&self, options: Option<ListDeleteJobsOptions>) -> Result<Pager<DeleteJob>> {
        let ListDeleteJobsOptions {
            page_size,
            continuation_token,
        } = options.unwrap_or_default();
        let request = first_page(page_size, |size| {
            Ok(self.api().delete_jobs_list_request(size, None, None)?)
        });
        self.core
            .call("list_delete_jobs")
            .list(request, continuation_token)
    }

    fn start_request(
        &self,
        id: Option<&str>,
        timeout: Option<Duration>,
    ) -> Built<digitaltwins_protocol::types::DeleteJob> {
        let minutes = timeout.map(minutes).transpose()?;
        Ok(self.api().delete_jobs_add_request(minutes, id, None, None)?)
    }
}

/// Returns the timeout in minutes, rounded up.
fn minutes(timeout: Duration) -> Result<i32, CoreError> {
    let minutes = timeout.as_millis().div_ceil(60_000);
    i32::try_from(minutes)
        .ok()
        .filter(|minutes| (15..=24 * 60).contains(minutes))
        .ok_or_else(|| {
            let reason = format!("must be 15 minutes to 24 hours, not {minutes} minutes");
            CoreError::invalid_input("timeout", reason)
        })
}
