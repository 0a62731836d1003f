// Passkeys: what offers them (data-passkeys) is shown where there are any. A form with data-passkey asks the device (get, create), then posts its answer in the field `credential`.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

// A passkey belongs to a host's name: where the portal stands at a bare address there are none.
const CAN = window.PublicKeyCredential && !/^[0-9.]+$|^\[/.test(location.hostname);

const ASK = {
  get: (o) => navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: known(o.allowCredentials) } }),
  create: (o) => navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: known(o.excludeCredentials) } }),
};
const told = (made) => {
  const { response } = made; const parts = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (response[name]) parts[name] = text(response[name]);
  if (response.getTransports) parts.transports = response.getTransports();
  return { id: made.id, rawId: text(made.rawId), type: made.type, authenticatorAttachment: made.authenticatorAttachment ?? undefined, clientExtensionResults: made.getClientExtensionResults(), response: parts };
};

// What the device needs: in the page, or asked for when the button is pressed.
const optionsOf = async (form) => {
  const given = form.dataset.options;
  if (!given.startsWith('/')) return JSON.parse(given);
  const answer = await fetch(given, { method: 'POST', body: new URLSearchParams({ csrf: form.dataset.token }) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

for (const el of document.querySelectorAll('[data-passkeys]')) el.hidden = !CAN;
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!CAN) { form.hidden = true; continue; }
  const failed = form.querySelector('[data-failed]');
  form.addEventListener('submit', async (ev) => {
    ev.preventDefault(); failed.hidden = true;
    try { form.elements.credential.value = JSON.stringify(told(await ASK[form.dataset.passkey](await optionsOf(form)))); } catch { failed.hidden = false; return; }
    form.submit();
  });
}
