// The adaptive check, as the server runs it: the same form and the same answers
// give the same next question, so that a check goes on without a connection.
// Ability is reckoned on 33 points; see the Go package assess for the sources.
const points = 33;
const grid = Array.from({ length: points }, (_, k) => -4 + (8 * k) / (points - 1));
const logistic = (x) => 1 / (1 + Math.exp(-x));
const chance = (it, theta) => it.c + (1 - it.c) * logistic(it.a * (theta - it.b));

function information(it, theta) {
  const s = logistic(it.a * (theta - it.b));
  const p = it.c + (1 - it.c) * s;
  const d = (1 - it.c) * it.a * s * (1 - s);
  return p <= 0 || p >= 1 ? 0 : (d * d) / (p * (1 - p));
}

// draw returns a number below n for a step of a seed (FNV-1a, mixed).
export function draw(seed, step, n) {
  if (n <= 1) return 0;
  let h = 2166136261;
  for (const w of [seed, 0, step]) {
    h = Math.imul(h ^ w, 16777619);
    h ^= h >>> 15;
  }
  h = Math.imul(h, 2246822519);
  h ^= h >>> 13;
  return (h >>> 0) % n;
}

// mark is how a right answer is hidden (FNV-1a on the bytes of the text).
export function mark(text) {
  let h = 2166136261;
  for (const b of new TextEncoder().encode(text)) h = Math.imul(h ^ b, 16777619);
  return h >>> 0;
}

// normal brings a written answer into the shape in which answers are compared.
export function normal(answer) {
  const s = answer.replace(/\s+/gu, '').toLowerCase().replaceAll('−', '-');
  const number = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(s);
  if (!number || !(number[2] || number[3])) return s;
  const part = (number[3] || '').replace(/0+$/, '');
  const whole = (number[2].replace(/^0+/, '') || '0') + (part && `.${part}`);
  return number[1] === '-' && whole !== '0' ? `-${whole}` : whole;
}

const probeItems = 3;

export class Taking {
  constructor(form) {
    this.form = form;
    this.left = new Set(form.items.map((_, i) => i));
    this.asked = [];
    this.answers = new Map(); // by competency
    this.probed = new Set();
    this.probes = [];
    this.above = 0;
    this.below = 0;
    const sum = grid.map((t) => Math.exp(-((t - form.mean) ** 2) / (2 * form.variance)));
    const all = sum.reduce((a, b) => a + b, 0);
    this.posterior = sum.map((w) => w / all);
    this.moments();
    if (form.variance === 1 && form.mean === 0) this.mean = 0;
  }

  moments() {
    let sum = 0;
    let mean = 0;
    this.posterior.forEach((w, k) => { sum += w; mean += w * grid[k]; });
    mean /= sum;
    let v = 0;
    this.posterior.forEach((w, k) => { v += w * (grid[k] - mean) ** 2; });
    this.mean = mean;
    this.sd = Math.sqrt(v / sum);
  }

  // next returns the id of the question that is next, or nothing when the check is over.
  next() {
    const { form } = this;
    if (this.asked.length < form.most) {
      for (const on of this.probes) {
        const i = this.pick(on);
        if (i !== undefined) return form.items[i].id;
      }
    }
    if (this.over()) return undefined;
    const i = this.pick(this.behind());
    return i === undefined ? undefined : form.items[i].id;
  }

  over() {
    const { least, most, stop_se: se } = this.form;
    const n = this.asked.length;
    if (n >= most) return true;
    if (n < least) return false;
    if (se > 0 && n > 0 && this.sd <= se) return true;
    const { cut } = this.form;
    if (!cut || n === 0) return false;
    const ratio = this.above - this.below;
    return ratio >= Math.log((1 - cut.false_not_met) / cut.false_met) || ratio <= Math.log(cut.false_not_met / (1 - cut.false_met));
  }

  // behind is the competency that is furthest behind its share and still has items.
  behind() {
    const { form } = this;
    const left = new Set([...this.left].map((i) => form.items[i].competency));
    const n = Math.max(1, this.asked.length);
    let best;
    let most = -Infinity;
    for (const on of form.targets) {
      const gap = 1 / form.targets.length - this.asked.filter((i) => form.items[i].competency === on).length / n;
      if (left.has(on) && (gap > most || (gap === most && on < best))) [best, most] = [on, gap];
    }
    return best;
  }

  pick(on) {
    const { form } = this;
    const among = Math.max(1, form.among);
    const top = [];
    const worth = [];
    for (const i of this.left) {
      if (form.items[i].competency !== on) continue;
      const w = information(form.items[i], this.mean);
      let at = worth.length;
      while (at > 0 && worth[at - 1] < w) at--;
      if (at < among) {
        worth.splice(at, 0, w);
        top.splice(at, 0, i);
        worth.length = Math.min(worth.length, among);
        top.length = worth.length;
      }
    }
    return top[draw(form.seed, this.asked.length, top.length)];
  }

  // add takes in the answer to an item: 1 for right, 0 for not right.
  add(id, category) {
    const { form } = this;
    const i = form.items.findIndex((x) => x.id === id);
    if (!this.left.delete(i)) return;
    this.asked.push(i);
    const it = form.items[i];
    const p = (theta) => (category > 0 ? chance(it, theta) : 1 - chance(it, theta));
    this.posterior = this.posterior.map((w, k) => w * p(grid[k]));
    this.moments();
    if (form.cut) {
      this.above += Math.log(Math.max(1e-12, p(form.cut.theta + form.cut.apart)));
      this.below += Math.log(Math.max(1e-12, p(form.cut.theta - form.cut.apart)));
    }
    const on = it.competency;
    const answers = [...(this.answers.get(on) || []), category];
    this.answers.set(on, answers);
    const p0 = this.probes.indexOf(on);
    if (p0 >= 0) this.probes.splice(p0, 1);
    if (form.targets.includes(on) && !this.probed.has(on) && failing(answers)) {
      this.probed.add(on);
      for (const b of form.before?.[on] || []) for (let k = 0; k < probeItems; k++) this.probes.push(b);
    }
  }
}

function failing(answers) {
  const n = answers.length;
  return n >= 2 && answers[n - 1] === 0 && answers[n - 2] === 0 && 2 * answers.filter((a) => a === 0).length > n;
}
