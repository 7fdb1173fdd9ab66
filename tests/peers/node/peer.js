'use strict';
// What the Node scenarios share: checks, and the way to the emulator.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const EMULATOR = JSON.parse(process.env.PEERS_EMULATOR);
const RESULTS = Number(process.env.PEERS_RESULTS);
const CHECK_SECONDS = 60;

const checks = [];
const clients = new Map();

/** Registers a check; its outcome is whether the function's promise is fulfilled. */
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
  // A client may keep a connection or a timer for a long while.
  process.exit(0);
}

async function outcome(body) {
  const strays = [];
  const note = (error) => strays.push(error);
  process.on('unhandledRejection', note).on('uncaughtException', note);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer in ${CHECK_SECONDS} seconds`)),
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

/** The HTTP status behind an error; the packages keep it in different places. */
function statusOf(error) {
  return error?.statusCode ?? error?.response?.statusCode ?? error?.response?.status;
}

/** The error, what the service said, and the line of the scenario. */
function textOf(error) {
  const said = error?.responseBody ?? error?.response?.bodyAsText;
  const place = String(error?.stack)
    .split('\n')
    .find((line) => /peers.node.(iothub|digitaltwins)/.test(line));
  return [`${error?.name}: ${error?.message}`, said, place?.trim()].filter(Boolean).join('\n');
}

/** A client that notes which of its methods are called, and changes nothing else. */
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

/** What a call fails with; it must fail. */
async function failure(call) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, 'the call was expected to fail');
  // Rather said by whoever runs the checks than taken for the failure that was expected.
  if (statusOf(error) === 501) throw error;
  return error;
}

/** Polls for what takes the service a moment. */
async function until(found, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await found();
    if (value) return value;
    assert.ok(
      Date.now() < end,
      `not within ${seconds} seconds; the last answer was ${JSON.stringify(value)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A request to the emulator's own management API. */
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

/** Has the next `count` requests go wrong during a call, and checks that they did. */
async function faults(action, count, call) {
  await manage('POST', '/faults', { action, count });
  try {
    const result = await call();
    const left = (await manage('GET', '/faults')).reduce((sum, rule) => sum + (rule.count ?? 0), 0);
    assert.strictEqual(left, 0, 'the fault did not happen as often as it should');
    return result;
  } finally {
    await manage('DELETE', '/faults');
  }
}

/** Hands out the emulator's token instead of asking Entra ID for one. */
const credential = {
  scopes: [],
  async getToken(scopes) {
    credential.scopes.push(...[].concat(scopes));
    return { token: EMULATOR.bearerToken, expiresOnTimestamp: Date.now() + 3600 * 1000 };
  },
};

/** The methods that a package's declarations keep private, though JavaScript shows them. */
function privateMethods(declarations) {
  const [folder] = process.env.NODE_PATH.split(path.delimiter);
  const text = fs.readFileSync(path.join(folder, declarations), 'utf8');
  return new Set([...text.matchAll(/^\s*private (?:readonly )?(\w+)/gm)].map((match) => match[1]));
}

module.exports = {
  EMULATOR,
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
