import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeLagged, encodeLagged, LAGGED_TYPE, TurnBudget } from '#broadcast/server';
import { encodeFrame } from '#framing';
import { guarded } from './guarded.ts';
import { turn } from './reading.ts';

const hex = (bytes: Buffer) => bytes.toString('hex');

const laggedSuite = suite('lagged frame');

laggedSuite(
  'is type 0x4c with a u32 count',
  guarded(() => {
    assert.is(LAGGED_TYPE, 0x4c, 'its type');
    assert.is(hex(encodeFrame(LAGGED_TYPE, encodeLagged(258))), '000000054c00000102', 'its bytes');
    assert.is(decodeLagged(Buffer.from('00000102', 'hex')), 258, 'its count');
  }),
);

laggedSuite(
  'a count beyond 32 bits says the largest there is',
  guarded(() => {
    assert.is(hex(encodeLagged(2 ** 32 - 1)), 'ffffffff', 'the largest count');
    assert.is(hex(encodeLagged(2 ** 32 + 7)), 'ffffffff', 'a count beyond it');
    assert.is(decodeLagged(Buffer.from('ffffffff', 'hex')), 2 ** 32 - 1, 'read again');
  }),
);

laggedSuite(
  'a body that is not four bytes long is refused',
  guarded(() => {
    for (const body of ['', '000102', '0000010203']) {
      assert.throws(
        () => decodeLagged(Buffer.from(body, 'hex')),
        (error: { code?: string }) => error.code === 'BAD_FRAME',
        `BAD_FRAME for a body of ${body.length / 2} bytes`,
      );
    }
  }),
);

laggedSuite.run();

const budgetSuite = suite('turn budget');

/** Spends one after the other, and notes each. */
async function spendAll(budget: TurnBudget, count: number, spent: number[]): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await budget.spend();
    spent.push(n);
  }
}

budgetSuite(
  'lets so many through in one turn, and the rest in the next ones',
  guarded(async () => {
    const budget = new TurnBudget(3);
    const spent: number[] = [];
    const seen: number[] = [];
    void spendAll(budget, 8, spent);
    for (let n = 0; n < 4; n += 1) {
      await turn();
      seen.push(spent.length);
    }
    assert.is(seen[0], 3, 'after the first turn');
    assert.equal(seen, [3, 6, 8, 8], 'after each turn');
  }),
);

budgetSuite(
  'all who spend share one budget',
  guarded(async () => {
    const budget = new TurnBudget(4);
    const spent: number[] = [];
    for (let who = 0; who < 3; who += 1) void spendAll(budget, 3, spent);
    await turn();
    assert.is(spent.length, 4, 'after the first turn, from three who spend');
    await turn();
    assert.is(spent.length, 8, 'after the second');
    await turn();
    assert.is(spent.length, 9, 'after the third');
  }),
);

budgetSuite(
  'what the spending has booked for the end of the turn runs before the next is let through',
  guarded(async () => {
    const budget = new TurnBudget(1);
    const log: string[] = [];
    const spend = async () => {
      for (const what of ['one', 'two']) {
        await budget.spend();
        log.push(what);
        setImmediate(() => log.push(`${what} was read`));
      }
    };
    await spend();
    await turn();
    assert.equal(log, ['one', 'one was read', 'two', 'two was read'], 'the order');
  }),
);

budgetSuite(
  'a budget that was not used up is there anew after a wait',
  guarded(async () => {
    const budget = new TurnBudget(2);
    await spendAll(budget, 5, []);
    const spent: number[] = [];
    await turn();
    void spendAll(budget, 4, spent);
    await turn();
    await turn();
    await turn();
    assert.is(spent.length, 4, 'nobody is held for ever');
  }),
);

budgetSuite.run();
