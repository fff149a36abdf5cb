import { bytes, count, plural } from '../../format.ts';
import { visible } from '../explain/visible-text.ts';
import type { ConnectionState, InspectorState } from '../state.ts';
import { arrange, byId, element, nameTableParts, setText } from './dom.ts';

/** Its columns behind the first. On a narrow screen each cell stands below its label. */
const COLUMNS = ['Address', 'In', 'Out', 'Queued', 'Subscriptions', 'Waiting'];

/** The table of connections. */
export class ConnectionsView {
  readonly #body = byId('connection-rows', HTMLElement);
  readonly #rows = new Map<number, HTMLTableRowElement>();

  constructor() {
    nameTableParts(byId('connection-table', HTMLElement));
  }

  /** Shows a state. */
  update({ connections, totals }: InspectorState): void {
    const shown = [...connections].sort((a, b) => a.number - b.number);
    const gone = new Set(this.#rows.keys());
    arrange(
      this.#body,
      shown.map((connection) => {
        gone.delete(connection.number);
        return this.#row(connection);
      }),
    );
    for (const number of gone) this.#rows.delete(number);
    const all = totals.connections;
    const text = all > shown.length ? `the ${shown.length} busiest of ${count(all)}` : plural(all, 'client');
    setText(byId('connections-count', HTMLElement), text);
  }

  #row(connection: ConnectionState): HTMLTableRowElement {
    let row = this.#rows.get(connection.number);
    if (row === undefined) {
      row = element('tr', {}, [element('th', { attributes: { scope: 'row' } })]);
      for (const [i, label] of COLUMNS.entries()) {
        row.append(element('td', { class: i > 0 ? 'number' : 'mono', attributes: { 'data-label': label } }));
      }
      nameTableParts(row);
      this.#rows.set(connection.number, row);
    }
    const name = connection.name === '' ? 'no name' : visible(connection.name, 40);
    const texts = [
      `${name} #${connection.number}${connection.state === 'ready' ? '' : ` (${connection.state})`}`,
      visible(connection.address, 60),
      bytes(connection.bytesIn),
      bytes(connection.bytesOut),
      bytes(connection.queuedBytes),
      count(connection.subscriptions),
      connection.waiting < 0 ? '–' : count(connection.waiting),
    ];
    texts.forEach((text, i) => {
      const cell = row.cells[i];
      if (cell !== undefined) setText(cell, text);
    });
    row.classList.toggle('behind', connection.waiting > 1000 || connection.queuedBytes > 65_536);
    return row;
  }
}
