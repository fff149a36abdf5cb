import type { WrongSolution } from '../../../scripts/course/wrong.ts';

/** Each breaks one thing that must hold; its step refuses it. */
export const wrong: readonly WrongSolution[] = [
  {
    step: '3.1',
    breaks: 'a receiver that has closed is still given values',
    file: 'examples/queue-channel.ts',
    from: '    this.#leave(this);\n',
    to: '',
  },
  {
    step: '3.2',
    breaks: 'a full ring has lost its oldest value',
    file: 'ring.ts',
    from: 'this.#next - this.capacity)',
    to: 'this.#next - this.capacity + 1)',
  },
  {
    step: '3.2',
    breaks: 'a value is held though all have read it',
    file: 'ring.ts',
    from: '    if (left === 0) this.#slots[slot] = undefined;\n',
    to: '',
  },
  {
    step: '3.2',
    breaks: 'leaving takes reads off places that hold newer values',
    file: 'ring.ts',
    from: 'Math.max(from, this.oldest)',
    to: 'from',
  },
  {
    step: '3.3',
    breaks: 'a receiver that has lost nothing is told of a loss, again and again',
    file: 'receiver.ts',
    from: 'if (this.#position < oldest)',
    to: 'if (this.#position <= oldest)',
  },
  {
    step: '3.3',
    breaks: 'the position stays where it is when a loss was told',
    file: 'receiver.ts',
    from: '      this.#position = oldest;\n',
    to: '',
  },
  {
    step: '3.4',
    breaks: 'who was woken does not look whether somebody else was faster',
    file: 'receiver.ts',
    from: `        this.#waiting.push(resolve);
      });
`,
    to: `        this.#waiting.push(resolve);
      });
      return this.tryReceive();
`,
  },
  {
    step: '3.4',
    breaks: 'who waits when the receiver finishes waits for ever',
    file: 'receiver.ts',
    from: '    this.#leave(this);\n    this.#resume();\n',
    to: '    this.#leave(this);\n',
  },
  {
    step: '3.4',
    breaks: 'what a receiver left unread is held',
    file: 'receiver.ts',
    from: '    this.#ring.release(this.#position, this.#end);\n',
    to: '',
  },
  {
    step: '3.5',
    breaks: 'each value wakes everybody at once',
    file: 'broadcast-channel.ts',
    from: 'setImmediate(() => this.#wakeAll());',
    to: 'this.#wakeAll();',
  },
  {
    step: '3.5',
    breaks: 'a receiver that comes while others are woken is woken with them',
    file: 'broadcast-channel.ts',
    from: 'of [...this.#receivers])',
    to: 'of this.#receivers)',
  },
  {
    step: '3.6',
    breaks: 'a large frame overtakes the small ones before it',
    file: 'batched-writer.ts',
    from: '      this.flush();\n      this.#socket.write(bytes);',
    to: '      this.#socket.write(bytes);',
  },
  {
    step: '3.6',
    breaks: 'what is gathered in one callback has no bound',
    file: 'batched-writer.ts',
    from: '    if (this.#size >= BATCH_BYTES) this.flush();\n',
    to: '',
  },
  {
    step: '3.7',
    breaks: 'a connection that ends no longer reads, so the system resets it',
    file: 'frame-socket.ts',
    from: 'if (this.#ending || this.#handlers.mayRead())',
    to: 'if (this.#handlers.mayRead())',
  },
  {
    step: '3.7',
    breaks: 'a peer that does not go is never closed',
    file: 'frame-socket.ts',
    from: 'setTimeout(() => this.#socket.destroy(), milliseconds)',
    to: 'setTimeout(() => {}, milliseconds)',
  },
  {
    step: '3.8',
    breaks: 'nobody reads while an answer is awaited',
    file: 'request-socket.ts',
    from: 'hasRoom() || this.#answers.length > 0 || this.#failure !== undefined',
    to: 'hasRoom()',
  },
  {
    step: '3.9',
    breaks: 'a turn that is over does not renew the budget',
    file: 'turn-budget.ts',
    from: '        this.#spent = 0;\n',
    to: '',
  },
  {
    step: '3.10',
    breaks: 'a burst overruns the ring before anybody can read',
    file: 'broadcast-server.ts',
    from: '    await budget.spend();\n',
    to: '',
  },
  {
    step: '3.10',
    breaks: 'the server holds what a slow client does not take',
    file: 'broadcast-server.ts',
    from: '    if (writer.full) await writer.drained();\n',
    to: '',
  },
];
