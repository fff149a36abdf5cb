import type { HeldClient } from './topic-reader.ts';

/**
 * Looks for a deadlock, and breaks it.
 *
 * Under the policy `block` a client waits for a topic, which waits for a reader, which reads for another client, which may
 * wait in turn. Where that chain leads back to the client itself, nobody in it will ever go on: what the client sends, its
 * commits included, is not read. The reader that closes the cycle is disconnected as too slow, and all others go on.
 *
 * @param client - the one that has just begun to wait, or whose reader has just begun to hold others back
 */
export function breakDeadlock(client: HeldClient): void {
  const seen = new Set([client]);
  // The set grows while it is walked over.
  for (const { heldBy } of seen) {
    for (const { blockers } of heldBy) {
      for (const reader of blockers) {
        for (const next of reader.waitsFor) {
          if (next === client) {
            reader.tooSlow();
            return;
          }
          seen.add(next);
        }
      }
    }
  }
}
