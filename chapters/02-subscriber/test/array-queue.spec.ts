import { test } from 'uvu';
import { ArrayQueue } from '#topics/naive';
import { testQueue } from './queue-cases.ts';

testQueue(() => new ArrayQueue());

test.run();
