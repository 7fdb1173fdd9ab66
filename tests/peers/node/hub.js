'use strict';
// What the scenarios of azure-iothub share.

const assert = require('node:assert');
const https = require('node:https');

const hub = require('azure-iothub');

const { EMULATOR, failure, manage, watched } = require('./peer');

// This client takes no port: the emulator stands where a hub does.
const CONNECTION_STRING = EMULATOR.iothub.connectionString.replace(/:443;/, ';');
const HOST_NAME = hub.ConnectionString.parse(CONNECTION_STRING).HostName;
// Base64 of 32 bytes each.
const KEYS = {
  primaryKey: 'Zmlyc3Qga2V5IG9mIGEgZGV2aWNlIGluIGEgdGVzdCE=',
  secondaryKey: 'c2Vjb25kIGtleSBvZiBhIGRldmljZSBpbiBhIHRlc3Q=',
};
const STALE = 'c3RhbGU=';

const registry = () => watched(hub.Registry.fromConnectionString(CONNECTION_STRING));

/** The error class, status and code with which a call of REST is refused. */
async function refused(call, name, status, code) {
  const error = await failure(call);
  assert.deepStrictEqual(
    [error.name, error.response?.statusCode, error.response?.headers['iothub-errorcode']],
    [name, status, code],
  );
  assert.ok(JSON.parse(error.responseBody).Message, error.responseBody);
  return error;
}

/** Plays a device's side through the management API. */
function device(deviceId, path, body, method = 'PUT') {
  return manage(method, `/iothub/devices/${encodeURIComponent(deviceId)}/${path}`, body);
}

/** A request of REST that this package has no method for. */
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

/** What came out of a call, as a caller that wants no HTTP sees it. */
const body = async (promise) => (await promise).responseBody;

module.exports = { CONNECTION_STRING, HOST_NAME, KEYS, STALE, body, device, hub, refused, registry, rest };
