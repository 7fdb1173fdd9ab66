'use strict';
// Digital Twins: queries.

const assert = require('node:assert');

const { check, run } = require('../peer');
const { BASE, MODELS, client, items, pages, refused, room } = require('../twins');

const name = (at) => `room-${String(at).padStart(2, '0')}`;
const query = (text) => items(client.queryTwins(text));

check('a graph exists', async () => {
  await client.createModels(MODELS);
  for (let at = 0; at < 12; at += 1) {
    await client.upsertDigitalTwin(name(at), room({ name: `Room ${at}`, temperature: at + 0.5 }));
  }
  for (let at = 0; at < 11; at += 1) {
    const next = { $relationshipName: 'leadsTo', $targetId: name(at + 1), width: at };
    await client.upsertRelationship(name(at), 'next', next);
  }
});

check('query twins returns whole twins', async () => {
  const rows = await query("SELECT * FROM DIGITALTWINS WHERE $dtId = 'room-03'");
  assert.deepStrictEqual(rows, [(await client.getDigitalTwin('room-03')).body]);
});

check('query twins page by page', async () => {
  const found = await pages(client.queryTwins('SELECT * FROM DIGITALTWINS', 5));
  assert.ok(found.length >= 3 && found.every((page) => page.length <= 5), 'expected pages of five');
  assert.deepStrictEqual(new Set(found.flat().map(({ $dtId }) => $dtId)).size, 12);
});

check('query twins with projections, counts and models', async () => {
  const text = "SELECT T.name, T.temperature AS degrees FROM DIGITALTWINS T WHERE T.$dtId = 'room-03'";
  assert.deepStrictEqual(await query(text), [{ name: 'Room 3', degrees: 3.5 }]);
  assert.deepStrictEqual(await query('SELECT COUNT() FROM RELATIONSHIPS'), [{ COUNT: 11 }]);
  assert.strictEqual((await query(`SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('${BASE}')`)).length, 12);
  assert.strictEqual(
    (await query(`SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('${BASE}', exact)`)).length,
    0,
  );
});

check('query twins with joins', async () => {
  const join = 'SELECT T, R FROM DIGITALTWINS S JOIN T RELATED S.leadsTo R';
  const [row] = await query(`${join} WHERE S.$dtId = 'room-04' AND R.width >= 4`);
  assert.deepStrictEqual([row.T.$dtId, row.R.$relationshipId], ['room-05', 'next']);
});

check('invalid query is refused', async () => {
  const { message } = await refused(() => query('foo'), 400, 'SqlQueryError');
  assert.match(message, /missing SELECT at 'foo'/);
});

run();
