// deadline: 180 s
// needs: chromium
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { connect } from '../../client/index.ts';
import { type Inspector, startInspector } from '../index.ts';
import { launch } from './chromium.ts';
import { endWith, inspectorFor, playScene } from './scene.ts';

const timeout = 90_000;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const docs = (name: string): string => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url));

interface PageOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** Opens the page; at the end of the test nothing may have been complained of, and nothing asked of other hosts. */
async function open(t: TestContext, { url }: Inspector, options: PageOptions = {}): Promise<Page> {
  const { colorScheme = 'light', width = 1280, height = 900 } = options;
  const context = await (await launch()).newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked ${request.url()}`);
  });
  page.setDefaultTimeout(20_000);
  endWith(t, async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  await page.goto(url);
  await page.locator('#pulse[data-state=live]').waitFor();
  return page;
}

async function subscribe(page: Page, topic: string): Promise<void> {
  await page.fill('#subscribe [name=topic]', topic);
  await page.click('#subscribe button[type=submit]');
  await page.locator('#subscribe-result', { hasText: 'subscribed to' }).waitFor();
}

async function publish(page: Page, topic: string, payload: string): Promise<void> {
  await page.fill('#publish [name=topic]', topic);
  await page.fill('#publish [name=payload]', payload);
  await page.click('#publish button[type=submit]');
  await page.locator('#publish-result', { hasText: 'published as id' }).waitFor();
}

/** Serious faults of accessibility, in words. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 4).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
}

test('publish, subscribe, the cursor, and the bytes of the frame', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  const page = await open(t, inspector);
  await subscribe(page, 'greetings.en');
  await publish(page, 'greetings.en', 'good morning');
  const message = page.locator('#messages li').first();
  await message.waitFor();
  assert.match(await message.innerText(), /1[\s\S]*greetings\.en[\s\S]*good morning/);

  // The cursor: in words for those who cannot see it, drawn for the others.
  const topic = page.locator('.topic', { hasText: 'greetings.en' });
  await topic.locator('canvas[aria-label*="1 reader, at most 0 unsent"]').waitFor();
  await topic.locator('.topic-name').click();
  const reader = topic.locator('.detail tbody tr', { hasText: 'inspector page' });
  await reader.waitFor();
  assert.equal(await reader.locator('td').first().innerText(), '2');
  await topic.locator('canvas').hover({ position: { x: 10, y: 25 } });
  await page.locator('#tip', { hasText: 'inspector page · next id 2' }).waitFor();

  // The x-ray: each field of the PUBLISH, and its bytes.
  await page.selectOption('#xray-type', 'PUBLISH');
  await page.locator('#frames [role=option]', { hasText: 'greetings.en' }).first().click();
  const field = page.locator('#fields [role=option]', { hasText: ': payload bytes' });
  assert.match(await field.innerText(), /good morning/);
  await field.hover();
  assert.equal(await page.locator('#hex .byte.lit').count(), 'good morning'.length);
  const hex = (await page.locator('#hex .byte.lit').allInnerTexts()).join('');
  assert.equal(Buffer.from(hex, 'hex').toString(), 'good morning');
  await page.locator('#hex .byte').nth(4).hover();
  await page.locator('#reading', { hasText: /type\s*u8\s*PUBLISH/ }).waitFor();
  assert.match(await page.locator('#reading').innerText(), /03 = 03/);
});

test('by keyboard alone', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  const page = await open(t, inspector);
  await publish(page, 'keys', 'hello');
  const focused = (): Promise<string> =>
    page.evaluate('document.activeElement.id || document.activeElement.name');
  await page.keyboard.press('Tab');
  const seen: string[] = [];
  for (let i = 0; i < 40 && !seen.includes('fields'); i++) {
    seen.push(await focused());
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    assert.notEqual(outline, 'none', `focus on ${seen.at(-1)} can be seen`);
    if (seen.at(-1) === 'frames') {
      await page.locator('#frames [role=option]', { hasText: 'keys' }).first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
    }
    await page.keyboard.press('Tab');
  }
  for (const id of ['messages', 'xray-type', 'xray-filter', 'xray-pause', 'frames', 'fields']) {
    assert.ok(seen.includes(id), `${id} is not among ${seen}`);
  }
  await page.focus('#fields');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const active = await page.getAttribute('#fields', 'aria-activedescendant');
  assert.equal(active, 'field-2');
  assert.equal(await page.locator('#fields [aria-selected=true]').getAttribute('id'), 'field-2');
  assert.ok((await page.locator('#hex .byte.lit').count()) > 0, 'no byte of the chosen field is lit');
});

test('hostile names and payloads are text', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '"><script>alert(2)</script>',
    'user\u202egnp.exe',
    'zero\u200bwidth',
    '__proto__',
    'constructor',
    'a'.repeat(255),
    'line\nbreak\ttab\u001b[31m',
    'עברית.العربية',
    `z${'\u0301'.repeat(100)}`,
  ];
  const client = await connect(`leveret://127.0.0.1:${broker.port}`, {
    name: '<b onclick=alert(3)>eve\u202e</b>',
  });
  endWith(t, () => client.close({ deadline: 100 }));
  const page = await open(t, inspector);
  await subscribe(page, '>');
  let dialogs = 0;
  page.on('dialog', (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  for (const name of hostile) {
    await client.subscribe(name, { onMessage: () => {} });
    await client.publish(name, `payload of ${name}\0`, { confirm: true });
  }
  const names = page.locator('.topic-name');
  await names.nth(hostile.length - 1).waitFor();
  const shown = await names.allInnerTexts();
  assert.ok(shown.includes('<img src=x onerror=alert(1)>'), 'markup is shown as text');
  assert.ok(shown.includes('user\\u{202e}gnp.exe'), 'a change of direction is shown');
  assert.ok(shown.includes('zero\\u{200b}width'), 'what has no width is shown');
  assert.ok(
    shown.some((name) => /^a{100,}…$/.test(name)),
    'a long name is cut',
  );
  await page
    .locator('#messages li')
    .nth(hostile.length - 1)
    .waitFor();
  await page.locator('#frames [role=option]', { hasText: 'onerror' }).first().click();
  const text: string = await page.evaluate('document.body.textContent');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none of them got through is what is tested
  assert.doesNotMatch(text, /[\0\u001b\u200b\u202a-\u202e\u2066-\u2069]/);
  assert.equal(await page.locator('main img, main script, [onclick], [onerror]').count(), 0);
  assert.equal(dialogs, 0);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.equal(width, 1280);
});

test('a broker that asks for tokens', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t, {
    auth: { tokens: [{ token: 'open sésame' }] },
  });
  const context = await (await launch()).newContext();
  endWith(t, () => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(inspector.url);
  await page.fill('#login [name=token]', 'wrong');
  await page.click('#login button');
  await page.locator('#login-problem', { hasText: 'not known' }).waitFor();
  assert.deepEqual(await faults(page), []);
  await page.fill('#login [name=token]', 'open sésame');
  await page.click('#login button');
  await page.locator('#pulse[data-state=live]').waitFor();
  await publish(page, 'cave', 'open');
  await page.reload();
  await page.locator('#pulse[data-state=live]').waitFor();
  await page.click('#sign-out');
  await page.locator('#login[open]').waitFor();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`everybody can use it, ${colorScheme}`, { timeout }, async (t) => {
    const { broker, inspector } = await inspectorFor(t, { slowPolicy: 'skip' });
    endWith(t, await playScene(broker));
    const page = await open(t, inspector, { colorScheme, width: 1440, height: 1540 });
    await subscribe(page, 'greetings');
    await publish(page, 'greetings', 'Good morning, everybody');
    await page.locator('#messages li').first().waitFor();
    await page.fill('#xray-filter', 'greetings');
    await page.locator('#frames [role=option]', { hasText: 'PUBLISH' }).first().click();
    await page.locator('#fields [role=option]', { hasText: ': payload bytes' }).hover();
    assert.deepEqual(await faults(page), []);
    if (process.env.LEVERET_SCREENSHOTS !== '1') return;
    // Pictures are better with some history on them.
    await page.waitForTimeout(40_000);
    await page.fill('#xray-filter', 'inspector page');
    await publish(page, 'greetings', 'Is anybody there?');
    await publish(page, 'greetings', 'доброе утро, зайчик');
    await publish(page, 'greetings', '{"from":"the inspector","to":"whoever listens"}');
    await page.locator('#messages li').nth(3).waitFor();
    await page
      .locator('#frames [role=option]', { hasText: /PUBLISH\s*greetings/ })
      .first()
      .click();
    await page.locator('#fields [role=option]', { hasText: ': payload bytes' }).hover();
    await page.evaluate('document.activeElement.blur()');
    await page.screenshot({ path: docs(`inspector-${colorScheme}.png`), fullPage: true });
  });
}

test('on a narrow screen, and for those who want less movement', { timeout }, async (t) => {
  const { broker, inspector } = await inspectorFor(t, { slowPolicy: 'skip' });
  endWith(t, await playScene(broker));
  const width = 390;
  const page = await open(t, inspector, { width, height: 740 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.locator('.topic').nth(3).waitFor();
  await page.locator('#connection-rows tr').nth(3).waitFor();
  await page.locator('.topic-name', { hasText: 'orders.placed' }).click();
  await page.locator('.detail tbody tr', { hasText: 'archive' }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, 'the page is too wide');
  // Every cell of every table can be seen, without scrolling to the side.
  const cut: string[] = await page.evaluate(`[...document.querySelectorAll('tbody th, tbody td')]
    .filter((cell) => cell.checkVisibility())
    .filter((cell) => {
      const { left, right } = cell.getBoundingClientRect();
      return left < 0 || right > ${width} || cell.scrollWidth > cell.clientWidth + 1;
    })
    .map((cell) => cell.textContent)`);
  assert.deepEqual(cut, [], 'these cells of tables are cut');
  assert.equal(
    (await page.locator('#connection-rows').getByRole('cell').count()) > 0,
    true,
    'it is no table any more',
  );
  assert.deepEqual(await faults(page), []);
});

test('when the broker is gone the figures look it, and when it is back they are live', {
  timeout,
}, async (t) => {
  const { broker, inspector } = await inspectorFor(t);
  const context = await (await launch()).newContext();
  endWith(t, () => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(inspector.url);
  await page.locator('#pulse[data-state=live]').waitFor();
  await inspector.close();
  await page.locator('#pulse-text', { hasText: /^no data for [2-9] s/ }).waitFor();
  await page.locator('main.stale').waitFor();
  assert.deepEqual(await faults(page), []);
  const again = await startInspector(broker, { port: inspector.port });
  endWith(t, () => again.close());
  await page.locator('#pulse[data-state=live]').waitFor();
  await page.locator('main:not(.stale)').waitFor();
});

test('a page that is loaded again shows what was before', { timeout }, async (t) => {
  const { inspector } = await inspectorFor(t);
  const page = await open(t, inspector);
  const chart = page.locator('#rates-chart[aria-label*="over 0.1 min"]');
  await chart.waitFor();
  await page.reload();
  // At once, and not after as long again.
  await chart.waitFor({ timeout: 3_000 });
});
