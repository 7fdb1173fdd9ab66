//! Objects in request bodies. Derived deserializers would accept arrays in their place.

use serde_json::Value;

/// The members that can have arrays: hubs, and content that clients define.
const WITH_ARRAYS: [&str; 5] = [
    "iotHubs",
    "tags",
    "desired",
    "optionalDeviceInformation",
    "payload",
];

/// Checks that a value is an object, and that none of its members is an array in place of an object. The error describes
/// the problem.
pub(crate) fn check(value: &Value) -> Result<(), String> {
    let Value::Object(members) = value else {
        return Err("a JSON object is expected".to_owned());
    };
    members.iter().try_for_each(|(name, member)| match member {
        _ if WITH_ARRAYS.contains(&name.as_str()) => Ok(()),
        Value::Array(_) => Err(format!("\"{name}\" must not be an array")),
        Value::Object(_) => check(member),
        _ => Ok(()),
    })
}
