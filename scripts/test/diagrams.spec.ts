import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderDiagram, renderDiagrams } from '../typedoc/diagrams.ts';

const diagrams = suite('diagrams');

diagrams('are drawn without styles, fonts, hosts or blank lines of their own', () => {
  const html = renderDiagram('flowchart LR\n  a["alice"] -->|PUBLISH| b("the broker")\n');
  assert.match(html, /^<figure class="diagram" role="img" aria-label="Diagram: alice, PUBLISH, the broker">/);
  assert.not.match(html, /<style|@import|\n/);
  assert.not.match(html.replace('http://www.w3.org/2000/svg', ''), /http/);
});

diagrams('have ids of their own, so that two can stand on one page', () => {
  const ids = (html: string): string[] => [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  const one = ids(renderDiagram('flowchart LR\n  a --> b\n'));
  const other = ids(renderDiagram('flowchart LR\n  a --> c\n'));
  assert.ok(one.length > 0, 'a drawing has no ids');
  assert.is(
    one.some((id) => other.includes(id)),
    false,
  );
});

diagrams('refuse a label that the renderer would lose', () => {
  assert.throws(
    () => renderDiagram('flowchart LR\n  a --> b\n  a["alice"] --> c\n'),
    /the drawing lacks alice/,
  );
});

diagrams('refuse an arrow that the renderer would lose', () => {
  assert.throws(
    () => renderDiagram('flowchart LR\n  a --> b\n  ??? --> !!!\n'),
    /2 arrows in the source, 1 in the drawing/,
  );
});

diagrams('take the place of their fences, and leave other fences alone', () => {
  const mistakes: string[] = [];
  const html = renderDiagrams('x\n\n```mermaid\nflowchart LR\n  a --> b\n```\n\n```ts\nlet x;\n```\n', (m) =>
    mistakes.push(m),
  );
  assert.match(html, /^x\n\n\n<figure[^\n]*<\/figure>\n\n\n```ts\nlet x;\n```\n$/);
  assert.equal(mistakes, []);
});

diagrams('that cannot be drawn are reported', () => {
  const mistakes: string[] = [];
  renderDiagrams('```mermaid\nnonsense\n```\n', (mistake) => mistakes.push(mistake));
  assert.is(mistakes.length, 1);
});

diagrams.run();
