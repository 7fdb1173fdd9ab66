//! The resources that scenarios create, and their deletion.

use std::sync::PoisonError;

use futures::TryStreamExt as _;
use iothub_convenience::Precondition;
use serde_json::Value;

use crate::Failure;
use crate::environment::Environment;

/// A resource that a scenario may have created.
#[derive(Debug, Clone)]
pub(crate) enum Resource {
    Device(String),
    Configuration(String),
    ScheduledJob(String),
    EventRoute(String),
    ImportJob(String),
    Twin(String),
    Model(String),
    Enrollment(String),
    EnrollmentGroup(String),
}

impl Environment {
    /// Returns the id of a device that is deleted after the scenario.
    #[must_use]
    pub fn device_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::Device)
    }

    /// Returns the id of a configuration that is deleted after the scenario. It is in lower case.
    #[must_use]
    pub fn configuration_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::Configuration)
    }

    /// Returns the id of a scheduled job that is canceled after the scenario unless it has ended.
    #[must_use]
    pub fn scheduled_job_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::ScheduledJob)
    }

    /// Returns the registration id of an individual enrollment that is deleted after the scenario.
    #[must_use]
    pub fn enrollment_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::Enrollment)
    }

    /// Returns the id of an enrollment group that is deleted after the scenario.
    #[must_use]
    pub fn enrollment_group_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::EnrollmentGroup)
    }

    /// Returns the id of an event route that is deleted after the scenario.
    #[must_use]
    pub fn event_route_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::EventRoute)
    }

    /// Returns the id of an import job that is deleted after the scenario.
    #[must_use]
    pub fn import_job_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::ImportJob)
    }

    /// Returns the id of a digital twin that is deleted after the scenario, with its relationships.
    #[must_use]
    pub fn twin_id(&self, name: &str) -> String {
        self.tracked_id(name, Resource::Twin)
    }

    /// Returns the name for the models of a tank and a valve, which are deleted after the scenario.
    #[must_use]
    pub fn tank_name(&self, name: &str) -> String {
        let name = self.dtmi_segment(name);
        self.track(Resource::Model(valve(&name)));
        self.track(Resource::Model(tank(&name)));
        name
    }

    fn tracked_id(&self, name: &str, resource: fn(String) -> Resource) -> String {
        let id = self.id(name);
        self.track(resource(id.clone()));
        id
    }

    /// Deletes the tracked resources that exist: the newest first, and models last.
    ///
    /// # Errors
    ///
    /// The first failure, after all deletions were tried.
    pub async fn clean_up(&self) -> Result<(), Failure> {
        let mut resources =
            std::mem::take(&mut *self.resources.lock().unwrap_or_else(PoisonError::into_inner));
        resources.reverse();
        resources.sort_by_key(|resource| matches!(resource, Resource::Model(_)));
        let mut result = Ok(());
        for resource in resources {
            if let Err(error) = self.delete(&resource).await {
                result = result.and(Err(format!("could not delete {resource:?}: {error}").into()));
            }
        }
        result
    }

    async fn delete(&self, resource: &Resource) -> Result<(), Failure> {
        let any = Precondition::Unconditional;
        match resource {
            Resource::Device(id) => ignore_missing_in_hub(self.hub.delete_device(id, any).await),
            Resource::Configuration(id) => {
                ignore_missing_in_hub(self.hub.delete_configuration(id, any).await)
            }
            Resource::ScheduledJob(id) => self.cancel(id).await,
            Resource::EventRoute(id) => ignore_missing_in_twins(self.twins.delete_event_route(id).await),
            Resource::ImportJob(id) => ignore_missing_in_twins(self.twins.delete_import_job(id).await),
            Resource::Twin(id) => self.delete_twin(id).await,
            Resource::Model(id) => ignore_missing_in_twins(self.twins.delete_model(id).await),
            Resource::Enrollment(id) => {
                let deleted = self.provisioning()?.delete_individual_enrollment(id, any).await;
                ignore_missing_in_provisioning(deleted)
            }
            Resource::EnrollmentGroup(id) => {
                let deleted = self.provisioning()?.delete_enrollment_group(id, any).await;
                ignore_missing_in_provisioning(deleted)
            }
        }
    }

    async fn cancel(&self, id: &str) -> Result<(), Failure> {
        let job = self.hub.get_scheduled_job(id).await?.into_model()?;
        let unknown = job.status == Some(iothub_convenience::JobStatus::NotKnown);
        if unknown || job.status.is_some_and(|status| status.is_final()) {
            return Ok(());
        }
        ignore_missing_in_hub(self.hub.cancel_scheduled_job(id).await)
    }

    /// Deletes a twin with its relationships.
    async fn delete_twin(&self, id: &str) -> Result<(), Failure> {
        let incoming: Vec<_> = self
            .twins
            .list_incoming_relationships(id, None)?
            .try_collect()
            .await
            .or_else(|error| {
                if error.is_not_found() {
                    Ok(Vec::new())
                } else {
                    Err(error)
                }
            })?;
        let any = || Precondition::Unconditional;
        for relationship in incoming {
            let (source, id) = (&relationship.source_id, &relationship.id);
            ignore_missing_in_twins(self.twins.delete_relationship(source, id, any()).await)?;
        }
        let outgoing: Vec<Value> = self
            .twins
            .list_relationships(id, None)?
            .try_collect()
            .await
            .or_else(|error| {
                if error.is_not_found() {
                    Ok(Vec::new())
                } else {
                    Err(error)
                }
            })?;
        for relationship in outgoing {
            let name = relationship["$relationshipId"]
                .as_str()
                .ok_or("a relationship without an id")?;
            ignore_missing_in_twins(self.twins.delete_relationship(id, name, any()).await)?;
        }
        ignore_missing_in_twins(self.twins.delete_digital_twin(id, any()).await)
    }
}

/// Returns the id of a scenario's tank model.
pub(crate) fn tank(name: &str) -> String {
    format!("dtmi:example:scenario:{name}:Tank;1")
}

/// Returns the id of the valve model, a component of the tank.
pub(crate) fn valve(name: &str) -> String {
    format!("dtmi:example:scenario:{name}:Valve;1")
}

fn ignore_missing_in_hub<T>(result: Result<T, iothub_convenience::Error>) -> Result<(), Failure> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

fn ignore_missing_in_provisioning<T>(
    result: Result<T, provisioning_convenience::Error>,
) -> Result<(), Failure> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

fn ignore_missing_in_twins<T>(result: Result<T, digitaltwins_convenience::Error>) -> Result<(), Failure> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}
