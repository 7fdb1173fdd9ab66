'use strict';
// The known differences between the errors of the crate dtdl and those of DTDLParser. Both refuse the models concerned.

const { isDeepStrictEqual } = require('node:util');

/** Returns the changes that replace a part by one of the values, each with the number of models that differ by it. */
function replacedBy(count, ...values) {
  return Object.fromEntries(values.map((value) => [`replaced by ${JSON.stringify(value)}`, count]));
}

/**
 * The codes that only one parser reports, the model changes that cause this with their exact numbers, and the reason.
 * DTDLParser stops at some errors and does not report those after it.
 */
const DIFFERENCES = [
  {
    ours: ['objectCountBelowMin'],
    theirs: [],
    changes: {
      removed: 1,
      'in an array': 1,
      renamed: 1,
      ...replacedBy(7, {}),
      ...replacedBy(1, null, true, 7, -1, 1.5, '', 'two words', 'name', 'dtmi:dtdl:context;3', []),
      ...replacedBy(1, 'Interface', 'Property', 'Telemetry', 'Object', 'double', 'point'),
    },
    why: 'DTDLParser stops at an element without a required @id; dtdl goes on and also reports that the property has no valid value',
  },
  {
    ours: ['objectCountBelowMin', 'refObjectNotAllowed'],
    theirs: ['missingRequiredId'],
    changes: replacedBy(4, {}),
    why: 'a property that takes only a reference has an object; dtdl says so, DTDLParser asks for the @id of the object',
  },
  {
    ours: ['refObjectNotAllowed'],
    theirs: ['missingRequiredId'],
    changes: replacedBy(1, {}),
    why: 'as above, for a property that may be absent',
  },
  {
    ours: ['refObjectNotAllowed'],
    theirs: ['badType'],
    changes: replacedBy(1, {}),
    why: 'as above, for a unit; DTDLParser has no class of units that an object could have',
  },
  {
    ours: ['notRequiredValue'],
    theirs: ['badType'],
    changes: replacedBy(2, 'double'),
    why: 'the key of a Map is a string by definition; dtdl names the value, DTDLParser the class',
  },
  {
    ours: ['notRequiredValue'],
    theirs: ['incorrectPropertyValue'],
    changes: replacedBy(2, 'double'),
    why: 'dtdl has one code for values other than the allowed ones, for Enums too',
  },
  {
    ours: ['badType'],
    theirs: [],
    changes: replacedBy(2, 'double'),
    why: 'DTDLParser checks the class of references only when all are resolved',
  },
  {
    ours: ['badType'],
    theirs: ['exception Arg_NullReferenceException'],
    changes: replacedBy(4, null, true, 7, -1, 1.5, {}),
    why: 'a defect of DTDLParser: a @type that is null ends it with a NullReferenceException',
  },
  {
    ours: ['badType'],
    theirs: ['missingDtmiSegPropertyValue'],
    changes: { 'in an array': 6, ...replacedBy(4, []) },
    why: 'an array in the array of @type has no class; DTDLParser stops at the identifier of the element, before its class',
  },
  {
    ours: ['badType'],
    theirs: ['exception NoMatch'],
    changes: replacedBy(2, 'name', 'Interface', 'Property', 'Telemetry', 'Object'),
    why: 'a defect of DTDLParser: a unit that is a term other than an element ends it with an InvalidOperationException',
  },
  {
    ours: ['undefinedReservedId'],
    theirs: ['exception NoMatch'],
    changes: replacedBy(2, 'dtmi:dtdl:context;3'),
    why: 'as above, for a reserved identifier',
  },
  {
    ours: ['badType'],
    theirs: ['wrongParent'],
    changes: replacedBy(1, 'double', 'point'),
    why: 'a unit that is a schema; dtdl names the class of the element, DTDLParser the Enum that it is not in',
  },
  {
    ours: ['badType'],
    theirs: ['notRequiredType'],
    changes: replacedBy(1, 'double'),
    why: 'as above, for the units of DTDL version 2, which are a supplemental type',
  },
  {
    ours: ['badType', 'excludedType'],
    theirs: ['notRequiredType'],
    changes: replacedBy(1, 'point'),
    why: 'as above, for a schema of a later version than that of the model, which dtdl reports too',
  },
  {
    ours: [],
    theirs: ['literalNotValid'],
    changes: replacedBy(4, {}),
    why: 'DTDLParser reports an object without @value twice; dtdl reports literalObjectNoValue',
  },
  {
    ours: ['propertyIrrelevantDtmiOrTerm'],
    theirs: [],
    changes: replacedBy(1, 'dtmi:dtdl:context;3'),
    why: 'dtdl reports every property that the class does not have, also those that DTDLParser does not reach',
  },
  {
    ours: ['disallowedVersionReference'],
    theirs: [],
    changes: replacedBy(1, 'dtmi:dtdl:context;3'),
    why: 'dtdl checks references to an element that has errors of its own',
  },
];

const occurred = new Map(DIFFERENCES.map((entry) => [entry, {}]));

/** Describes how the verdicts on a changed model differ; empty if they agree or the difference is listed. */
function differenceOf(change, ours, theirs) {
  const [own, other] = [ours, theirs].map(kindOf);
  if ((own === 'valid') !== (other === 'valid')) return `dtdl: ${own}, DTDLParser: ${other}`;
  if (ours.codes.length === 0 && theirs.codes.length === 0) {
    return same(ours.unresolved, theirs.unresolved) ? '' : `dtdl: ${own}, DTDLParser: ${other}`;
  }
  const onlyOurs = without(ours.codes, theirs.codes);
  const onlyTheirs = without(theirs.codes, ours.codes);
  if (onlyOurs.length === 0 && onlyTheirs.length === 0) return '';
  const listed = DIFFERENCES.find(
    (entry) => change in entry.changes && same(entry.ours, onlyOurs) && same(entry.theirs, onlyTheirs),
  );
  if (!listed) return `only dtdl: ${onlyOurs}; only DTDLParser: ${onlyTheirs}`;
  const counts = occurred.get(listed);
  counts[change] = (counts[change] ?? 0) + 1;
  return '';
}

function kindOf({ codes, unresolved }) {
  if (codes.length > 0) return [...new Set(codes)].join(', ');
  return unresolved.length > 0 ? `not defined: ${unresolved.join(', ')}` : 'valid';
}

function without(codes, others) {
  return [...new Set(codes)].filter((code) => !others.includes(code));
}

function same(left, right) {
  return JSON.stringify([...new Set(left)].sort()) === JSON.stringify([...new Set(right)].sort());
}

/** Returns the entries whose changes did not occur exactly as often as listed, with the actual numbers. */
function miscounted() {
  return DIFFERENCES.map((entry) => ({ ...entry, occurred: occurred.get(entry) })).filter(
    (entry) => !isDeepStrictEqual(entry.changes, entry.occurred),
  );
}

module.exports = { differenceOf, miscounted };
