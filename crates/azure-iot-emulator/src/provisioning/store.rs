//! The store: all records of a provisioning service. It imports nothing above it.

pub(super) mod attestation;
pub(super) mod enrollment;
pub(super) mod etag;
pub(super) mod registration;
pub(super) mod view;
mod writes;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::durable::{StateChange, Tracked};
use crate::provisioning::store::enrollment::{Enrollment, EnrollmentKind};
use crate::provisioning::store::registration::Registration;

/// The records of a provisioning service. Ids are case-insensitive, so the keys are ids in lower case.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Store {
    #[serde(default)]
    enrollments: Tracked<Enrollment>,
    #[serde(default)]
    enrollment_groups: Tracked<Enrollment>,
    #[serde(default)]
    pub(crate) registrations: Tracked<Registration>,
    #[serde(skip)]
    journal: JournalState,
}

/// The recording of changes for the journal.
#[derive(Debug, Default, PartialEq, Eq)]
enum JournalState {
    /// There is no journal.
    #[default]
    Off,
    Recording,
    /// All records were replaced since the last call of [`Store::take_changes`].
    Replaced,
}

/// Returns the key of an id.
pub(crate) fn key(id: &str) -> String {
    id.to_ascii_lowercase()
}

impl Store {
    pub(crate) fn enrollments(&self, kind: EnrollmentKind) -> &Tracked<Enrollment> {
        match kind {
            EnrollmentKind::Individual => &self.enrollments,
            EnrollmentKind::Group => &self.enrollment_groups,
        }
    }

    pub(crate) fn enrollments_mut(&mut self, kind: EnrollmentKind) -> &mut Tracked<Enrollment> {
        match kind {
            EnrollmentKind::Individual => &mut self.enrollments,
            EnrollmentKind::Group => &mut self.enrollment_groups,
        }
    }

    pub(crate) fn enrollment(&self, kind: EnrollmentKind, id: &str) -> Option<&Enrollment> {
        self.enrollments(kind).get(&key(id))
    }

    pub(crate) fn registration(&self, id: &str) -> Option<&Registration> {
        self.registrations.get(&key(id))
    }

    /// Deserializes dumped state and checks that every key is that of its record.
    pub(crate) fn deserialize_checked(state: &Value) -> Result<Self, String> {
        let store = Self::deserialize(state).map_err(|error| error.to_string())?;
        let enrollments = store.enrollments.iter().chain(store.enrollment_groups.iter());
        let ids = enrollments.map(|(key, enrollment)| (key, &enrollment.id));
        let registrations = store.registrations.iter();
        let mut ids = ids.chain(registrations.map(|(key, registration)| (key, &registration.id)));
        match ids.find(|(found, id)| **found != key(id)) {
            Some((key, id)) => Err(format!("the key \"{key}\" is not the id \"{id}\" in lower case")),
            None => Ok(store),
        }
    }

    /// Starts recording changes.
    pub(crate) fn record_changes(&mut self) {
        self.enrollments.record();
        self.enrollment_groups.record();
        self.registrations.record();
        self.journal = JournalState::Recording;
    }

    /// Replaces all records. The next line of the journal has the whole state.
    pub(crate) fn replace(&mut self, other: Self) {
        let is_recorded = self.journal != JournalState::Off;
        *self = other;
        if is_recorded {
            self.record_changes();
            self.journal = JournalState::Replaced;
        }
    }

    /// Returns the changes since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<StateChange> {
        let changes = [
            self.enrollments.take_changes(&["enrollments"]),
            self.enrollment_groups.take_changes(&["enrollmentGroups"]),
            self.registrations.take_changes(&["registrations"]),
        ]
        .concat();
        if self.journal != JournalState::Replaced {
            return changes;
        }
        self.journal = JournalState::Recording;
        vec![StateChange {
            path: Vec::new(),
            value: Some(self.dump()),
        }]
    }

    /// Returns the whole state as JSON, the input of [`deserialize_checked`](Self::deserialize_checked).
    #[expect(
        clippy::expect_used,
        reason = "all map keys are strings, and records serialize"
    )]
    pub(crate) fn dump(&self) -> Value {
        serde_json::to_value(self).expect("the store is valid JSON")
    }
}
