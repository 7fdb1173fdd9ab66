'use strict';
// Changed versions of the models of this repository, each with one change.

const fs = require('node:fs');
const path = require('node:path');

const DTDL = path.join(__dirname, '../../../crates/dtdl');
// Each entry is parsed as one document.
const MODELS = [
  ['examples/models/climate.json', 'examples/models/greenhouse.json'],
  ['../../fuzz/seeds/dtdl_model/every-schema.json'],
  ['../../fuzz/seeds/dtdl_model/version-2.json'],
  ['../../fuzz/seeds/dtdl_model/wrong.json'],
];

// Values of every kind of JSON, and terms and identifiers that are valid in one place and wrong in others.
const VALUES = [
  null,
  true,
  7,
  -1,
  1.5,
  '',
  'two words',
  'name',
  'dtmi:com:example:Missing;1',
  'dtmi:dtdl:context;3',
  [],
  {},
  'Interface',
  'Property',
  'Telemetry',
  'Object',
  'double',
  'point',
];

/** Returns the models, each `{ name, document }`. */
function models() {
  const documents = MODELS.map((files) => {
    const parsed = files.map(read);
    const name = files.map((file) => path.basename(file)).join(' and ');
    return { name, document: parsed.length === 1 ? parsed[0] : parsed };
  });
  return [...documents, ...examples()];
}

/** Returns the valid documents of the parser's own cases, in the latest DTDL version that a case is for. */
function examples() {
  return read('tests/cases/examples.json')
    .filter(({ documents, errors, unresolved, options }) => documents && !errors && !unresolved && !options)
    .map(({ rule, documents, versions = [4] }) => {
      const text = JSON.stringify(documents).replaceAll('{V}', Math.max(...versions));
      return { name: rule, document: JSON.parse(text) };
    });
}

function read(file) {
  return JSON.parse(fs.readFileSync(path.join(DTDL, file), 'utf8'));
}

/** Yields the document, and the document with one change, each `{ place, change, text }`. */
function* mutants(document) {
  yield { place: '', change: 'unchanged', text: JSON.stringify(document) };
  for (const where of places(document, [])) {
    for (const [change, apply] of changes(where)) {
      const copy = structuredClone(document);
      const holder = where.slice(0, -1).reduce((value, key) => value[key], copy);
      apply(holder, where.at(-1));
      yield { place: `/${where.join('/')}`, change, text: JSON.stringify(copy) };
    }
  }
}

/** Yields the path of every member and element, parents first. */
function* places(value, above) {
  if (value === null || typeof value !== 'object') return;
  for (const key of Object.keys(value)) {
    const where = [...above, Array.isArray(value) ? Number(key) : key];
    yield where;
    yield* places(value[key], where);
  }
}

/** Yields the changes of a member or element. */
function* changes(where) {
  const element = typeof where.at(-1) === 'number';
  yield ['removed', (holder, key) => (element ? holder.splice(key, 1) : delete holder[key])];
  yield ['in an array', (holder, key) => (holder[key] = [holder[key]])];
  if (element) {
    yield ['twice', (holder, key) => holder.splice(key, 0, structuredClone(holder[key]))];
  } else {
    yield ['renamed', (holder, key) => rename(holder, key, `${key}X`)];
  }
  for (const value of VALUES) {
    yield [`replaced by ${JSON.stringify(value)}`, (holder, key) => (holder[key] = structuredClone(value))];
  }
}

function rename(holder, key, name) {
  holder[name] = holder[key];
  delete holder[key];
}

module.exports = { models, mutants };
