//! Walking the sources of an error.

use std::error::Error as StdError;
use std::io;

/// `error` and the errors it came from.
///
/// Unlike `source()` alone this also visits the error inside an [`io::Error`], whose own `source()` skips it; that is
/// where TLS libraries put theirs.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// The first error of type `T` in the chain that begins with `error`.
pub(super) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The error at the end of the chain, which says what happened; the ones before it say to whom.
pub(super) fn root<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}
