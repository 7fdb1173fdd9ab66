//! What scenarios create, under ids of their own, and its deletion.

use std::sync::PoisonError;

use futures::TryStreamExt as _;
use iothub_convenience::Precondition;
use serde_json::Value;

use crate::Failure;
use crate::environment::Environment;

/// A resource that a scenario creates, or may have created when it failed.
#[derive(Debug, Clone)]
pub(crate) enum Resource {
    Device(String),
    Configuration(String),
    ScheduledJob(String),
    EventRoute(String),
    ImportJob(String),
    Twin(String),
    Model(String),
}

impl Environment {
    /// Returns the id of a device that is deleted after the scenario.
    #[must_use]
    pub fn device_id(&self, name: &str) -> String {
        self.noted(name, Resource::Device)
    }

    /// Returns the id of a configuration that is deleted after the scenario. It has no upper case.
    #[must_use]
    pub fn configuration_id(&self, name: &str) -> String {
        self.noted(name, Resource::Configuration)
    }

    /// Returns the id of a job that is canceled after the scenario if it still waits.
    #[must_use]
    pub fn scheduled_job_id(&self, name: &str) -> String {
        self.noted(name, Resource::ScheduledJob)
    }

    /// Returns the id of an event route that is deleted after the scenario.
    #[must_use]
    pub fn event_route_id(&self, name: &str) -> String {
        self.noted(name, Resource::EventRoute)
    }

    /// Returns the id of an import job that is deleted after the scenario.
    #[must_use]
    pub fn import_job_id(&self, name: &str) -> String {
        self.noted(name, Resource::ImportJob)
    }

    /// Returns the id of a digital twin that is deleted after the scenario, with its relationships.
    #[must_use]
    pub fn twin_id(&self, name: &str) -> String {
        self.noted(name, Resource::Twin)
    }

    /// Returns the name of the tank and the valve, which are deleted after the scenario.
    #[must_use]
    pub fn tank_name(&self, name: &str) -> String {
        let name = self.dtmi_segment(name);
        self.note(Resource::Model(valve(&name)));
        self.note(Resource::Model(tank(&name)));
        name
    }

    fn noted(&self, name: &str, resource: fn(String) -> Resource) -> String {
        let id = self.id(name);
        self.note(resource(id.clone()));
        id
    }

    /// Deletes what the scenarios have named as far as it is there, the newest first, and twins before models.
    ///
    /// # Errors
    ///
    /// The first failure, after everything was tried.
    pub async fn clean_up(&self) -> Result<(), Failure> {
        let mut resources =
            std::mem::take(&mut *self.resources.lock().unwrap_or_else(PoisonError::into_inner));
        resources.reverse();
        resources.sort_by_key(|resource| matches!(resource, Resource::Model(_)));
        let mut result = Ok(());
        for resource in resources {
            if let Err(error) = self.delete(&resource).await {
                result = result.and(Err(format!("{resource:?} is left behind: {error}").into()));
            }
        }
        result
    }

    async fn delete(&self, resource: &Resource) -> Result<(), Failure> {
        let any = Precondition::Unconditional;
        match resource {
            Resource::Device(id) => in_hub(self.hub.delete_device(id, any).await),
            Resource::Configuration(id) => in_hub(self.hub.delete_configuration(id, any).await),
            Resource::ScheduledJob(id) => self.cancel(id).await,
            Resource::EventRoute(id) => in_twins(self.twins.delete_event_route(id).await),
            Resource::ImportJob(id) => in_twins(self.twins.delete_import_job(id).await),
            Resource::Twin(id) => self.delete_twin(id).await,
            Resource::Model(id) => in_twins(self.twins.delete_model(id).await),
        }
    }

    async fn cancel(&self, id: &str) -> Result<(), Failure> {
        let job = self.hub.get_scheduled_job(id).await?.into_model()?;
        let unknown = job.status == Some(iothub_convenience::JobStatus::NotKnown);
        if unknown || job.status.is_some_and(|status| status.is_final()) {
            return Ok(());
        }
        in_hub(self.hub.cancel_scheduled_job(id).await)
    }

    /// Incoming relationships of other scenarios' twins do not exist: a scenario connects only its own.
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
            in_twins(self.twins.delete_relationship(source, id, any()).await)?;
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
            in_twins(self.twins.delete_relationship(id, name, any()).await)?;
        }
        in_twins(self.twins.delete_digital_twin(id, any()).await)
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

fn in_hub<T>(result: Result<T, iothub_convenience::Error>) -> Result<(), Failure> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}

fn in_twins<T>(result: Result<T, digitaltwins_convenience::Error>) -> Result<(), Failure> {
    match result {
        Err(error) if !error.is_not_found() => Err(error.into()),
        _ => Ok(()),
    }
}
