/** The browser of the tests: Debian's Chromium, without a window. Ends with the file's tests. */
import { test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';

let browser: Promise<Browser> | undefined;

/** The one browser of this process, started when it is first needed. */
export function launch(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Names of somebody else that lead to this machine, as an attacker's DNS can make them.
      '--host-resolver-rules=MAP *.example 127.0.0.1',
    ],
  });
  return browser;
}

test.after(async () => (await browser)?.close());
