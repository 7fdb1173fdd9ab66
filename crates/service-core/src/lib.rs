//! Credentials, the HTTP pipeline, errors, paging and polling that both service clients share.
