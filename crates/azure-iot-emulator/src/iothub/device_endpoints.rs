//! The requests that devices send to a hub over HTTPS, none of which the emulator supports.

use http::Method;

/// The error text of the response to such a request.
pub(crate) const NO_DEVICE_ENDPOINTS: &str = "The emulator has no endpoints for devices. The management API sends and receives \
     on behalf of a device; see \"Simulated devices\" in its documentation.";

/// The methods and paths, after `devices/{}` and after `devices/{}/modules/{}`; `{}` stands for one segment.
const ENDPOINTS: [(Method, &str); 7] = [
    (Method::POST, "messages/events"),
    (Method::GET, "messages/deviceBound"),
    (Method::DELETE, "messages/deviceBound/{}"),
    (Method::POST, "messages/deviceBound/{}/abandon"),
    (Method::POST, "files"),
    (Method::POST, "files/notifications"),
    (Method::GET, "files/{}"),
];

/// Returns whether this is a request of a device, which has device credentials.
pub(crate) fn is_device_endpoint(method: &Method, segments: &[&str]) -> bool {
    let is = |text: &str, word: &str| text.eq_ignore_ascii_case(word);
    let path = match segments {
        [devices, _, modules, _, path @ ..] if is(devices, "devices") && is(modules, "modules") => path,
        [devices, _, path @ ..] if is(devices, "devices") => path,
        _ => return false,
    };
    ENDPOINTS.iter().any(|(known, template)| {
        let mut words = template.split('/');
        known == method
            && template.split('/').count() == path.len()
            && path
                .iter()
                .all(|part| words.next().is_some_and(|word| word == "{}" || is(part, word)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iothub::router::segments;
    use crate::service::request::split_path;

    #[test]
    fn only_requests_of_devices_are_device_endpoints() {
        for (method, path, expected) in [
            (Method::POST, "/devices/d/messages/events", true),
            (Method::POST, "/Devices/d/Modules/m/messages/events/", true),
            (Method::GET, "/devices/d/messages/devicebound", true),
            (Method::DELETE, "/devices/d/messages/deviceBound/token", true),
            (
                Method::POST,
                "/devices/d/messages/deviceBound/token/abandon",
                true,
            ),
            (Method::POST, "/devices/d/files", true),
            (Method::POST, "/devices/d/files/notifications", true),
            // The following are requests to the service API.
            (Method::POST, "/devices/d/messages/deviceBound", false),
            (Method::GET, "/devices/d/modules/files", false),
            (Method::DELETE, "/devices/d/commands", false),
            (Method::GET, "/devices/messages/events", false),
            (Method::GET, "/devices/d", false),
            (Method::POST, "/messages/events", false),
        ] {
            let path_segments = split_path(path).unwrap();
            assert_eq!(
                is_device_endpoint(&method, &segments(&path_segments)),
                expected,
                "{method} {path}"
            );
        }
    }
}
