// What runs on signed-in pages: a package's progress, the toast when one is ready, and the session's end.
const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];
const say = (text) => { const el = $('#say'); el.textContent = ''; setTimeout(() => { el.textContent = text; }, 60); };
const ask = async (url) => { try { const r = await fetch(url, { headers: { Accept: 'application/json' } }); return r.status === 401 ? 'ended' : r.ok ? await r.json() : null; } catch { return null; } };
const UNDER_WAY = ['queued', 'preparing'];

// The download panel: its bar moves; when its state changes the page is brought anew, focus on its heading.
for (const panel of $$('[data-package]')) {
  const bar = $('[data-bar]', panel); const note = $('[data-note]', panel); const progress = $('progress', panel); const sending = $('[data-sending]', panel);
  let said = 0; let wait = UNDER_WAY.includes(panel.dataset.panel) ? 1500 : 4000; let timer;
  const draw = (now) => {
    const is = now.panel === 'preparing' ? panel.dataset.barPreparing : panel.dataset.barDownloading;
    if (sending && now.percent) sending.hidden = false;
    if (now.panel !== 'queued') { bar.textContent = is.replace('{n}', now.percent); progress.value = now.percent; }
    note.textContent = now.note;
    const step = Math.floor(now.percent / 25) * 25;
    if (now.panel === 'preparing' && step > said) { said = step; say(panel.dataset.sayPercent.replace('{n}', step)); }
  };
  const look = async () => {
    clearTimeout(timer);
    const now = await ask(panel.dataset.package);
    if (now === 'ended') return;
    if (now && now.panel !== panel.dataset.panel && !(now.panel === 'downloading' && panel.dataset.panel === 'ready')) {
      if (now.panel === 'ready') say(panel.dataset.sayReady);
      sessionStorage.setItem('focus-panel', '1'); location.reload(); return;
    }
    if (now) draw(now);
    if (!document.hidden || wait < 4000) timer = setTimeout(look, wait);
  };
  timer = setTimeout(look, wait);
  for (const a of $$('[data-here]', panel)) a.addEventListener('click', () => { wait = 1000; clearTimeout(timer); timer = setTimeout(look, 1000); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
}
if (sessionStorage.getItem('focus-panel')) { sessionStorage.removeItem('focus-panel'); $('#dl-t')?.focus(); }

// Anywhere else: a toast when a package that was under way becomes ready.
// Its row follows: the chip that says how far it is, and the green link.
const follow = (row, now) => {
  const mark = $('.chip .turn', row); const chip = mark?.closest('.chip'); if (!chip) return;
  if (!now.chip) { chip.remove(); return; }
  const { tone, icon, text } = now.chip; const use = $('use', mark);
  chip.className = `chip chip--${tone}`; chip.lastChild.textContent = text; use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${icon}`));
  if (icon !== 'gear') mark.classList.remove('turn');
  if (now.panel === 'ready' && !$('.exam__get', row)) {
    const get = document.createElement('a'); get.className = 'exam__get'; get.href = row.dataset.page; get.setAttribute('aria-label', row.dataset.get);
    get.append(mark.cloneNode(true)); row.append(get);
  }
};
const watched = $$('[data-watch]').filter((el) => !$(`[data-package="${el.dataset.watch}"]`));
if (watched.length) {
  const look = async () => {
    for (const el of [...watched]) {
      const now = await ask(el.dataset.watch);
      if (now === 'ended') return;
      if (now) follow(el, now);
      if (now && !UNDER_WAY.includes(now.panel)) {
        watched.splice(watched.indexOf(el), 1);
        if (now.panel === 'ready') { const t = $('#toast'); $('[data-toast-exam]', t).textContent = el.dataset.exam; $('[data-toast-link]', t).href = el.dataset.page; t.hidden = false; }
      }
    }
    if (watched.length) setTimeout(look, 4000);
  };
  setTimeout(look, 3000);
}

// The session ends after 15 idle minutes; two minutes before, it asks; who comes back to the page is asked at once. Being active on a page counts, at most once a minute.
const box = $('[data-session]');
if (box) {
  const left = $('[data-left]', box); const words = left.textContent; let active = Date.now(); let ticking; let spoken; let end = Infinity;
  const home = () => { location.href = box.dataset.home; };
  const stay = async () => { const now = await ask('/session/stay.json'); if (now === 'ended') home(); else { if (box.open) box.close(); clearInterval(ticking); plan(now?.seconds ?? 600); } };
  const warn = (seconds) => {
    end = Date.now() + seconds * 1000; clearInterval(ticking); if (!box.open) { spoken = new Set(); box.showModal(); }
    ticking = setInterval(() => {
      const n = Math.round((end - Date.now()) / 1000); left.textContent = n >= 119 ? words : n > 60 ? `1 min ${n - 60} s` : `${Math.max(0, n)} s`;
      for (const at of [60, 20]) if (n <= at && !spoken.has(at)) { spoken.add(at); say(`${at} s`); }
      if (n <= 0) { clearInterval(ticking); look(); }
    }, 1000);
  };
  const look = async () => { const now = await ask('/session/left.json'); if (now === 'ended' || (!now && Date.now() >= end)) home(); else if (now && now.seconds <= 125) warn(now.seconds); else { if (now && box.open) { box.close(); clearInterval(ticking); } plan(now?.seconds ?? 240); } };
  let planned; const plan = (seconds) => { clearTimeout(planned); planned = setTimeout(look, Math.max(5, Math.min(seconds - 120, 600)) * 1000); };
  $('[data-stay]', box).addEventListener('click', stay);
  box.addEventListener('cancel', (ev) => { ev.preventDefault(); stay(); });
  for (const kind of ['pointerdown', 'keydown', 'wheel']) addEventListener(kind, () => { if (!box.open && Date.now() - active > 60000) { active = Date.now(); stay(); } }, { passive: true });
  addEventListener('focus', look);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
  plan(300);
}
