//! Enrollment models.

mod group;
mod individual;
mod settings;

pub use group::EnrollmentGroup;
pub use individual::IndividualEnrollment;
pub use settings::EnrollmentSettings;
