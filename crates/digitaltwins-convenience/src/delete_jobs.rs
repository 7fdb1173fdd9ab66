//! Jobs that empty the instance.

use std::time::Duration;

use azure_core::http::pager::PagerOptions;
use azure_core::http::poller::PollerOptions;
use azure_core::http::{Pager, Poller, Response};
use azure_service_core::{ItemPage, Job};

use crate::client::{check_id, page_size, retype};
use crate::error::{Error, Result};
use crate::{DeleteJob, DigitalTwinsClient};

/// Options of [`DigitalTwinsClient::create_delete_job`].
#[derive(Debug, Clone, Default)]
pub struct CreateDeleteJobOptions {
    /// The id of the job; one of the service's choice if not given.
    pub operation_id: Option<String>,
    /// After how long the job fails; 12 hours if not given. Rounded up to minutes. The service takes 15 minutes to 24
    /// hours.
    pub timeout: Option<Duration>,
}

/// Options of [`DigitalTwinsClient::list_delete_jobs`].
#[derive(Debug, Clone, Default)]
pub struct ListDeleteJobsOptions {
    /// How many jobs a page has at most.
    pub max_items_per_page: Option<u32>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

impl DigitalTwinsClient {
    /// Creates a job that deletes **all models, twins and relationships** of the instance. Event routes stay.
    /// (`POST /jobs/deletions`)
    ///
    /// To wait for the job, see [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// If a job is running ([`is_limit_reached`](Error::is_limit_reached)) or had this id.
    pub async fn create_delete_job(
        &self,
        options: Option<CreateDeleteJobOptions>,
    ) -> Result<Response<DeleteJob>> {
        let options = options.unwrap_or_default();
        let minutes = minutes(options.timeout)?;
        let request =
            self.api()
                .delete_jobs_add_request(minutes, options.operation_id.as_deref(), None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Creates a job that deletes **all models, twins and relationships** of the instance, and watches it to its end.
    ///
    /// Awaiting the poller gives the finished job, and as a stream it yields the job each time it looks. A job that
    /// failed is an error of kind [`JobFailed`](crate::ErrorKind::JobFailed). To do both, stop reading the stream at the job
    /// whose status [is final](crate::DeleteJobStatus::is_final): azure_core's poller must not be awaited after its stream
    /// has ended.
    ///
    /// # Errors
    ///
    /// If the timeout is too long to be sent. The poller yields what goes wrong later, beginning with what
    /// [`create_delete_job`](Self::create_delete_job) lists.
    pub fn begin_delete_job(
        &self,
        options: Option<CreateDeleteJobOptions>,
        poller_options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<DeleteJob>>> {
        let CreateDeleteJobOptions {
            operation_id,
            timeout,
        } = options.unwrap_or_default();
        let minutes = minutes(timeout)?;
        let (api, id) = (self.api(), operation_id.as_deref());
        let start = api.delete_jobs_add_request(minutes, id, None, None);
        // Where the job is watched, the service says in `Operation-Location`. Should it not, it tells that there is no
        // such job, unless the caller has chosen the id.
        let get =
            api.delete_jobs_get_by_id_request(id.unwrap_or("operation-location-is-missing"), None, None);
        Ok(self.core.job(start, get, poller_options))
    }

    /// Watches a delete job that exists to its end. See [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// If the id cannot be part of an address. The poller yields what goes wrong later.
    pub fn watch_delete_job(
        &self,
        id: &str,
        options: Option<PollerOptions<'static>>,
    ) -> Result<Poller<Job<DeleteJob>>> {
        check_id("id", id)?;
        let request = self.api().delete_jobs_get_by_id_request(id, None, None);
        Ok(self.core.watch_job(request, options))
    }

    /// Reads a delete job. (`GET /jobs/deletions/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if there is no such job.
    pub async fn get_delete_job(&self, id: &str) -> Result<Response<DeleteJob>> {
        let request = self.api().delete_jobs_get_by_id_request(id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Lists the delete jobs. (`GET /jobs/deletions`)
    ///
    /// # Errors
    ///
    /// If the page size is 0. The pager yields what goes wrong later.
    pub fn list_delete_jobs(
        &self,
        options: Option<ListDeleteJobsOptions>,
    ) -> Result<Pager<ItemPage<DeleteJob>>> {
        let ListDeleteJobsOptions {
            max_items_per_page,
            method_options,
        } = options.unwrap_or_default();
        let size = page_size(max_items_per_page)?;
        let request = self.api().delete_jobs_list_request(size, None, None);
        Ok(self.core.list(request, Some(method_options)))
    }
}

fn minutes(timeout: Option<Duration>) -> Result<Option<i32>> {
    timeout
        .map(|timeout| timeout.as_secs_f64() / 60.0)
        .map(|minutes| minutes.ceil())
        .map(|minutes| {
            if minutes > f64::from(i32::MAX) {
                Err(minutes)
            } else {
                Ok(minutes as i32)
            }
        })
        .transpose()
        .map_err(|minutes| Error::invalid_input("timeout", format!("must not be {minutes} minutes long")))
}
