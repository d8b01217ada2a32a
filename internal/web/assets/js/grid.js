// Arrow keys over a table of links. One cell is in the tab order; the arrows,
// Home, End, Page Up and Page Down move it.
export function start(tables) {
  for (const table of tables) attach(table);
}

function attach(table) {
  let current;
  const link = (row, column) => table.rows[row]?.cells[column]?.querySelector('a');
  const place = (a) => {
    const cell = a.closest('td, th');
    return [cell.parentElement.rowIndex, cell.cellIndex];
  };
  const claim = (a) => {
    if (current && current !== a) current.tabIndex = -1;
    a.tabIndex = 0;
    current = a;
  };
  const arrange = () => {
    for (const a of table.querySelectorAll('a[href]')) if (a !== current) a.tabIndex = -1;
    if (!current?.isConnected) current = table.querySelector('tbody td a') || table.querySelector('a');
    if (current) current.tabIndex = 0;
  };
  arrange();

  table.addEventListener('focusin', (event) => {
    const a = event.target.closest('a');
    if (a) claim(a);
  });
  table.addEventListener('keydown', (event) => {
    const a = event.target.closest('a');
    if (!a || event.altKey || event.metaKey || event.shiftKey) return;
    const [row, column] = place(a);
    const rows = table.rows.length;
    const columns = table.rows[0].cells.length;
    const forward = getComputedStyle(table).direction === 'rtl' ? -1 : 1;
    const body = table.tHead ? table.tHead.rows.length : 0;
    let step; // [row, column, row step, column step]
    switch (event.key) {
      case 'ArrowRight': step = [row, column + forward, 0, forward]; break;
      case 'ArrowLeft': step = [row, column - forward, 0, -forward]; break;
      case 'ArrowDown': step = [row + 1, column, 1, 0]; break;
      case 'ArrowUp': step = [row - 1, column, -1, 0]; break;
      case 'PageDown': step = [Math.min(row + 10, rows - 1), column, -1, 0]; break;
      case 'PageUp': step = [Math.max(row - 10, body), column, 1, 0]; break;
      case 'Home': step = [event.ctrlKey ? body : row, event.ctrlKey ? 1 : 0, 0, 1]; break;
      case 'End': step = [event.ctrlKey ? rows - 1 : row, columns - 1, 0, -1]; break;
      default: return;
    }
    if (event.ctrlKey && event.key.startsWith('Arrow')) return;
    event.preventDefault();
    let [r, c, dr, dc] = step;
    while (r >= 0 && r < rows && c >= 0 && c < columns) {
      const next = link(r, c);
      if (next) {
        claim(next);
        next.focus();
        return;
      }
      r += dr;
      c += dc;
    }
  });
  // A refreshed page may bring new rows.
  new MutationObserver(arrange).observe(table, { childList: true, subtree: true });
}
