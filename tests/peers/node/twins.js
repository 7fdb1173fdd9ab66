'use strict';
// Helpers of the scenarios of @azure/digital-twins-core.

const assert = require('node:assert');

const { DigitalTwinsClient } = require('@azure/digital-twins-core');

const { EMULATOR, RELEASE, credential, failure, privateMethods, watched } = require('./peer');

// This release sends api-version 2020-10-31, whose responses may lack the header with the code.
const IS_FIRST_VERSION = RELEASE === '1.0';

const HIDDEN = privateMethods('@azure/digital-twins-core/types/digital-twins-core.d.ts');
const client = watched(
  new DigitalTwinsClient(EMULATOR.digitaltwins.endpoint, credential),
  'DigitalTwinsClient',
  HIDDEN,
);

/** Asserts that a call fails with a status and code, and returns the message. */
async function refused(call, status, code) {
  const error = await failure(call);
  const said = JSON.parse(error.response?.bodyAsText ?? '{}').error ?? {};
  assert.deepStrictEqual(
    [error.name, error.statusCode, said.code],
    ['RestError', status, code],
    error.message,
  );
  const header = error.response.headers.get('x-ms-error-code');
  assert.ok(header === code || (IS_FIRST_VERSION && header === undefined), `the header is ${header}`);
  return said;
}

async function items(iterator) {
  const found = [];
  for await (const item of iterator) found.push(item);
  return found;
}

/** Returns all pages as arrays. */
async function pages(iterator, settings) {
  const found = [];
  for await (const page of iterator.byPage(settings)) found.push([...(page.value ?? page)]);
  return found;
}

const BASE = 'dtmi:peers:Space;1';
const ROOM = 'dtmi:peers:Room;1';
const SENSOR = 'dtmi:peers:Sensor;1';
const CONTEXT = 'dtmi:dtdl:context;2';
const MODELS = [
  {
    '@context': CONTEXT,
    '@id': ROOM,
    '@type': 'Interface',
    displayName: 'Room',
    extends: BASE,
    contents: [
      { '@type': 'Property', name: 'temperature', schema: 'double' },
      { '@type': 'Component', name: 'sensor', schema: SENSOR },
      {
        '@type': 'Relationship',
        name: 'leadsTo',
        target: BASE,
        properties: [{ '@type': 'Property', name: 'width', schema: 'integer' }],
      },
    ],
  },
  {
    '@context': CONTEXT,
    '@id': BASE,
    '@type': 'Interface',
    contents: [{ '@type': 'Property', name: 'name', schema: 'string' }],
  },
  {
    '@context': CONTEXT,
    '@id': SENSOR,
    '@type': 'Interface',
    contents: [
      { '@type': 'Property', name: 'unit', schema: 'string' },
      { '@type': 'Telemetry', name: 'value', schema: 'double' },
    ],
  },
];

/** Returns a room as a JSON string, as this client requires. */
const room = (properties = {}) =>
  JSON.stringify({ $metadata: { $model: ROOM }, sensor: { $metadata: {} }, ...properties });

const STALE = { ifMatch: 'W/"00000000-0000-0000-0000-000000000000"' };

module.exports = { BASE, IS_FIRST_VERSION, MODELS, ROOM, SENSOR, STALE, client, items, pages, refused, room };
