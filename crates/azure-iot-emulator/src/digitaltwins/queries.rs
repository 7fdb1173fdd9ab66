//! Queries over twins and relationships.

use http::StatusCode;
use serde_json::Value;
use twin_query::digitaltwins as language;

use crate::digitaltwins::call::Call;
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::query::run;
use crate::digitaltwins::query::token::Token;
use crate::service::ServiceResponse;

/// Default page size.
const DEFAULT_PAGE: usize = 100;

pub(super) async fn post(session: &mut Session<'_>, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    let size = call.page_size(DEFAULT_PAGE, instance.limits.query_page)?;
    let Ok(Value::Object(body)) = call.json_body()? else {
        return Err(errors::query_body_invalid());
    };
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(errors::query_body_invalid()),
    };
    // A token contains its query, so a query sent with a token is ignored.
    let token = match (text("continuationToken")?, text("query")?) {
        (Some(token), _) => Token::read(token).ok_or_else(errors::query_token_invalid)?,
        (None, Some(query)) => Token::start(query),
        (None, None) => return Err(errors::query_body_invalid()),
    };
    let query = language::parse_and_validate(&token.query).map_err(|error| query_error(&error))?;
    let page = run::page(session, &query, token, size, call.version.has_update_times()).await?;
    let hundredths = page.charge();
    let second = instance.clock.now().unix_timestamp();
    instance.rates.charge(second, hundredths);
    let charge = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    // The service sends query results with chunked encoding.
    Ok(ServiceResponse::raw_json(StatusCode::OK, page.into_body())
        .with_header("query-charge", &charge)
        .with_header("transfer-encoding", "chunked"))
}

/// Returns the service's error for an invalid query.
fn query_error(error: &language::Error) -> errors::ServiceError {
    match error {
        language::Error::Parse(error) => {
            let expected: Vec<String> = error.expected().iter().map(ToString::to_string).collect();
            let found = error.found().unwrap_or("<EOF>");
            let message = match expected.as_slice() {
                [] => format!("token recognition error at: '{found}'"),
                [one] => format!("missing {one} at '{found}'"),
                many => format!("mismatched input '{found}' expecting {{{}}}", many.join(", ")),
            };
            let (line, position) = (error.line(), error.column().saturating_sub(1));
            errors::query_invalid(&format!(
                "SQL Parser Error, Line={line}, Position={position}, Message={message}"
            ))
        }
        other => errors::query_invalid(&format!("{other}.")),
    }
}
