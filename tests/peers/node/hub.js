'use strict';
// Helpers of the scenarios of azure-iothub.

const assert = require('node:assert');
const https = require('node:https');

const hub = require('azure-iothub');

const { EMULATOR, failure, manage, watched } = require('./peer');

// This client accepts no port, so the emulator listens on the ports of a real hub.
const CONNECTION_STRING = EMULATOR.iothub.connectionString;
const HOST_NAME = hub.ConnectionString.parse(CONNECTION_STRING).HostName;
// Base64 of 32 bytes.
const KEYS = {
  primaryKey: 'Zmlyc3Qga2V5IG9mIGEgZGV2aWNlIGluIGEgdGVzdCE=',
  secondaryKey: 'c2Vjb25kIGtleSBvZiBhIGRldmljZSBpbiBhIHRlc3Q=',
};
const STALE = 'c3RhbGU=';

const registry = () => watched(hub.Registry.fromConnectionString(CONNECTION_STRING));

/** Asserts that a REST call fails with an error class, status and code, and returns the error. */
async function refused(call, name, status, code) {
  const error = await failure(call);
  assert.deepStrictEqual(
    [error.name, error.response?.statusCode, error.response?.headers['iothub-errorcode']],
    [name, status, code],
  );
  assert.ok(JSON.parse(error.responseBody).Message, error.responseBody);
  return error;
}

/** Sends a request for a simulated device to the management API. */
function device(deviceId, path, body, method = 'PUT') {
  return manage(method, `/iothub/devices/${encodeURIComponent(deviceId)}/${path}`, body);
}

/** Sends a REST request for which this package has no method. */
function rest(method, path) {
  const options = {
    method,
    headers: { Authorization: `Bearer ${EMULATOR.bearerToken}`, 'Content-Length': 0 },
  };
  return new Promise((resolve, reject) => {
    const request = https.request(
      `https://${HOST_NAME}${path}?api-version=2021-04-12`,
      options,
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

/** Returns the body of a call's response. */
const body = async (promise) => (await promise).responseBody;

module.exports = { CONNECTION_STRING, HOST_NAME, KEYS, STALE, body, device, hub, refused, registry, rest };
