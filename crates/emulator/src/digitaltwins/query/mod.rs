//! Queries.
use super::{
    DigitalTwins,
    call::Call,
    errors::{self, Answer},
};
use crate::ServiceResponse;
pub(super) fn post(_service: &DigitalTwins, _call: &Call<'_>) -> Answer<ServiceResponse> {
    Err(errors::not_emulated("queries"))
}
