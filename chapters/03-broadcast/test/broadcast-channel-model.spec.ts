import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastChannel, type Received, type Receiver } from '#broadcast';
import { guarded } from './guarded.ts';

/**
 * The model: every receiver has a plain list of all it has not read, and a ring is only a rule about how long
 * that list may be. It copies everything everywhere, so it is easy to believe and far too slow to use.
 */
interface ModelReceiver {
  unread: number[];
  missed: number;
  subscribed: boolean;
}

interface Model {
  readonly capacity: number;
  readonly receivers: ModelReceiver[];
  closed: boolean;
  /** Numbers given out; values that nobody could receive get none. */
  published: number;
}

interface Real {
  readonly channel: BroadcastChannel<number>;
  readonly receivers: Array<Receiver<number>>;
}

function expectedRead(receiver: ModelReceiver): Received<number> | undefined {
  if (receiver.missed > 0) {
    const lagged = receiver.missed;
    receiver.missed = 0;
    return { lagged };
  }
  const value = receiver.unread.shift();
  return value === undefined ? undefined : { value };
}

type Command = fc.Command<Model, Real>;

class Publish implements Command {
  check = () => true;
  run(model: Model, real: Real): void {
    const subscribed = model.receivers.filter((receiver) => receiver.subscribed);
    const receivers = model.closed ? 0 : subscribed.length;
    const value = model.published;
    assert.is(real.channel.publish(value), receivers);
    if (receivers === 0) return;
    model.published += 1;
    for (const receiver of subscribed) receiver.unread.push(value);
    // Overwritten for everybody, also for those that take nothing newer.
    for (const receiver of model.receivers) {
      while (receiver.unread.length > 0 && (receiver.unread[0] ?? 0) < model.published - model.capacity) {
        receiver.unread.shift();
        receiver.missed += 1;
      }
    }
  }
  toString = () => 'publish';
}

class Subscribe implements Command {
  check = (model: Readonly<Model>) => model.receivers.length < 6;
  run(model: Model, real: Real): void {
    model.receivers.push({ unread: [], missed: 0, subscribed: true });
    real.receivers.push(real.channel.subscribe());
  }
  toString = () => 'subscribe';
}

/** A command on one of the receivers there are. */
abstract class OnReceiver implements Command {
  readonly pick: number;
  constructor(pick: number) {
    this.pick = pick;
  }
  check = (model: Readonly<Model>) => model.receivers.length > 0;
  run(model: Model, real: Real): void {
    const index = this.pick % model.receivers.length;
    this.act(model.receivers[index]!, real.receivers[index]!, model, real);
  }
  abstract act(model: ModelReceiver, receiver: Receiver<number>, all: Model, real: Real): void;
  toString = () => `${this.constructor.name.toLowerCase()} ${this.pick}`;
}

class Read extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>, all: Model): void {
    assert.is(receiver.lag, model.unread.length + model.missed);
    assert.equal(receiver.tryReceive(), expectedRead(model));
    assert.is(receiver.lag, model.unread.length);
    const more = model.unread.length > 0 || (model.subscribed && !all.closed);
    assert.is(receiver.ended, !more);
  }
}

class Leave extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>, all: Model, real: Real): void {
    receiver.close();
    Object.assign(model, { unread: [], missed: 0, subscribed: false });
    if (!all.closed) assert.is(real.channel.receivers, all.receivers.filter((r) => r.subscribed).length);
  }
}

class Finish extends OnReceiver {
  override act(model: ModelReceiver, receiver: Receiver<number>): void {
    receiver.finish();
    model.subscribed = false;
  }
}

class CloseChannel implements Command {
  check = (model: Readonly<Model>) => model.published > 5;
  run(model: Model, real: Real): void {
    real.channel.close();
    model.closed = true;
  }
  toString = () => 'close the channel';
}

const pick = fc.nat({ max: 5 });
const commands = fc.commands(
  [
    ...Array.from({ length: 4 }, () => fc.constant(new Publish())),
    ...Array.from({ length: 3 }, () => pick.map((index) => new Read(index))),
    fc.constant(new Subscribe()),
    pick.map((index) => new Leave(index)),
    pick.map((index) => new Finish(index)),
    fc.constant(new CloseChannel()),
  ],
  { maxCommands: 120, size: 'max' },
);

const modelSuite = suite('broadcast channel, model');

modelSuite(
  '2,000 random histories agree with plain lists',
  guarded(() => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), commands, (capacity, sequence) => {
        fc.modelRun(
          () => ({
            model: { capacity, receivers: [], closed: false, published: 0 } as Model,
            real: { channel: new BroadcastChannel<number>(capacity), receivers: [] } as Real,
          }),
          sequence,
        );
      }),
      { numRuns: 2000 },
    );
  }),
);

modelSuite(
  'every value is read once or told as missed, however reads and writes interleave',
  guarded(async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }),
        fc.scheduler(),
        async (capacity, bursts, scheduler) => {
          const channel = new BroadcastChannel<number>(capacity);
          const total = bursts.reduce((sum, burst) => sum + burst, 0);
          const readers = [0, 1, 2].map(async () => {
            let next = 0;
            for await (const received of channel.subscribe()) {
              if ('lagged' in received) next += received.lagged;
              else assert.is(received.value, next++);
              await scheduler.schedule(Promise.resolve());
            }
            return next;
          });
          const counted = Promise.all(readers);
          counted.catch(() => {}); // a reader may fail long before it is looked at below
          let value = 0;
          for (const burst of bursts) {
            for (let i = 0; i < burst; i += 1) channel.publish(value++);
            await new Promise((resolve) => setImmediate(resolve));
            if (scheduler.count() > 0 && burst % 2 === 0) await scheduler.waitOne();
          }
          channel.close();
          const counts = await scheduler.waitFor(counted);
          assert.equal(counts, [total, total, total]);
        },
      ),
      { numRuns: 200 },
    );
  }),
);

modelSuite.run();
