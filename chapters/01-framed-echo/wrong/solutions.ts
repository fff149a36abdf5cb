/** Solutions with one mistake each, first those that the checks once let pass. Each step must refuse its own. */
import type { WrongSolution } from '../../../scripts/course/wrong.ts';

export const wrong: readonly WrongSolution[] = [
  {
    step: '1.5',
    breaks: 'memory is taken before the size was checked',
    file: 'frame-reader.ts',
    from: `checkSize(this.#size, this.#limit);
      this.#frame = Buffer.allocUnsafeSlow(this.#size);`,
    to: `this.#frame = Buffer.allocUnsafeSlow(this.#size);
      checkSize(this.#size, this.#limit);`,
  },
  {
    step: '1.4',
    breaks: 'memory is taken for a whole frame before its size was checked',
    file: 'frame-reader.ts',
    from: 'if (size < TYPE_SIZE || size > this.#limit) checkSize(size, this.#limit);',
    to: 'Buffer.allocUnsafeSlow(size);\n        checkSize(size, this.#limit);',
  },
  {
    step: '1.5',
    breaks: 'the fields are cleared after the handler was called',
    file: 'frame-reader.ts',
    from: `this.#frame = undefined;
    this.#size = this.#sizeBytes = this.#filled = 0;
    this.#onFrame(frame[0] as number, frame, TYPE_SIZE, frame.length);`,
    to: `this.#onFrame(frame[0] as number, frame, TYPE_SIZE, frame.length);
    this.#frame = undefined;
    this.#size = this.#sizeBytes = this.#filled = 0;`,
  },
  {
    step: '1.11',
    breaks: 'what was written is lost when a connection is closed',
    file: 'socket-halves.ts',
    from: 'socket.destroySoon();',
    to: 'socket.destroy();',
  },
  {
    step: '1.13',
    breaks: 'a connection whose handler failed loses what was written',
    file: 'server.ts',
    from: 'closeSoon(socket);',
    to: 'socket.destroy();',
  },
  {
    step: '1.10',
    breaks: 'a fault of the program is told as a broken connection',
    file: 'socket-halves.ts',
    from: 'failure = error;',
    to: `failure =
        error instanceof LeveretError
          ? error
          : new LeveretError('DISCONNECTED', 'the connection broke', { cause: error });`,
  },
  {
    step: '1.13',
    breaks: 'a fault of the program is told to nobody',
    file: 'server.ts',
    from: "if (reason.code === 'INTERNAL') console.error(reason);",
    to: '',
  },
  {
    step: '1.10',
    breaks: 'bodies are views of what the socket read',
    file: 'socket-halves.ts',
    from: 'Buffer.from(bytes.subarray(start, end))',
    to: 'bytes.subarray(start, end)',
  },
  {
    step: '1.10',
    breaks: 'a body is all that was read',
    file: 'socket-halves.ts',
    from: 'Buffer.from(bytes.subarray(start, end))',
    to: 'bytes',
  },
  {
    step: '1.10',
    breaks: 'the good frames before a bad one are lost',
    file: 'socket-halves.ts',
    from: 'failure = error;',
    to: 'throw error;',
  },
  {
    step: '1.1',
    breaks: 'the size does not count the type',
    file: 'frame.ts',
    from: 'frame.writeUInt32BE(TYPE_SIZE + body.length, 0);',
    to: 'frame.writeUInt32BE(body.length, 0);',
  },
  {
    step: '1.2',
    breaks: 'the limit itself is refused',
    file: 'frame.ts',
    from: 'if (size > limit) {',
    to: 'if (size >= limit) {',
  },
  {
    step: '1.2',
    breaks: 'a limit of 0 counts as one that was not given',
    file: 'limits.ts',
    from: 'given[name] ?? usual',
    to: 'given[name] || usual',
  },
  {
    step: '1.3',
    breaks: 'only the first frame of a chunk is found',
    file: 'naive-reader.ts',
    from: 'while (this.#kept.length',
    to: 'if (this.#kept.length',
  },
  {
    step: '1.4',
    breaks: 'a frame that lies whole in a chunk is copied',
    file: 'frame-reader.ts',
    from: 'onFrame(chunk[start] as number, chunk, start + TYPE_SIZE, end);',
    to: 'onFrame(chunk[start] as number, Buffer.from(chunk.subarray(start, end)), TYPE_SIZE, size);',
  },
  {
    step: '1.4',
    breaks: 'a reader that failed goes on',
    file: 'frame-reader.ts',
    from: `this.#failed = true;
      this.#failure = error;
      throw error;`,
    to: 'throw error;',
  },
  {
    step: '1.6',
    breaks: 'an end inside a size is taken for an end between frames',
    file: 'frame-reader.ts',
    from: 'if (!this.midFrame) return;',
    to: 'if (this.#frame === undefined) return;',
  },
  {
    step: '1.7',
    breaks: 'a field may lead past the end, as long as there is memory',
    file: 'byte-cursor.ts',
    from: 'if (size > this.end - start) {',
    to: 'if (size > this.bytes.length - start) {',
  },
  {
    step: '1.7',
    breaks: 'a large number turns negative',
    file: 'byte-cursor.ts',
    from: 'return value >>> 0;',
    to: 'return value;',
  },
  {
    step: '1.8',
    breaks: 'the length of a text counts characters',
    file: 'field.ts',
    from: 'to.putNumber(bytes.length, width);',
    to: 'to.putNumber(value.length, width);',
  },
  {
    step: '1.9',
    breaks: 'the last copy of sixteen bytes goes beyond what was asked for',
    file: 'copy-bytes.ts',
    from: 'i + 16 <= size',
    to: 'i < size',
  },
  {
    step: '1.11',
    breaks: 'nobody waits for a socket that is full',
    file: 'socket-halves.ts',
    from: 'if (!this.write(type, body)) await this.drained();',
    to: 'this.write(type, body);',
  },
  {
    step: '1.11',
    breaks: 'a peer that does not read holds its connection open for ever',
    file: 'socket-halves.ts',
    from: 'setTimeout(() => socket.destroy(), FLUSH_DEADLINE_MS)',
    to: 'setTimeout(() => {}, FLUSH_DEADLINE_MS)',
  },
  {
    step: '1.13',
    breaks: 'a connection that breaks ends the process',
    file: 'server.ts',
    from: "socket.on('error', (error) => debug('a connection broke: %s', error.message));",
    to: '',
  },
  {
    step: '1.14',
    breaks: 'a client that does not read fills the memory',
    file: 'echo-server.ts',
    from: 'await writer.send(type, body);',
    to: 'void writer.send(type, body);',
  },
  {
    step: '1.15',
    breaks: 'what was sent is lost when the client closes',
    file: 'frame-client.ts',
    from: 'closeSoon(this.#socket);',
    to: 'this.#socket.destroy();',
  },
];
