//! Ids of enrollments and registrations.

use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::store::enrollment::EnrollmentKind;

const MAX_LENGTH: usize = 128;

/// Checks an id.
pub(crate) fn check(kind: EnrollmentKind, id: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    let ends_well = id
        .bytes()
        .last()
        .is_some_and(|last| last.is_ascii_alphanumeric() || last == b'-');
    if id.len() <= MAX_LENGTH && id.bytes().all(allowed) && ends_well {
        return Ok(());
    }
    let code = match kind {
        EnrollmentKind::Individual => Code::INVALID_REGISTRATION_ID,
        EnrollmentKind::Group => Code::INVALID_ENROLLMENT_GROUP_ID,
    };
    let message = format!(
        "The {} \"{id}\" is not valid: it must have 1 to {MAX_LENGTH} characters, which may be letters, digits and -._: \
         and the last must be a letter, a digit or -.",
        kind.id_member()
    );
    Err(ProvisioningError::new(code, message))
}
