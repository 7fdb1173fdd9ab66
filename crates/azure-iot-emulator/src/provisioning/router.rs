//! Routes: methods, paths and required rights of the operations.

use http::Method;

use crate::auth::Rights;
use crate::provisioning::store::enrollment::EnrollmentKind;

/// The operations of the service, with the ids in their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    GetEnrollment(EnrollmentKind, &'a str),
    PutEnrollment(EnrollmentKind, &'a str),
    DeleteEnrollment(EnrollmentKind, &'a str),
    GetAttestation(EnrollmentKind, &'a str),
    RunBulk(EnrollmentKind),
    QueryEnrollments(EnrollmentKind),
    GetRegistration(&'a str),
    DeleteRegistration(&'a str),
    QueryRegistrations(&'a str),
    /// Operations of devices. They require no right, because they check the device's credentials themselves.
    Register(&'a str),
    Poll(&'a str, &'a str),
    LookUp(&'a str),
}

/// The result of matching a request.
#[derive(Debug, PartialEq)]
pub(crate) enum RouteMatch<'a> {
    Operation(Operation<'a>),
    /// The path exists only with these methods.
    OtherMethods(&'static str),
    Nothing,
}

impl Operation<'_> {
    /// Returns the right that the operation requires; `None` for operations of devices.
    pub(crate) fn right(self) -> Option<Rights> {
        Some(match self {
            Self::GetEnrollment(..) | Self::QueryEnrollments(_) => Rights::ENROLLMENT_READ,
            Self::PutEnrollment(..)
            | Self::DeleteEnrollment(..)
            | Self::GetAttestation(..)
            | Self::RunBulk(_) => Rights::ENROLLMENT_WRITE,
            Self::GetRegistration(_) | Self::QueryRegistrations(_) => Rights::REGISTRATION_STATUS_READ,
            Self::DeleteRegistration(_) => Rights::REGISTRATION_STATUS_WRITE,
            Self::Register(_) | Self::Poll(..) | Self::LookUp(_) => return None,
        })
    }
}

/// Finds the operation. The fixed words of a path may be in any case.
pub(crate) fn find<'a>(method: &Method, segments: &[&'a str], id_scope: &str) -> RouteMatch<'a> {
    let Some((first, rest)) = segments.split_first() else {
        return RouteMatch::Nothing;
    };
    let first = first.to_ascii_lowercase();
    match first.as_str() {
        "enrollments" => of_enrollments(EnrollmentKind::Individual, method, rest),
        "enrollmentgroups" => of_enrollments(EnrollmentKind::Group, method, rest),
        "registrations" => of_registrations(method, rest),
        _ if first.eq_ignore_ascii_case(id_scope) => of_devices(method, rest),
        _ => RouteMatch::Nothing,
    }
}

fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

/// Matches a method among those of a path.
fn by_method<'a>(
    method: &Method,
    allowed: &'static str,
    operations: &[(Method, Operation<'a>)],
) -> RouteMatch<'a> {
    let found = operations.iter().find(|(known, _)| known == method);
    found.map_or(RouteMatch::OtherMethods(allowed), |(_, operation)| {
        RouteMatch::Operation(*operation)
    })
}

fn of_enrollments<'a>(kind: EnrollmentKind, method: &Method, rest: &[&'a str]) -> RouteMatch<'a> {
    match rest {
        [] => by_method(method, "POST", &[(Method::POST, Operation::RunBulk(kind))]),
        [query] if is(query, "query") && method == Method::POST => {
            RouteMatch::Operation(Operation::QueryEnrollments(kind))
        }
        [id] => by_method(
            method,
            "GET, PUT, DELETE",
            &[
                (Method::GET, Operation::GetEnrollment(kind, id)),
                (Method::PUT, Operation::PutEnrollment(kind, id)),
                (Method::DELETE, Operation::DeleteEnrollment(kind, id)),
            ],
        ),
        [id, attestation] if is(attestation, "attestationmechanism") => by_method(
            method,
            "POST",
            &[(Method::POST, Operation::GetAttestation(kind, id))],
        ),
        _ => RouteMatch::Nothing,
    }
}

fn of_registrations<'a>(method: &Method, rest: &[&'a str]) -> RouteMatch<'a> {
    match rest {
        [id] => by_method(
            method,
            "GET, DELETE",
            &[
                (Method::GET, Operation::GetRegistration(id)),
                (Method::DELETE, Operation::DeleteRegistration(id)),
            ],
        ),
        [group, query] if is(query, "query") => by_method(
            method,
            "POST",
            &[(Method::POST, Operation::QueryRegistrations(group))],
        ),
        _ => RouteMatch::Nothing,
    }
}

fn of_devices<'a>(method: &Method, rest: &[&'a str]) -> RouteMatch<'a> {
    match rest {
        [registrations, rest @ ..] if is(registrations, "registrations") => match rest {
            [id] => by_method(method, "POST", &[(Method::POST, Operation::LookUp(id))]),
            [id, register] if is(register, "register") => {
                by_method(method, "PUT", &[(Method::PUT, Operation::Register(id))])
            }
            [id, operations, operation] if is(operations, "operations") => {
                by_method(method, "GET", &[(Method::GET, Operation::Poll(id, operation))])
            }
            _ => RouteMatch::Nothing,
        },
        _ => RouteMatch::Nothing,
    }
}
