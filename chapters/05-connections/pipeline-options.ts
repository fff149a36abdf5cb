import type { TableListenOptions } from './connection-table.ts';
import { type ConnectionOptions, checkTimeout, checkWhole } from './options.ts';
import type { Cutting } from './piece-reader.ts';

/** The bounds of a pipeline. A waiting piece costs its bytes and 128 more. */
export interface PipelineLimits {
  /**
   * How much may wait in all connections' lines together. Beyond it, no socket is read.
   * @defaultValue 16 MiB
   */
  readonly queueBytes?: number;
  /**
   * How much may wait in one connection's line. Beyond it, that socket is not read.
   * @defaultValue 256 KiB
   */
  readonly connectionQueueBytes?: number;
  /**
   * How many `opened` and how many `closed` events may wait. Beyond it, newcomers are turned away.
   * @defaultValue 1,024
   */
  readonly eventQueue?: number;
  /**
   * How many bytes may wait for one peer to take them. Beyond it, the connection is closed as `slow`.
   * @defaultValue 16 MiB
   */
  readonly sendQueueBytes?: number;
  /**
   * How long a piece may take from its first byte to its last, in milliseconds; then the connection is closed as
   * `deadline`. A peer that sends a byte now and then is never idle, and would never be done. 0: for ever.
   * @defaultValue 10,000 ms
   */
  readonly pieceTimeout?: number;
}

/** Options of `startPipeline`. */
export interface PipelineOptions extends ConnectionOptions, TableListenOptions, PipelineLimits {
  /**
   * How the bytes that arrive are cut into pieces.
   * @defaultValue `'raw'`: not at all, as they come
   */
  readonly cutting?: Cutting;
}

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names the option and quotes the bad value
 */
export function readLimits(options: PipelineLimits): Required<PipelineLimits> {
  const {
    queueBytes = 16_777_216,
    connectionQueueBytes = 262_144,
    eventQueue = 1_024,
    sendQueueBytes = 16_777_216,
    pieceTimeout = 10_000,
  } = options;
  for (const [name, value] of Object.entries({
    queueBytes,
    connectionQueueBytes,
    eventQueue,
    sendQueueBytes,
  })) {
    checkWhole(name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  checkTimeout('pieceTimeout', pieceTimeout);
  return { queueBytes, connectionQueueBytes, eventQueue, sendQueueBytes, pieceTimeout };
}
