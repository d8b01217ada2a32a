// Groups can be arranged by dragging, and every change is scored at once. Without this
// script the same forms do the same with a page in between.
export function start([region]) {
  const send = async (form, extra) => {
    const body = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(extra)) body.set(name, value);
    const focus = document.activeElement?.id;
    const answer = await fetch(form.action, { method: 'POST', body, headers: { 'X-Waymark': '1' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!answer.ok) { // why not is said, and all that was typed stays
      const why = page.querySelector('main .lead, main p')?.textContent;
      const at = document.querySelector('[data-groups-why]');
      if (!why || !at) return void location.reload();
      at.replaceChildren(why);
      at.hidden = false;
      return void at.scrollIntoView({ block: 'nearest' });
    }
    document.querySelector('[data-groups-why]').hidden = true;
    const fresh = page.querySelector('[data-groups]');
    if (!fresh) return void location.reload();
    region.innerHTML = fresh.innerHTML;
    for (const button of region.querySelectorAll('[data-print]')) button.hidden = false;
    if (focus) document.getElementById(focus)?.focus();
    const score = region.querySelector('[data-score]')?.textContent || '';
    document.querySelector('[data-groups-note]')?.replaceChildren(score);
  };

  region.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('[data-swap]')) return;
    event.preventDefault();
    const name = event.submitter?.getAttribute('name');
    send(form, name ? { [name]: event.submitter.value } : {});
  });

  let moved;
  region.addEventListener('dragstart', (event) => {
    moved = event.target.closest('[data-student]');
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', moved?.dataset.student || '');
  });
  region.addEventListener('dragover', (event) => {
    if (moved && event.target.closest('[data-group]')) event.preventDefault();
  });
  region.addEventListener('drop', (event) => {
    const group = event.target.closest('[data-group]');
    if (!moved || !group) return;
    event.preventDefault();
    const form = moved.querySelector('form[data-move]');
    if (form) send(form, { to: group.dataset.group });
    moved = undefined;
  });
}
