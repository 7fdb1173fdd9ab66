//! Writes of enrollments.

use uuid::Uuid;

use crate::provisioning::store::attestation::Attestation;
use crate::provisioning::store::enrollment::{Enrollment, EnrollmentKind, Settings};
use crate::provisioning::store::registration::Registration;
use crate::provisioning::store::{Store, key};
use crate::timestamp::Timestamp;

impl Store {
    /// Creates or replaces an enrollment, and returns it with the registration of the same id. A replaced enrollment keeps the
    /// spelling of its id and the time of its creation.
    pub(crate) fn put_enrollment(
        &mut self,
        kind: EnrollmentKind,
        id: &str,
        attestation: Attestation,
        settings: Settings,
        now: Timestamp,
    ) -> (&Enrollment, Option<&Registration>) {
        let enrollments = match kind {
            EnrollmentKind::Individual => &mut self.enrollments,
            EnrollmentKind::Group => &mut self.enrollment_groups,
        };
        let key = key(id);
        let (id, created) = match enrollments.remove(&key) {
            Some(existing) => (existing.id, existing.created),
            None => (id.to_owned(), now),
        };
        let enrollment = Enrollment {
            id,
            etag: Uuid::new_v4(),
            created,
            updated: now,
            attestation,
            settings,
        };
        (enrollments.add(&key, enrollment), self.registrations.get(&key))
    }

    /// Deletes an enrollment and, if it is an individual one, the registration of its device.
    pub(crate) fn delete_enrollment(&mut self, kind: EnrollmentKind, id: &str) {
        let key = key(id);
        self.enrollments_mut(kind).remove(&key);
        if kind == EnrollmentKind::Individual {
            self.registrations.remove(&key);
        }
    }
}

impl Store {
    /// Creates or replaces a registration.
    pub(crate) fn put_registration(&mut self, registration: Registration) {
        self.registrations.insert(key(&registration.id), registration);
    }

    /// Replaces a registration, unless another operation has begun or it was deleted.
    pub(crate) fn put_registration_if_current(&mut self, registration: Registration) {
        let current = self.registration(&registration.id);
        if current.is_some_and(|current| current.operation_id == registration.operation_id) {
            self.put_registration(registration);
        }
    }
}
