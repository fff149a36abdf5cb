import { LeveretError } from '#framing';

/** Whether only programs on this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Refuses to open a door that anybody on the network could walk through.
 *
 * @param guarded - true when there are rules that keep somebody from something, or when an open door is what the owner
 * wants
 * @throws LeveretError `INSECURE` for an address that other machines can reach, unless it is guarded
 */
export function checkExposure(host: string, guarded: boolean): void {
  if (guarded || isLoopback(host)) return;
  throw new LeveretError(
    'INSECURE',
    `${host} can be reached from other machines, and anybody may do anything without a token: set one, or pass --insecure if that is meant`,
  );
}
