/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands at the end of the bar, with its unit. */
  readonly text: string;
  /** Drawn in the accent colour: one of this project's own. */
  readonly own?: boolean | undefined;
}

/** Bars that are compared with each other; the longest spans the whole width. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LABEL_WIDTH = 150;
const TEXT_WIDTH = 120;
const ROW = 22;
const MARGIN = 16;

/**
 * Draws groups of horizontal bars as an SVG that needs no fonts or scripts, follows the reader's light or dark
 * scheme, and says its numbers as text, so that it can be read aloud and searched.
 */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const parts: string[] = [];
  let y = MARGIN + 18;
  parts.push(`<text class="title" x="${MARGIN}" y="${y}">${escapeXml(title)}</text>`);
  y += 12;
  for (const group of groups) {
    y += 24;
    parts.push(`<text class="group" x="${MARGIN}" y="${y}">${escapeXml(group.title)}</text>`);
    y += 8;
    const longest = Math.max(...group.bars.map((bar) => bar.value), Number.MIN_VALUE);
    for (const bar of group.bars) {
      const room = WIDTH - 2 * MARGIN - LABEL_WIDTH - TEXT_WIDTH;
      const width = Math.max(1, Math.round((bar.value / longest) * room));
      const x = MARGIN + LABEL_WIDTH;
      parts.push(
        `<text class="label" x="${x - 8}" y="${y + 15}">${escapeXml(bar.label)}</text>`,
        `<rect class="${bar.own ? 'own' : 'other'}" x="${x}" y="${y + 3}" width="${width}" height="${ROW - 6}" rx="2"/>`,
        `<text class="value" x="${x + width + 8}" y="${y + 15}">${escapeXml(bar.text)}</text>`,
      );
      y += ROW;
    }
  }
  const height = y + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 } .group { font-weight: 600 } .label { text-anchor: end }
  .back { fill: #ffffff } .own { fill: #0969da } .other { fill: #9aa4af }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .back { fill: #0d1117 } .own { fill: #4493f8 } .other { fill: #6e7681 }
  }
</style>
<rect class="back" width="${WIDTH}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
