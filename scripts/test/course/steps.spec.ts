import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSteps } from '../../course/steps.ts';

const steps = suite('steps of a lesson');

const LESSON = `# 2. A title

## Build it

### 2.1 A queue

<!-- check: queue.spec.ts, async-queue.spec.ts -->

Write it.

<details>
<summary>Hint 1</summary>

Think of the head.

</details>

<details>
<summary>Answer</summary>

Here it is.

</details>

### Why

### 2.2 A topic

## Next
`;

steps('come with title, anchor, test files and hints; an answer is no hint', () => {
  assert.equal(readSteps(LESSON), [
    {
      id: '2.1',
      title: 'A queue',
      anchor: '21-a-queue',
      checks: ['queue.spec.ts', 'async-queue.spec.ts'],
      hints: ['Think of the head.'],
    },
    { id: '2.2', title: 'A topic', anchor: '22-a-topic', checks: [], hints: [] },
  ]);
});

steps.run();
