//! Objects in request bodies. Derived code would accept arrays in place of them.

use serde_json::Value;

/// The members that can have arrays: the hubs, and data of the client.
const WITH_ARRAYS: [&str; 5] = [
    "iotHubs",
    "tags",
    "desired",
    "optionalDeviceInformation",
    "payload",
];

/// Checks that a value is an object, and that there are no arrays where its members are objects. The error says what is wrong.
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
