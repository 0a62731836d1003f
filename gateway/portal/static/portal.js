// Small behaviours of every page, each bound by a data attribute; all pages work without them.
const $ = (sel, root = document) => root.querySelector(sel);
const $$ = (sel, root = document) => [...root.querySelectorAll(sel)];
const say = (text) => { const el = $('#say'); if (el) { el.textContent = ''; setTimeout(() => { el.textContent = text; }, 60); } };

for (const el of $$('[data-js]')) el.hidden = false;

// Dialogs: a link with data-dialog opens <dialog id>; its href is the page that serves without script.
for (const opener of $$('[data-dialog]')) {
  const box = document.getElementById(opener.dataset.dialog);
  if (box) opener.addEventListener('click', (ev) => { ev.preventDefault(); box.showModal(); });
}
for (const box of $$('dialog:not([data-session])')) {
  box.addEventListener('click', (ev) => { if (ev.target === box || ev.target.closest('[data-close]')) { ev.preventDefault(); box.close(); } });
}
for (const x of $$('.toast [data-close]')) x.addEventListener('click', () => { x.closest('.toast').hidden = true; });
for (const box of $$('dialog[data-open]')) { box.removeAttribute('open'); box.showModal(); }

// Menus: Esc, a click elsewhere and the focus going on to the page close them, so that they cover nothing that has it.
document.addEventListener('keydown', (ev) => { if (ev.key === 'Escape') for (const m of $$('.menu[open]')) { m.open = false; $('summary', m).focus(); } });
document.addEventListener('click', (ev) => { for (const m of $$('.menu[open]')) if (!m.contains(ev.target)) m.open = false; });
document.addEventListener('focusin', (ev) => { if (!ev.target.closest('.top')) for (const m of $$('.menu[open]')) m.open = false; });

// Tabs and tiles: one stop for Tab, arrows move, Enter opens; the exam list: up, down, Home, End.
const walk = (items, back, on, choose) => (ev) => {
  const at = items.indexOf(document.activeElement); if (at < 0) return;
  const to = { [back]: at - 1, [on]: at + 1, Home: 0, End: items.length - 1 }[ev.key];
  if (to === undefined) return;
  ev.preventDefault(); const el = items[(to + items.length) % items.length]; if (choose) choose(el); el.focus();
};
for (const list of $$('[role="tablist"]')) {
  const tabs = $$('[role="tab"]', list); const set = (el) => tabs.forEach((t) => { t.tabIndex = t === el ? 0 : -1; });
  set($('[aria-selected="true"]', list) ?? tabs[0]); list.addEventListener('keydown', walk(tabs, 'ArrowLeft', 'ArrowRight', set));
}
{ const rows = $$('[data-rove] .exam__go'); for (const list of $$('[data-rove]')) list.addEventListener('keydown', walk(rows, 'ArrowUp', 'ArrowDown')); }
for (const box of $$('.tiles')) {
  const items = () => $$('.tile', box); const set = (el) => items().forEach((t) => { t.tabIndex = t === el ? 0 : -1; });
  set($('[aria-current]', box) ?? items()[0]); box.removeAttribute('tabindex'); box.addEventListener('keydown', (ev) => walk(items(), 'ArrowLeft', 'ArrowRight', set)(ev));
  box.addEventListener('focusin', (ev) => { if (ev.target.matches('.tile')) set(ev.target); });
}

// PHI box: the button stays disabled until it is ticked, and says why.
for (const form of $$('form[data-phi]')) {
  const box = $('[name="phiAcknowledged"]', form); const go = $('[type="submit"]', form); const why = $('[data-why]', form);
  const set = () => { go.disabled = !box.checked; if (why) why.hidden = box.checked; };
  box.addEventListener('change', set); set(); addEventListener('pageshow', set);
}

// I-Code: grouped 5-4-4 as it is typed or pasted, look-alikes folded, the caret kept. From a Portal Pass's QR code it is in the fragment.
const grouped = (text) => {
  const raw = text.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1').replace(/[^0-9A-HJKMNP-TV-Z]/g, '').slice(0, 13);
  return [raw.slice(0, 5), raw.slice(5, 9), raw.slice(9)].filter(Boolean).join('-');
};
for (const el of $$('[data-icode]')) {
  el.addEventListener('input', () => { const text = grouped(el.value); if (text !== el.value && el.selectionStart === el.value.length) el.value = text; });
  if (location.hash.length > 12) { el.value = grouped(location.hash.slice(1)); history.replaceState(null, '', location.pathname); }
}

// A share's link: its token stands in the fragment, which no server is sent.
for (const form of $$('form[data-share]')) {
  const token = $('[data-token]', form); const paste = $('[data-paste]', form);
  const take = () => {
    if (location.hash.length < 8) return;
    token.value = location.hash.slice(1); if (paste) { paste.hidden = true; $('input', paste).value = ''; }
    history.replaceState(null, '', location.pathname);
  };
  take(); addEventListener('hashchange', take);
}

// Passwords: show, and make one that can be read out loud.
for (const b of $$('[data-show]')) b.addEventListener('click', () => {
  const el = document.getElementById(b.dataset.show); const on = el.type === 'password';
  el.type = on ? 'text' : 'password'; b.setAttribute('aria-pressed', on); $('span', b).textContent = on ? b.dataset.hideWord : b.dataset.showWord;
});
for (const b of $$('[data-make]')) b.addEventListener('click', () => {
  const el = document.getElementById(b.dataset.make); const set = 'abcdefghjkmnpqrstuvwxyz23456789';
  const draw = () => { const n = crypto.getRandomValues(new Uint8Array(1))[0]; return n < 248 ? set[n % set.length] : draw(); };
  el.value = Array.from({ length: 12 }, (_, k) => (k && k % 4 === 0 ? '-' : '') + draw()).join('');
  el.type = 'text'; say(b.dataset.say);
});
for (const b of $$('[data-days]')) b.addEventListener('click', () => {
  const d = new Date(`${b.dataset.from}T12:00:00Z`); d.setUTCDate(d.getUTCDate() + Number(b.dataset.days) - 1);
  document.getElementById('expires').value = d.toISOString().slice(0, 10); say(b.dataset.say);
});

// The share form says again which exams are in the link.
for (const box of $$('[data-ticked]')) {
  const ticks = $$('[name="examIds"]'); const text = $('span', box);
  const set = () => {
    const names = ticks.filter((t) => t.checked).map((t) => t.dataset.name); const n = names.length;
    text.textContent = n ? `${n === 1 ? box.dataset.one : box.dataset.many.replace('{n}', n)} ${names.join(', ')}` : box.dataset.none;
  };
  ticks.forEach((t) => t.addEventListener('change', set)); set();
}

// Copy: the link alone, never the password.
for (const b of $$('[data-copy]')) b.addEventListener('click', async () => {
  const a = document.getElementById(b.dataset.copy); const done = document.getElementById(b.dataset.done);
  try { await navigator.clipboard.writeText(a.href); } catch { const r = document.createRange(); r.selectNodeContents(a); getSelection().removeAllRanges(); getSelection().addRange(r); document.execCommand('copy'); }
  if (done) done.hidden = false; say(b.dataset.say);
});
for (const b of $$('[data-size]')) b.addEventListener('click', () => { const on = $('.sheet').classList.toggle('is-larger'); b.setAttribute('aria-pressed', on); });
for (const b of $$('[data-print]')) b.addEventListener('click', () => print());

// An error summary takes the focus when the page comes back with mistakes.
$('.summary')?.focus();
