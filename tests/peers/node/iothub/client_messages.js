'use strict';
// Client: cloud-to-device messages, feedback and file notifications, over AMQP and AMQP over WebSocket.

const assert = require('node:assert');

const { CONNECTION_STRING, HOST_NAME, KEYS, body, device, hub, registry, rest } = require('../hub');
const { Message } = require('azure-iothub/dist/common-core/message');
const { NoRetry } = require('azure-iothub/dist/common-core/retry_policy');
const { check, credential, failure, manage, run, until, watched } = require('../peer');

const client = watched(hub.Client.fromConnectionString(CONNECTION_STRING));
const reg = registry();
const ODD_ID = "dev:1.2+3%_#*?!(),=@$;'";
const waiting = async (deviceId) => (await body(reg.get(deviceId))).cloudToDeviceMessageCount;

check('devices exist', async () => {
  for (const deviceId of ['plain', 'full', 'asked', ODD_ID]) await reg.create({ deviceId });
});

check('open', async () => {
  assert.ok(await client.open());
});

check('send is queued for the device', async () => {
  await client.send('plain', new Message('hello'));
  await client.send('plain', 'a text');
  await client.send('plain', new Message(Buffer.from([0, 1, 255])));
  assert.strictEqual(await waiting('plain'), 3);
});

check('send with all properties', async () => {
  const message = new Message('{"a": "ü ☃"}');
  Object.assign(message, {
    messageId: 'message-1',
    correlationId: 'correlation-1',
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    expiryTimeUtc: Date.now() + 600_000,
    userId: 'someone',
    ack: 'full',
  });
  message.properties.add('text', 'Grüße ☃');
  await client.send('asked', message);
  assert.strictEqual(await waiting('asked'), 1);
});

check('send to a device with punctuation in its id', async () => {
  await client.send(ODD_ID, new Message('hello'));
  assert.strictEqual(await waiting(ODD_ID), 1);
});

check('send to a missing device is refused', async () => {
  const error = await failure(() => client.send('missing', new Message('hello')));
  assert.deepStrictEqual([error.name, error.amqpError.condition], ['DeviceNotFoundError', 'amqp:not-found']);
});

check('send to a full queue is refused', async () => {
  client.setRetryPolicy(new NoRetry());
  for (let at = 0; at < 50; at += 1) await client.send('full', new Message(`message ${at}`));
  const error = await failure(() => client.send('full', new Message('one too many')));
  assert.deepStrictEqual(
    [error.name, error.amqpError.condition],
    ['DeviceMaximumQueueDepthExceededError', 'amqp:resource-limit-exceeded'],
  );
  assert.strictEqual(await waiting('full'), 50);
});

/** Purges a message to `asked` from the queue, which causes feedback. */
async function purge(messageId) {
  const message = new Message('hello');
  Object.assign(message, { messageId, ack: 'full' });
  await client.send('asked', message);
  assert.strictEqual(await rest('DELETE', '/devices/asked/commands'), 200);
}

// Feedback is batched for at most 15 seconds.
const batch = () => manage('POST', '/clock/advance', { seconds: 16 });
const records = (message) => JSON.parse(message.data.toString());

let feedback;
const received = [];

check('get feedback receiver', async () => {
  const { result } = await client.getFeedbackReceiver();
  feedback = watched(result);
  feedback.on('message', (message) => received.push(message));
  feedback.on('errorReceived', (error) => received.push(error));
});

check('feedback of a purged message is received', async () => {
  await purge('first');
  await batch();
  const message = await until(() => received.shift());
  const { generationId } = await body(reg.get('asked'));
  const record = records(message).find(({ originalMessageId }) => originalMessageId === 'first');
  assert.deepStrictEqual([record.deviceId, record.statusCode], ['asked', 'Purged']);
  assert.strictEqual(record.deviceGenerationId, generationId);
  await feedback.complete(message);
});

check('feedback is accepted before it can be abandoned or rejected', async () => {
  // This client accepts every delivery on receipt, so a later abandon or reject has no effect.
  for (const [messageId, settle] of [
    ['second', 'abandon'],
    ['third', 'reject'],
  ]) {
    await purge(messageId);
    await batch();
    const message = await until(() => received.shift());
    assert.strictEqual(records(message)[0].originalMessageId, messageId);
    await feedback[settle](message);
  }
  assert.deepStrictEqual(received, []);
});

check('feedback of a completed message is received', async () => {
  const message = new Message('hello');
  Object.assign(message, { messageId: 'fourth', ack: 'positive' });
  await client.send('asked', message);
  const { lockToken } = await device('asked', 'messages/receive', undefined, 'POST');
  await device('asked', `messages/${lockToken}/complete`, undefined, 'POST');
  await batch();
  const got = await until(() => received.shift());
  const [record] = records(got);
  assert.deepStrictEqual(
    [record.originalMessageId, record.statusCode, record.description],
    ['fourth', 'Success', 'Success'],
  );
  await feedback.complete(got);
});

check('detach the feedback receiver', async () => {
  await feedback.detach();
  const { result } = await client.getFeedbackReceiver();
  watched(result).forceDetach();
});

check('get file notification receiver', async () => {
  const { result } = await client.getFileNotificationReceiver();
  const files = [];
  result.on('message', (message) => files.push(message));
  await manage('POST', '/iothub/filenotifications', {
    deviceId: 'plain',
    blobUri: 'https://storage.example/files/plain/log.txt',
    blobName: 'plain/log.txt',
    blobSizeInBytes: 1234,
  });
  const message = await until(() => files.shift());
  const { deviceId, blobName, blobSizeInBytes, lastUpdatedTime } = records(message);
  assert.ok(!Number.isNaN(Date.parse(lastUpdatedTime)), lastUpdatedTime);
  assert.deepStrictEqual([deviceId, blobName, blobSizeInBytes], ['plain', 'plain/log.txt', 1234]);
  await result.complete(message);
});

check('close', async () => {
  await client.close();
});

check('send over a websocket', async () => {
  const overSocket = hub.Client.fromConnectionString(CONNECTION_STRING, hub.AmqpWs);
  await overSocket.open();
  await overSocket.send('plain', new Message('through a socket'));
  await overSocket.close();
  assert.strictEqual(await waiting('plain'), 4);
});

check('a token credential is accepted', async () => {
  const withToken = hub.Client.fromTokenCredential(HOST_NAME, credential);
  await withToken.send('plain', new Message('by token'));
  await withToken.close();
  assert.strictEqual(await waiting('plain'), 5);
});

check('a wrong key is refused', async () => {
  const wrong = CONNECTION_STRING.replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${KEYS.primaryKey}`);
  const stranger = hub.Client.fromConnectionString(wrong);
  stranger.setRetryPolicy(new NoRetry());
  const error = await failure(() => stranger.open());
  assert.match(`${error.name} ${error.amqpError?.name}`, /UnauthorizedError/);
});

run();
