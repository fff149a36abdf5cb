import type { Logger } from 'pino';
import { ConfigError } from '../broker/config-issue.ts';
import type { Broker } from '../index.ts';
import { loadConfig, messageFor } from './config/load.ts';
import type { ServeSettings } from './config/settings.ts';
import type { Flags } from './config/sources.ts';

/** What a running broker takes from a configuration that has changed. */
const TAKEN: ReadonlySet<string> = new Set(['auth', 'tls']);

/**
 * Reads the configuration again, with the flags and the environment that the process was started with, and gives tokens and
 * certificates to the broker. What is wrong is logged, and what held before still holds.
 */
export function reload(broker: Broker, flags: Flags, started: ServeSettings, logger: Logger): void {
  try {
    const { settings, origins } = loadConfig(flags, process.env);
    try {
      broker.reload({ auth: settings.auth, tls: settings.tls });
    } catch (error) {
      throw error instanceof ConfigError ? new Error(messageFor(error, origins), { cause: error }) : error;
    }
    const later = Object.keys({ ...started, ...settings }).filter((name) => {
      return (
        !TAKEN.has(name) &&
        JSON.stringify(settingOf(started, name)) !== JSON.stringify(settingOf(settings, name))
      );
    });
    if (later.length > 0)
      logger.warn({ options: later }, 'these options have changed: they hold from the next start');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ reason }, 'the new configuration is refused; what held before still holds');
  }
}

function settingOf(settings: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(settings, name)?.value;
}
