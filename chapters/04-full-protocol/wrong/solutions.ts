import type { WrongSolution } from '../../../scripts/course/wrong.ts';

const ROOM =
  '      if (channel.next % channel.capacity === 0) for (const client of clients) client.collect();\n';
const PUBLISH = '      channel.publish(message);\n';

/** Each breaks one thing that the lesson says must hold; the step that says so refuses it. */
export const wrong: readonly WrongSolution[] = [
  {
    step: '4.1',
    breaks: 'a client is told the words of a fault of ours',
    file: 'wire/errors.ts',
    from: "new ProtocolError('INTERNAL', 'a fault of the broker, not of the client', {",
    to: "new ProtocolError('INTERNAL', String(thrown), {",
  },
  {
    step: '4.2',
    breaks: 'a count that cannot be true is found out by reading the records',
    file: 'wire/fields.ts',
    from: 'if (count * RECORD_HEADER_SIZE > from.left)',
    to: 'if (count < 0)',
  },
  {
    step: '4.3',
    breaks: 'bytes behind the last field are passed over',
    file: 'wire/codec.ts',
    from: 'if (from.left > 0)',
    to: 'if (from.left < 0)',
  },
  {
    step: '4.4',
    breaks: 'a record may be larger than the MESSAGES that must carry it',
    file: 'wire/checks.ts',
    from: 'limits.maxFrameSize - messagesOverhead(frame.topic)',
    to: 'limits.maxFrameSize',
  },
  {
    step: '4.4',
    breaks: 'a token is shown',
    file: 'wire/describe.ts',
    from: "value === '' ? '\"\"' : '***'",
    to: 'JSON.stringify(value)',
  },
  {
    step: '4.6',
    breaks: 'frames behind the last one of a connection are served',
    file: 'broker/session.ts',
    from: "    // Behind the last frame of a connection there may be others in the same read.\n    if (state.is === 'closing') return;\n",
    to: '',
  },
  {
    step: '4.5',
    breaks: 'frames stay as small as before HELLO, or may be as large',
    file: 'broker/session.ts',
    from: '    this.#socket.limit = limits.maxFrameSize;\n',
    to: '',
  },
  {
    step: '4.6',
    breaks: 'a request that is refused ends the connection',
    file: 'broker/requests.ts',
    from: 'if (error.fatal) throw error;',
    to: 'throw error;',
  },
  {
    step: '4.6',
    breaks: 'a request that asks for no answer gets one',
    file: 'broker/requests.ts',
    from: 'return answer.request === 0 ? undefined : answer;',
    to: 'return answer;',
  },
  {
    step: '4.7',
    breaks: 'room in the channel is made after publishing',
    file: 'broker/channel-engine.ts',
    from: ROOM + PUBLISH,
    to: PUBLISH + ROOM,
  },
  {
    step: '4.7',
    breaks: 'no room is made in the channel',
    file: 'broker/channel-engine.ts',
    from: ROOM,
    to: '',
  },
  {
    step: '4.7',
    breaks: 'a slow subscriber is an error of whoever publishes',
    file: 'broker/channel-engine.ts',
    from: '      this.#session.fail(error);\n',
    to: '      throw error;\n',
  },
  {
    step: '4.8',
    breaks: 'payloads are kept where they lay in the frame',
    file: 'broker/channel-engine.ts',
    from: 'topic.append(key, Buffer.from(payload))',
    to: 'topic.append(key, payload)',
  },
  {
    step: '4.8',
    breaks: 'the header of MESSAGES is not counted',
    file: 'broker/channel-engine.ts',
    from: 'maxFrameSize - wire.messagesOverhead(buffer.topic)',
    to: 'maxFrameSize',
  },
  {
    step: '4.8',
    breaks: 'a full socket is filled further',
    file: 'broker/channel-engine.ts',
    from: 'while (!session.full) {',
    to: 'for (;;) {',
  },
  {
    step: '4.9',
    breaks: 'any answer of the right type is taken',
    file: 'client/client.ts',
    from: 'if (answer.type !== expected || requestOf(answer) !== requestOf(frame))',
    to: 'if (answer.type !== expected)',
  },
  {
    step: '4.9',
    breaks: 'the limit of frames is raised when the promise is looked at',
    file: 'client/client.ts',
    from: `    await this.#request(frame, 'WELCOME', ({ connectionId, epoch, maxFrameSize }) => {
      Object.assign(this, { connectionId, epoch });
      this.#socket.limit = maxFrameSize;
    });
`,
    to: `    const { connectionId, epoch, maxFrameSize } = await this.#request(frame, 'WELCOME');
    Object.assign(this, { connectionId, epoch });
    this.#socket.limit = maxFrameSize;
`,
  },
  {
    step: '4.10',
    breaks: 'a subscription is there only when the promise is looked at',
    file: 'client/client.ts',
    from: `    await this.#request(frame, 'OK', () => {
      this.#subscriptions.get(topic)?.end();
      this.#subscriptions.set(topic, subscription);
    });
`,
    to: `    await this.#request(frame, 'OK');
    this.#subscriptions.get(topic)?.end();
    this.#subscriptions.set(topic, subscription);
`,
  },
  {
    step: '4.10',
    breaks: 'a message keeps the payload that was lent',
    file: 'client/subscription.ts',
    from: 'const payload = Buffer.from(record.payload);',
    to: 'const payload = record.payload as Buffer;',
  },
  {
    step: '4.10',
    breaks: 'a client reads on while its program takes nothing',
    file: 'client/client.ts',
    from: '    this.#waitingBytes += bytes;\n',
    to: '',
  },
];
