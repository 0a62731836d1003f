// The viewer of the Images tab; what the package's viewer does too stands in viewing.js. Every drag has a button and a key.
const { IN, keyOf, clamp, plain, zoom, keepIn, draw, hands } = window.Viewing;
const FIRST = 512, LARGER = [1024, 2048], KEPT = 72, AHEAD = 4, LATE_MS = 300, REST_MS = 350, CINE_MS = 125;
const say = (text) => { const el = document.getElementById('say'); el.textContent = ''; setTimeout(() => { el.textContent = text; }, 60); };
const after = (ms, act) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, ms); }; };
class NoPicture extends Error {}

// A picture ready to be shown; when it does not come, the server is asked why.
async function fetched(url) {
  const img = Object.assign(new Image(), { alt: '', draggable: false, src: url });
  try { await img.decode(); return img; } catch (err) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.status === 401) location.reload();
    const told = answer?.status === 404 && await answer.json().catch(() => null);
    throw told?.reason ? new NoPicture(told.reason) : err;
  }
}

const v = document.querySelector('[data-viewer]');
const part = (name, of = v) => of.querySelector(`[data-v="${name}"]`); const on = (el, kind, act) => el.addEventListener(kind, act);
const said = v.dataset, { series: told, looks, part: PART } = JSON.parse(said.told), series = told.map(([name, total, at]) => ({ name, total, looks: looks[at] })), names = JSON.parse(said.names), kept = new Map();
// The second pane is a copy of the first until two are compared.
const twice = (name) => { const [a, b = a.cloneNode(true)] = v.querySelectorAll(name); if (!b.isConnected) { b.hidden = true; b.querySelector('img')?.remove(); a.after(b); } return [a, b]; };
const cells = twice('[data-cell]'), rows = twice('[data-row]');
const panes = JSON.parse(said.places).map(([number, at], i) => {
  const el = cells[i].querySelector('.v-pane'), img = el.querySelector('img');
  part('series', rows[i])?.replaceChildren(...series.map(({ name }, k) => new Option(`${k + 1}. ${name}`, k)));
  return { i, cell: cells[i], row: rows[i], el, img, url: img?.getAttribute('src'), series: number - 1, at, way: 1 };
});
const [first, second] = panes, strips = [...document.querySelectorAll('.series')], stripOf = (p) => (strips.length === series.length ? strips[p.series] : strips[0]);
let view = plain(), look = '', moving = false, cine = 0, two = !second.cell.hidden, last = first;

const of = (p) => series[p.series]; const shown = () => (two ? panes : [first]);
const counted = (p) => said.count.replace('{n}', p.at).replace('{total}', of(p).total);
const words = (p) => (two ? `${names[p.i]}: ` : '') + counted(p);

/* ---------- the picture wanted ---------- */
// Where they are is asked for in parts.
const list = (number, n) => {
  const lists = series[number].lists ??= [], at = Math.floor((n - 1) / PART);
  lists[at] ??= fetch(`${said.path}.json?series=${number + 1}&image=${n}`).then((answer) => { if (answer.status === 401) location.reload(); return answer.json(); });
  lists[at].catch(() => { lists[at] = null; });
  return lists[at];
};
const source = async (p, n, size = FIRST) => {
  const { first: from, base, ends, none } = await list(p.series, n); const path = base + ends[n - from];
  if (none[n]) throw new NoPicture(none[n]);
  return `${path}${path.includes('?') ? '&' : '?'}size=${size}${look && of(p).looks.some(([one]) => one === look) ? `&window=${look}` : ''}`;
};
const load = (p, url) => {
  const key = p.i + url;
  if (!kept.has(key)) { const one = fetched(url); kept.set(key, one); one.catch(() => kept.delete(key)); if (kept.size > KEPT) kept.delete(kept.keys().next().value); }
  return kept.get(key);
};
const put = (p, img, url) => {
  if (img !== p.img) { if (p.img) p.img.replaceWith(img); else p.el.prepend(img); }
  p.img = img; p.url = url; img.hidden = false; draw(img, view);
};
const fail = (p, err) => {
  const box = part('fail', p.cell); if (box.contains(document.activeElement)) p.el.focus();
  box.textContent = ''; if (!err) return;
  const isFinal = err instanceof NoPicture; box.append(Object.assign(document.createElement('p'), { textContent: isFinal ? err.message : said.failed })); stop();
  if (isFinal) { if (p.img) p.img.hidden = true; p.url = ''; return; }
  const again = box.appendChild(Object.assign(document.createElement('button'), { type: 'button', className: 'v-again', textContent: said.again }));
  on(again, 'click', () => settle(p));
};
// One request at a time: what was scrolled past is not asked for. The last picture stays.
const settle = async (p) => {
  if (p.busy) return;
  p.busy = true; const note = part('note', p.el), wish = () => `${p.series} ${p.at} ${look}`; let was, late, wrong;
  do {
    was = wish(); wrong = null; clearTimeout(late); late = setTimeout(() => { note.hidden = false; }, LATE_MS);
    try { const url = await source(p, p.at), isHere = p.url === url && await p.img?.decode().then(() => true, () => false); put(p, isHere ? p.img : await load(p, url), url); } catch (err) { wrong = err; }
  } while (was !== wish());
  clearTimeout(late); note.hidden = true; p.busy = false; fail(p, wrong); if (!wrong) ahead(p, was, wish);
};
const ahead = async (p, was, wish) => {
  const total = of(p).total;
  for (const by of [1, 2, 3, AHEAD, -1].map((k) => k * p.way)) {
    const n = cine ? (p.at - 1 + by + total) % total + 1 : p.at + by;
    if (n >= 1 && n <= total) await source(p, n).then((url) => load(p, url)).catch(() => {});
    if (p.busy || was !== wish()) return;
  }
};
// At rest the same picture sharper, where the screen has room and the picture more.
const sharpen = async (p) => {
  const had = Math.max(p.img?.naturalWidth ?? 0, p.img?.naturalHeight ?? 0), room = Math.max(p.el.clientWidth, p.el.clientHeight) * devicePixelRatio * view.zoom;
  const size = LARGER.find((one) => one >= room) ?? LARGER[1], url = p.url, key = `${url} ${size}`;
  if (cine || p.busy || had < FIRST || room < had * 1.2 || p.sharp === key || of(p).isWhole) return;
  const img = await source(p, p.at, size).then(fetched).catch(() => null);
  if (!img || p.url !== url || p.busy) return;
  p.sharp = key; of(p).isWhole = Math.max(img.naturalWidth, img.naturalHeight) < FIRST + 1; put(p, img, url);
};

/* ---------- what is said of it: count, slider, tiles, address ---------- */
const count = (p) => {
  const slice = part('slice', p.row), { name, total } = of(p);
  part('name', p.el).textContent = name; part('tag', p.el).textContent = `${p.at} / ${total}`; part('count', p.row).textContent = words(p);
  slice.max = total; slice.value = p.at; slice.setAttribute('aria-valuetext', counted(p)); p.el.setAttribute('aria-label', `${two ? `${names[p.i]}, ` : ''}${name}, ${counted(p)}`);
  if (p === first) ring();
};
const seriesIn = (a) => Number(/series=(\d+)/.exec(a.href)[1]) - 1;
const tileOf = (p) => stripOf(p).querySelector(`[data-series="${p.series + 1}"] [data-tile="${p.at}"]`);
// The chosen tile is ringed, the strip's one stop for Tab, and in sight.
const ring = () => {
  for (const t of document.querySelectorAll('[data-tile][aria-current]')) t.removeAttribute('aria-current');
  for (const a of document.querySelectorAll('.chapters a')) if (seriesIn(a) === first.series) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
  const t = tileOf(first), box = t?.parentElement; if (!t) return null;
  t.setAttribute('aria-current', 'true'); for (const one of box.children) one.tabIndex = one === t ? 0 : -1;
  box.scrollLeft = t.offsetLeft - box.offsetLeft - (box.clientWidth - t.clientWidth) / 2; return t;
};
// At rest: the address names what is shown; a strip without its tile comes anew.
const rest = after(REST_MS, async () => {
  const at = `?series=${first.series + 1}&image=${first.at}${two ? `&with=${second.series + 1}.${second.at}` : ''}`, strip = stripOf(first);
  if (location.search !== at) history.replaceState(null, '', at);
  shown().forEach(sharpen); if (cine || tileOf(first)) return;
  const answer = await fetch(at).catch(() => null); if (!answer?.ok) return;
  const made = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelectorAll('.series')[strips.indexOf(strip)];
  const hadFocus = strip.contains(document.activeElement); if (!made) return;
  strip.dataset.series = made.dataset.series; strip.querySelector('.tiles').ariaLabel = made.querySelector('.tiles').ariaLabel; strip.querySelector('p').hidden = made.querySelector('p').hidden;
  for (const name of ['h2', '.tiles', 'p']) strip.querySelector(name).replaceChildren(...made.querySelector(name).childNodes);
  const t = ring(); if (hadFocus) t?.focus();
});
const spoken = after(2 * REST_MS, () => { if (!cine) say(words(last)); });
const go = (p, n, how = {}) => {
  const was = p.at, other = panes[1 - p.i]; last = p; p.at = clamp(n, 1, of(p).total); p.way = p.at < was ? -1 : 1;
  if (two && !how.isAlone && part('together').checked) go(other, other.at + p.at - was, { isAlone: true });
  last = p; count(p); settle(p); rest(); if (how.isAloud) say(words(p)); else if (how.isKey) spoken();
};
const open = (p, number, n, isAloud) => { p.series = number; stop(); arrange(); go(p, n, { isAlone: true, isAloud }); };
const arrange = () => {
  const menu = part('look'), looks = shown().map((p) => of(p).looks).find((some) => some.length > 1) ?? [];
  v.querySelector('.v-stage').classList.toggle('v-stage--two', two); v.querySelector('.v-together').hidden = second.cell.hidden = !two; part('two').setAttribute('aria-pressed', two);
  for (const p of panes) {
    const choice = part('series', p.row), isSingle = of(p).total === 1; if (choice) { choice.hidden = !two; choice.value = p.series; }
    p.row.toggleAttribute('data-single', isSingle); p.row.hidden = (p === second && !two) || (isSingle && !(two && choice)); p.row.ariaLabel = two ? names[p.i] : null;
  }
  part('play').hidden = of(first).total === 1; if (!looks.some(([one]) => one === look)) look = '';
  menu.replaceChildren(...looks.map(([one, word]) => new Option(word, one))); menu.value = look; menu.parentElement.hidden = !looks.length; shown().forEach(count);
};

/* ---------- tools, keys, hands ---------- */
const paint = () => {
  for (const p of shown()) { keepIn(view, p.el, 0.25); p.el.classList.toggle('is-zoomed', view.zoom > 1); p.el.classList.toggle('is-moving', moving); if (p.img) draw(p.img, view); }
  part('brightness').value = view.brightness; part('contrast').value = view.contrast; part('invert').setAttribute('aria-pressed', view.invert); part('move').setAttribute('aria-pressed', moving);
  part('play').querySelector('use').setAttribute('href', `${said.icons}#${cine ? 'pause' : 'play'}`); part('play').querySelector('span').textContent = cine ? said.stop : said.play; rest();
};
const stop = () => { if (cine) { clearInterval(cine); cine = 0; paint(); } };
const dress = (as) => { look = part('look').value = as; shown().forEach(settle); };
const acts = {
  in: () => zoom(view, IN), out: () => zoom(view, 1 / IN), fit: () => Object.assign(view, { zoom: 1, x: 0, y: 0 }), move: () => { moving = !moving; }, invert: () => { view.invert = !view.invert; },
  play: () => { if (cine) stop(); else if (of(first).total > 1) cine = setInterval(() => { if (!first.busy && !document.hidden) go(first, first.at % of(first).total + 1); }, CINE_MS); },
  two: () => { two = !two; stop(); arrange(); if (two) settle(second); }, reset: () => { view = plain(); moving = false; stop(); dress(''); }, keys: () => document.getElementById('keys').showModal(),
};
const act = (name) => { acts[name](); paint(); };
for (const name of Object.keys(acts)) if (part(name)) on(part(name), 'click', () => act(name));
for (const name of ['brightness', 'contrast']) on(part(name), 'input', (ev) => { view[name] = Number(ev.target.value); paint(); });
on(part('look'), 'change', (ev) => dress(ev.target.value)); on(window, 'resize', paint);
for (const box of document.querySelectorAll('.series, .chapters')) on(box, 'click', (ev) => {
  const a = ev.target.closest('a'); if (!a || ev.metaKey || ev.ctrlKey || ev.shiftKey) return;
  ev.preventDefault(); open(first, seriesIn(a), Number(/image=(\d+)/.exec(a.href)?.[1] ?? 1), true);
});
for (const p of panes) {
  const step = (by, how) => { stop(); go(p, p.at + by, how); }; let along = 0;
  on(part('prev', p.row), 'click', () => step(-1, { isAloud: true })); on(part('next', p.row), 'click', () => step(1, { isAloud: true }));
  on(part('slice', p.row), 'input', (ev) => { stop(); go(p, Number(ev.target.value)); }); if (part('series', p.row)) on(part('series', p.row), 'change', (ev) => open(p, Number(ev.target.value), 1, true));
  on(p.el, 'keydown', (ev) => {
    const key = keyOf(ev); if (!key) return;
    ev.preventDefault(); if (key.act) act(key.act); else if ('x' in key && (moving || ev.shiftKey)) { view.x += key.x; view.y += key.y; paint(); } else step(key.by, { isKey: true });
  });
  hands(p.el, {
    may: (way) => p.at + way >= 1 && p.at + way <= of(p).total, turn: step, zoom: (by) => { zoom(view, by); paint(); }, start: () => { along = 0; },
    drag: (x, y, isTouch) => {
      if (moving || (isTouch && view.zoom > 1)) { view.x += x; view.y += y; paint(); return; }
      if (!isTouch) { view.brightness = clamp(view.brightness - y / 2, 40, 180); view.contrast = clamp(view.contrast + x / 2, 40, 220); paint(); return; }
      along += x; const images = Math.trunc(along / 14); if (images) { along -= images * 14; step(images); }
    },
  });
}
arrange(); shown().forEach(settle);
