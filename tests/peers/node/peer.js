'use strict';
// Helpers of the Node scenarios: checks and the connection to the emulator.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

// The scenarios of `dtdl` have no emulator.
const EMULATOR = JSON.parse(process.env.PEERS_EMULATOR ?? 'null');
/** The older release of the client, or empty for the newest one. */
const RELEASE = process.env.PEERS_RELEASE;
const RESULTS = Number(process.env.PEERS_RESULTS);
const CHECK_SECONDS = 60;

const checks = [];
const clients = new Map();

/** Registers a check, which passes if the function's promise is fulfilled. */
function check(name, body) {
  checks.push({ name, body });
}

/** Runs the checks in the order of the file. */
async function run() {
  for (const { name, body } of checks) {
    send({ check: name, ...(await outcome(body)) });
  }
  for (const [client, { methods, called }] of clients) {
    send({ client, public: [...methods], called: [...called] });
  }
  send({ done: true });
  // A client may keep a connection or a timer open.
  process.exit(0);
}

async function outcome(body) {
  const strays = [];
  const note = (error) => strays.push(error);
  process.on('unhandledRejection', note).on('uncaughtException', note);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no response within ${CHECK_SECONDS} seconds`)),
      CHECK_SECONDS * 1000,
    );
  });
  try {
    await Promise.race([Promise.resolve().then(body), late]);
    if (strays.length > 0) throw strays[0];
    return { outcome: 'ok' };
  } catch (error) {
    return { outcome: statusOf(error) === 501 ? 'unsupported' : 'failed', detail: textOf(error) };
  } finally {
    clearTimeout(timer);
    process.removeListener('unhandledRejection', note).removeListener('uncaughtException', note);
  }
}

function send(line) {
  fs.writeSync(RESULTS, `${JSON.stringify(line)}\n`);
}

/** Returns the HTTP status of an error, which each package stores in a different property. */
function statusOf(error) {
  return error?.statusCode ?? error?.response?.statusCode ?? error?.response?.status;
}

/** Describes an error with the response body and the line of the scenario. */
function textOf(error) {
  const responseBody = error?.responseBody ?? error?.response?.bodyAsText;
  const frame = String(error?.stack)
    .split('\n')
    .find((line) => /peers.node.(iothub|digitaltwins|dtdl)/.test(line));
  return [`${error?.name}: ${error?.message}`, responseBody, frame?.trim()].filter(Boolean).join('\n');
}

/** Wraps a client to record which of its methods are called. */
function watched(client, name = client.constructor.name, hidden = new Set()) {
  if (!clients.has(name)) {
    clients.set(name, { methods: publicMethods(client, hidden), called: new Set() });
  }
  const { methods, called } = clients.get(name);
  return new Proxy(client, {
    get(target, property) {
      const value = target[property];
      if (typeof value !== 'function') return value;
      if (methods.has(property)) called.add(property);
      return value.bind(target);
    },
  });
}

function publicMethods(client, hidden) {
  const own = Object.getPrototypeOf(client);
  const names = Object.getOwnPropertyNames(own).filter(
    (name) => typeof Object.getOwnPropertyDescriptor(own, name).value === 'function',
  );
  return new Set(
    names.filter((name) => name !== 'constructor' && !name.startsWith('_') && !hidden.has(name)),
  );
}

/** Returns the error of a call, which must fail. */
async function failure(call) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, 'expected the call to fail');
  // 501 means that the operation is not supported; it is not the expected failure.
  if (statusOf(error) === 501) throw error;
  return error;
}

/** Polls until `found` returns a value. */
async function until(found, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await found();
    if (value) return value;
    assert.ok(
      Date.now() < end,
      `timed out after ${seconds} seconds; the last value was ${JSON.stringify(value)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sends a request to the management API. */
function manage(method, where, body) {
  const url = new URL(where, EMULATOR.management.endpoint);
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { method, headers: { 'Content-Type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part) => (text += part));
        response.on('end', () => {
          if (response.statusCode >= 300)
            reject(new Error(`${method} ${where}: ${response.statusCode} ${text}`));
          else resolve(text ? JSON.parse(text) : undefined);
        });
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Applies a fault to the next `count` requests of a call, and checks that it was applied to all of them. */
async function faults(action, count, call) {
  await manage('POST', '/faults', { action, count });
  try {
    const result = await call();
    const left = (await manage('GET', '/faults')).reduce((sum, rule) => sum + (rule.count ?? 0), 0);
    assert.strictEqual(left, 0, 'the fault was applied to fewer requests than expected');
    return result;
  } finally {
    await manage('DELETE', '/faults');
  }
}

/** Returns the emulator's token instead of requesting one from Entra ID. */
const credential = {
  scopes: [],
  async getToken(scopes) {
    credential.scopes.push(...[].concat(scopes));
    return { token: EMULATOR.bearerToken, expiresOnTimestamp: Date.now() + 3600 * 1000 };
  },
};

/** Returns the methods that a package declares private; JavaScript does not hide them. */
function privateMethods(declarations) {
  const [folder] = process.env.NODE_PATH.split(path.delimiter);
  const text = fs.readFileSync(path.join(folder, declarations), 'utf8');
  return new Set([...text.matchAll(/^\s*private (?:readonly )?(\w+)/gm)].map((match) => match[1]));
}

module.exports = {
  EMULATOR,
  RELEASE,
  check,
  credential,
  failure,
  faults,
  manage,
  privateMethods,
  run,
  statusOf,
  until,
  watched,
};
