//! Parameter names in errors.

use azure_protocol_runtime::TypedRequest;

use crate::error::{Error, Result};

/// Replaces the name of the invalid parameter in the error of a request that could not be built: `names` has pairs of
/// the generated client's name and the public method's name.
///
/// # Errors
///
/// The error of `request`, with the public method's parameter name.
pub fn rename_parameters<T, E: Into<Error>>(
    request: Result<TypedRequest<T>, E>,
    names: &[(&str, &'static str)],
) -> Result<TypedRequest<T>> {
    request.map_err(|error| {
        let error: Error = error.into();
        let name = names
            .iter()
            .find(|(generated, _)| error.parameter() == Some(*generated));
        match (name, error.message()) {
            (Some((_, name)), Some(reason)) => Error::invalid_input(*name, reason),
            _ => error,
        }
    })
}
