// A mastery grid of any size, in the markup of the component sheet.
const words = { unknown: 'Not known yet', learning: 'Learning', nearly: 'Nearly there', met: 'Met', old: 'Met, but long ago' };
const states = ['met', 'nearly', 'met', 'learning', 'met', 'unknown', 'nearly', 'met', 'old', 'learning', 'nearly'];

export function gridPage(shell, students, competencies) {
  const head = Array.from({ length: competencies }, (_, c) => `<th scope="col"><a href="/competency/${c}" title="Competency ${c}"><span>4.NF.${c + 1}</span></a></th>`).join('');
  const cell = (s, c) => {
    const k = (s * 7 + c * 3 + ((s * c) % 5)) % states.length;
    const state = states[k];
    const href = `/evidence/s${1000 + s}/c${400 + c}`;
    if (state === 'unknown') return `<td><a class="c c-unknown" href="${href}" aria-label="Not known yet"></a></td>`;
    const age = state === 'old' ? '9m' : `${(s + c) % 6 + 1}w`;
    const w = (s + c) % 4 + 1;
    const v = { learning: 42, nearly: 70, met: 88, old: 84 }[state];
    return `<td><a class="c c-${state} w${w}" href="${href}" aria-label="${words[state]}, ${v - 4 * w} to ${Math.min(v + 4 * w, 99)}, ${age}">${age}</a></td>`;
  };
  const rows = Array.from({ length: students }, (_, s) => `<tr><th scope="row"><a href="/student/s${1000 + s}">Student Number${s}</a></th>` +
    Array.from({ length: competencies }, (_, c) => cell(s, c)).join('') + '</tr>').join('\n');
  const body = `<header class="ph"><h1>Mastery</h1></header>
<div class="grid-wrap only-wide" role="region" aria-labelledby="grid-cap" tabindex="0"><table class="grid" data-grid><caption id="grid-cap">Grade 4</caption>
<thead><tr><th scope="col">Student</th>${head}</tr></thead><tbody>${rows}</tbody></table></div>
<ul class="rows only-narrow">${Array.from({ length: students }, (_, s) => `<li><a class="row" href="/student/s${1000 + s}"><span class="row-t">Student Number${s}</span></a></li>`).join('')}</ul>`;
  return shell.replace(/(<main[^>]*>)[^]*<\/main>/, (_, open) => `${open.replace('>', ' class="main-wide">')}\n${body}\n</main>`);
}
