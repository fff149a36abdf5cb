import { createHash } from 'node:crypto';
import { renderMermaidSVG } from 'beautiful-mermaid';

const FENCE = /^```mermaid[^\S\n]*\n([\s\S]*?)^```[^\S\n]*$/gm;

/** How many arrows a flowchart's source draws; the renderer leaves out what it does not understand without a word. */
function countArrows(source: string): number {
  const bare = source.replace(/"[^"]*"/g, '').replace(/\|[^|\n]*\|/g, ' ');
  return [...bare.matchAll(/<?(?:-->|---|-\.+->|-\.+-|==>|===)/g)].length;
}

/** The labels of a flowchart's nodes, in brackets of any kind. */
function findLabels(source: string): string[] {
  const labels = [...source.matchAll(/\w(?:\[+|\(+|{+)"?([^\][(){}"|]+)"?(?:\]|\)|})/g)];
  return labels.map(([, label = '']) => label.trim()).filter((label) => !/<br|\\n/.test(label));
}

function describe(source: string): string {
  const words = [...source.matchAll(/[[({|"]+([^\])}|"[({]+)[\])}|"]+|:\s*(.+)$/gm)].map(
    ([, label, message]) => (label ?? message ?? '').trim(),
  );
  return `Diagram: ${[...new Set(words)].filter((word) => word !== '').join(', ')}`;
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * Draws a Mermaid source as an inline SVG without styles or fonts of its own: site.css colours it, light and dark.
 *
 * @throws Error where the source cannot be drawn, or only a part of it.
 */
export function renderDiagram(source: string): string {
  const svg = renderMermaidSVG(source, { transparent: true, padding: 12, font: 'system-ui' });
  if (/^\s*(flowchart|graph)\b/.test(source)) {
    const drawn = [...svg.matchAll(/class="edge"/g)].length;
    const meant = countArrows(source);
    if (drawn < meant) throw new Error(`${meant} arrows in the source, ${drawn} in the drawing`);
    const lost = findLabels(source).filter((label) => !svg.includes(escapeAttribute(label)));
    // The renderer takes a node's label only where the node is named first.
    if (lost.length > 0)
      throw new Error(`the drawing lacks ${lost.join(', ')}: give labels where nodes are first named`);
  }
  const id = createHash('sha256').update(source).digest('hex').slice(0, 8);
  const own = svg
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/(<svg[^>]*?) style="[^"]*"/, '$1')
    .replace(/\bid="([^"]+)"/g, `id="d${id}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#d${id}-$1)`)
    // A blank line would end the block of HTML within Markdown.
    .replace(/\s*\n\s*/g, '');
  return `<figure class="diagram" role="img" aria-label="${escapeAttribute(describe(source))}">${own}</figure>`;
}

/** Puts a drawing in the place of each Mermaid fence of a Markdown text. */
export function renderDiagrams(markdown: string, onMistake: (mistake: string) => void): string {
  return markdown.replace(FENCE, (fence: string, source: string) => {
    try {
      return `\n${renderDiagram(source)}\n`;
    } catch (error) {
      onMistake(
        `a diagram cannot be drawn: ${error instanceof Error ? error.message : String(error)}\n${source}`,
      );
      return fence;
    }
  });
}
