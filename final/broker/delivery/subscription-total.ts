/** Counts the subscriptions of all connections together: each costs the broker memory, whoever holds it. */
export class SubscriptionTotal {
  /** How many there may be. */
  readonly max: number;
  /** How many there are. */
  size = 0;

  constructor(max: number) {
    this.max = max;
  }
}
