import { test } from 'uvu';
import { ArrayQueue } from '#topics/array-queue';
import { testQueue } from './queue-cases.ts';

testQueue(() => new ArrayQueue());

test.run();
