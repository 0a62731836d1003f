// The viewer: pictures by number; every drag has a button and a key. Pictures are kept for this page alone.
const say = (text) => { const el = document.getElementById('say'); el.textContent = ''; setTimeout(() => { el.textContent = text; }, 60); };

const KEPT = 240;
const LOOKS = { Standard: [100, 100], Brighter: [135, 100], Softer: [105, 78], 'High contrast': [105, 150], Lung: [160, 90], Bone: [80, 150], Brain: [120, 135] };

for (const v of document.querySelectorAll('[data-viewer]')) start(v);

async function start(v) {
  const pane = v.querySelector('.v-pane'); const part = (name) => v.querySelector(`[data-v="${name}"]`);
  const total = Number(v.dataset.total); const words = (n) => v.dataset.countWords.replace('{n}', n).replace('{total}', total);
  const s = { at: Number(v.dataset.at), zoom: 1, x: 0, y: 0, b: 100, c: 100, inv: false, move: false, cine: 0 };
  let shown = pane.querySelector('img'); let wanted = s.at; let sources = null; let late;
  const kept = new Map([[s.at, Promise.resolve(shown)]]);

  const load = (n) => {
    if (!kept.has(n)) {
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
      const img = new Image(); img.alt = ''; img.src = sources[n - 1];
      kept.set(n, img.decode().then(() => img, (err) => { kept.delete(n); throw err; }));
    }
    return kept.get(n);
  };
  const paint = () => {
    shown.style.transform = `translate(${s.x}px, ${s.y}px) scale(${s.zoom})`; shown.style.filter = `brightness(${s.b}%) contrast(${s.c}%)${s.inv ? ' invert(1)' : ''}`;
    part('bright').value = s.b; part('contrast').value = s.c; part('invert').setAttribute('aria-pressed', s.inv); part('move').setAttribute('aria-pressed', s.move);
    const play = part('play');
    if (play) { play.setAttribute('aria-pressed', Boolean(s.cine)); play.querySelector('use').setAttribute('href', `${v.dataset.icons}#${s.cine ? 'pause' : 'play'}`); play.querySelector('span').textContent = s.cine ? v.dataset.stop : v.dataset.play; }
  };
  const count = () => {
    if (part('slice')) { part('slice').value = s.at; part('count').textContent = words(s.at); }
    part('tag').textContent = s.at; pane.setAttribute('aria-label', `${v.dataset.name}, ${words(s.at)}`);
    for (const t of document.querySelectorAll('[data-tile]')) { if (Number(t.dataset.tile) === s.at) t.setAttribute('aria-current', 'true'); else t.removeAttribute('aria-current'); }
  };
  const state = (text) => { part('state').textContent = text; };
  const show = async (n) => {
    wanted = n; clearTimeout(late); late = setTimeout(() => { if (wanted === n) state(v.dataset.loading); }, 300);
    try {
      const img = await load(n);
      if (wanted !== n) return;
      if (img !== shown) { shown.replaceWith(img); shown = img; }
      state(''); paint();
    } catch { if (wanted === n) state(v.dataset.failed); } finally { if (wanted === n) clearTimeout(late); }
    for (const near of [n + 1, n - 1, n + 2, n + 3]) if (wanted === n && near >= 1 && near <= total) load(near).catch(() => {});
  };
  const strip = () => { const t = document.querySelector('[data-tile][aria-current]'); const box = t?.parentElement; if (box) box.scrollLeft = t.offsetLeft - box.offsetLeft - (box.clientWidth - t.clientWidth) / 2; };
  const go = (n) => { s.at = Math.min(total, Math.max(1, n)); count(); strip(); if (sources) show(s.at); };
  const stop = () => { clearInterval(s.cine); s.cine = 0; };
  const acts = {
    prev: () => go(s.at - 1), next: () => go(s.at + 1), in: () => { s.zoom = Math.min(6, s.zoom * 1.25); paint(); }, out: () => { s.zoom = Math.max(1, s.zoom / 1.25); paint(); },
    fit: () => { s.zoom = 1; s.x = s.y = 0; paint(); }, reset: () => { Object.assign(s, { zoom: 1, x: 0, y: 0, b: 100, c: 100, inv: false }); part('preset').value = 'Standard'; paint(); },
    invert: () => { s.inv = !s.inv; paint(); }, move: () => { s.move = !s.move; paint(); },
    play: () => { if (s.cine) stop(); else if (total > 1) s.cine = setInterval(() => { if (wanted === s.at) go(s.at === total ? 1 : s.at + 1); }, 120); paint(); },
  };
  strip(); paint();
  const answer = await fetch(v.dataset.list).catch(() => null);
  sources = answer?.ok ? (await answer.json()).sources : null;
  if (!sources) { state(v.dataset.failed); return; }
  shown.addEventListener('error', () => state(v.dataset.failed));
  for (const [name, act] of Object.entries(acts)) part(name)?.addEventListener('click', () => { act(); if (name === 'prev' || name === 'next') say(words(s.at)); });
  part('slice')?.addEventListener('input', (ev) => go(Number(ev.target.value)));
  part('preset').addEventListener('change', (ev) => { [s.b, s.c] = LOOKS[ev.target.value]; paint(); });
  part('bright').addEventListener('input', (ev) => { s.b = Number(ev.target.value); paint(); }); part('contrast').addEventListener('input', (ev) => { s.c = Number(ev.target.value); paint(); });
  pane.addEventListener('wheel', (ev) => { if (ev.ctrlKey) return; ev.preventDefault(); go(s.at + Math.sign(ev.deltaY)); }, { passive: false });
  pane.addEventListener('keydown', (ev) => {
    if (ev.metaKey || ev.ctrlKey || ev.altKey) return; const by = s.zoom > 1 && s.move ? 40 : 0; const pan = (x, y) => { s.x += x; s.y += y; paint(); };
    const keys = { ArrowUp: () => (by ? pan(0, by) : acts.prev()), ArrowDown: () => (by ? pan(0, -by) : acts.next()), ArrowLeft: () => (by ? pan(by, 0) : acts.prev()), ArrowRight: () => (by ? pan(-by, 0) : acts.next()),
      PageUp: () => go(s.at - 10), PageDown: () => go(s.at + 10), Home: () => go(1), End: () => go(total), '+': acts.in, '=': acts.in, '-': acts.out, 0: acts.fit, i: acts.invert, m: acts.move, r: acts.reset, ' ': acts.play, '?': () => document.getElementById('keys')?.showModal() };
    const act = keys[ev.key]; if (act) { ev.preventDefault(); act(); }
  });
  let from; pane.addEventListener('pointerdown', (ev) => { from = { x: ev.clientX, y: ev.clientY, b: s.b, c: s.c, px: s.x, py: s.y, at: s.at, touch: ev.pointerType === 'touch' }; if (!from.touch || s.move) pane.setPointerCapture(ev.pointerId); });
  pane.addEventListener('pointermove', (ev) => {
    if (!from) return; const dx = ev.clientX - from.x; const dy = ev.clientY - from.y;
    if (s.move) { s.x = from.px + dx; s.y = from.py + dy; paint(); } else if (from.touch) { go(from.at + Math.round(dx / 14)); } else { s.b = Math.min(180, Math.max(40, from.b - dy / 2)); s.c = Math.min(220, Math.max(40, from.c + dx / 2)); paint(); }
  });
  for (const name of ['pointerup', 'pointercancel']) pane.addEventListener(name, () => { from = undefined; });
  for (const t of document.querySelectorAll('[data-tile]')) t.addEventListener('click', (ev) => { ev.preventDefault(); stop(); go(Number(t.dataset.tile)); say(words(s.at)); });
}
