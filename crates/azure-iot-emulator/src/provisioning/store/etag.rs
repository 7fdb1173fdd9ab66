//! ETags of enrollments and registrations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// Returns the ETag of an enrollment, whose quotes are part of the value.
pub(crate) fn of_enrollment(version: Uuid) -> String {
    format!("\"{version}\"")
}

/// Returns the ETag of a registration: base64 of a quoted id.
pub(crate) fn of_registration(version: Uuid) -> String {
    STANDARD.encode(of_enrollment(version))
}
