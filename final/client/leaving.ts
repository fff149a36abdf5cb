import type { Connection } from './connection.ts';
import { defer } from './deferred.ts';

/** Unsubscribes from topics. Resolves when the broker has answered, or cannot any more. */
export async function leave(connection: Connection, topics: readonly string[]): Promise<void> {
  await Promise.all(
    topics.map((topic) => {
      const answer = defer<void>();
      const done = () => answer.resolve();
      // Refused, because it was never made, or lost with the connection: there is no subscription either way.
      const request = connection.expect({ answered: done, failed: done });
      connection.push({ type: 'UNSUBSCRIBE', request, topic });
      return answer.promise;
    }),
  );
}
