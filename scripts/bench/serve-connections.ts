/**
 * Serves an empty connection table of chapter 5 for a benchmark, as a process of its own; it speaks with its parent as
 * serve-leveret.ts does.
 */
import process from 'node:process';
import { ConnectionTable } from '#connections';

const table = new ConnectionTable(
  { maxConnections: 100_000 },
  { received: (connection, chunk) => void connection.write(chunk) },
);
const { port } = await table.listen({ backlog: 4_096 });
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc?.();
  process.send?.({ memory: process.memoryUsage() });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
