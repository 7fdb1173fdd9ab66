'use strict';
// DTDL: the verdicts of the crate dtdl and of DTDLParser on changed models.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const { check, run } = require('../peer');
const { differenceOf, miscounted } = require('../differences');
const { models, mutants } = require('../mutants');

const CODE = 'dtmi:dtdl:parsingError:';
// The number of unlisted differences to print, enough to see a pattern.
const SHOWN = 20;

/** Returns the verdicts of the crate dtdl: the codes of the errors and the identifiers that are not defined. */
function ours(texts) {
  const { stdout, stderr, status } = spawnSync(process.env.PEERS_VERDICTS, {
    input: texts.map((text) => `${text}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  assert.strictEqual(status, 0, stderr);
  const verdicts = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.strictEqual(verdicts.length, texts.length);
  return verdicts.map(({ codes, unresolved }) => ({ codes: codes.map(short), unresolved }));
}

/** Returns the verdict of DTDLParser. It does not report identifiers that are not defined next to other errors. */
function theirs(parser, text) {
  try {
    parser.parse(text);
    return { codes: [], unresolved: [] };
  } catch (error) {
    return refusal(error.message);
  }
}

function refusal(message) {
  // DTDLParser refuses some models with an exception that is not a list of errors.
  if (!message.startsWith('{')) return { codes: [`exception ${message.split(/\s/)[0]}`], unresolved: [] };
  const { ExceptionKind: kind, Errors: errors, UndefinedIdentifiers: undefinedIds } = JSON.parse(message);
  if (kind === 'Resolution') return { codes: [], unresolved: undefinedIds };
  assert.strictEqual(kind, 'Parsing');
  return { codes: errors.map((error) => short(error.ValidationID)), unresolved: [] };
}

function short(code) {
  return code.replace(CODE, '');
}

async function dtdlParser() {
  // The package is an ES module, which Node does not look for in NODE_PATH.
  const [folder] = process.env.NODE_PATH.split(path.delimiter);
  const file = path.join(folder, '@digicatapult/dtdl-parser/build/index.js');
  const { getInterop } = await import(pathToFileURL(file));
  return getInterop();
}

let compared = 0;
for (const { name, document } of models()) {
  check(`DTDLParser and dtdl agree on changed versions of ${name}`, async () => {
    const parser = await dtdlParser();
    const changed = [...mutants(document)];
    const verdicts = ours(changed.map(({ text }) => text));
    const found = changed.flatMap(({ place, change, text }, index) => {
      const difference = differenceOf(change, verdicts[index], theirs(parser, text));
      return difference ? [`${place} ${change}: ${difference}`] : [];
    });
    compared += changed.length;
    assert.strictEqual(found.length, 0, [`${found.length} differences`, ...found.slice(0, SHOWN)].join('\n'));
  });
}

check('every listed difference occurs as often as listed', () => {
  assert.ok(compared > 1000, `only ${compared} models were compared`);
  assert.deepStrictEqual(miscounted(), []);
});

run();
