import type { Platform } from './platform.ts';

/** How far a subscription has come in one topic. A subscription to a pattern has one for each topic that it met. */
export class Position {
  readonly topic: string;
  readonly platform: Platform;
  /** Last id that has come, on this connection or an earlier one. */
  received = 0;
  /** Last id that has come on this connection, or after which it began: the broker takes no COMMIT beyond it. */
  delivered = 0;
  /** Last id that is committed here: the broker may not know of it yet. */
  committed = 0;
  /** Last id that the broker was told of. */
  told = 0;
  /** Messages handed to an iterator since the broker was told. */
  handed = 0;
  /** In a group, where ids do not come in order: commits that the broker was not told of. */
  commits: number[] = [];
  /** True while it stands in the list of those to tell the broker about. */
  listed = false;
  /** True when something has come since this was last asked for. */
  isUsed = false;

  constructor(topic: string, platform: Platform) {
    this.topic = topic;
    this.platform = platform;
  }

  /** True when all that has come is dealt with, and the broker was told of it or will be with the next. */
  get isDone(): boolean {
    return this.committed >= this.received && !this.listed && this.commits.length === 0;
  }

  /** Nothing before or at this id will come again. */
  startAfter(id: number): void {
    this.received = this.delivered = this.committed = this.told = id;
    this.handed = 0;
    this.commits = [];
  }
}
