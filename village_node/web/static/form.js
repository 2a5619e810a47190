// A form that saves itself: each field on its own, at once, with words about what happened. Rules live on the server;
// here fields are only hidden and shown.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-save]");
  if (!form) return;
  const fields = Array.from(form.querySelectorAll("[data-key]"));
  const byKey = new Map(fields.map((field) => [field.dataset.key, field]));
  const status = document.getElementById("saved");
  const timers = new Map();
  const sent = new Map();
  let waiting = 0;

  const valueOf = (field) => {
    const picked = field.querySelector("input[type=radio]:checked");
    if (picked) return picked.value;
    const box = field.querySelector("input[type=checkbox]");
    if (box) return box.checked ? "yes" : "";
    const input = field.querySelector("input:not([type=radio]), select, textarea");
    return input ? input.value : "";
  };

  const isShown = (field) => {
    if (!field.dataset.showIf) return true;
    const other = byKey.get(field.dataset.showIf);
    return Boolean(other) && !other.hidden && JSON.parse(field.dataset.showValues).includes(valueOf(other));
  };
  const showFields = () => fields.forEach((field) => { field.hidden = !isShown(field); });

  const tell = (text, bad) => { status.textContent = text; status.classList.toggle("bad", Boolean(bad)); };

  const mark = (field, answer) => {
    const set = (target, part, text) => {
      const line = target.querySelector(`[data-${part}]`);
      if (line && line.textContent !== text) line.textContent = text;
    };
    set(field, "error", answer.problem);
    set(field, "fact", answer.fact);
    fields.forEach((each) => set(each, "warn", answer.warnings[each.dataset.key] || ""));
    field.classList.toggle("wrong", Boolean(answer.problem));
    const target = field.matches("fieldset") ? field : field.querySelector("input, select, textarea");
    if (answer.problem) target.setAttribute("aria-invalid", "true"); else target.removeAttribute("aria-invalid");
    const reason = document.querySelector("[data-nik-reason]");
    if (reason) reason.hidden = !answer.reason_wanted;
    const fee = document.querySelector("[data-fee]");
    if (fee) fee.textContent = answer.fee;
  };

  const save = async (field) => {
    const key = field.dataset.key;
    const value = valueOf(field);
    if (sent.get(key) === value) return;
    sent.set(key, value);
    waiting += 1;
    tell(form.dataset.saving);
    try {
      const answer = await askUnlocked(form.dataset.save, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ key, value }), keepalive: true,
      });
      const reply = await answer.json();
      if (!answer.ok) throw new Error(reply.problem);
      mark(field, reply);
      waiting -= 1;
      if (!waiting) tell(reply.saved);
    } catch (problem) {
      waiting -= 1;
      sent.delete(key);
      tell(form.dataset.failed, true);
      window.setTimeout(() => save(field), 3000);
    }
  };

  fields.forEach((field) => {
    sent.set(field.dataset.key, valueOf(field));
    const later = () => {
      window.clearTimeout(timers.get(field));
      timers.set(field, window.setTimeout(() => save(field), 500));
    };
    field.addEventListener("input", () => { showFields(); later(); });
    field.addEventListener("change", () => {
      window.clearTimeout(timers.get(field));
      showFields();
      save(field);
    });
  });
  window.addEventListener("pagehide", () => fields.forEach((field) => save(field)));
  showFields();
});
