// Theme, live fragments and the lock: everything that each page needs. No inline code, no library.
"use strict";

const page = document.documentElement;
const say = (name) => document.body.dataset[name] || "";

// --- theme: as the system wishes, unless the officer chose; printed always on white ---------------------------------
const darkBySystem = window.matchMedia("(prefers-color-scheme: dark)");
const chosenTheme = () => localStorage.getItem("simpul-theme") || (darkBySystem.matches ? "dark" : "light");
const applyTheme = (theme) => { page.dataset.bsTheme = theme; };
applyTheme(chosenTheme());
darkBySystem.addEventListener("change", () => applyTheme(chosenTheme()));
window.addEventListener("beforeprint", () => applyTheme("light"));
window.addEventListener("afterprint", () => applyTheme(chosenTheme()));

// --- talking to the program on this computer --------------------------------------------------------------------------
let token = "";
class Locked extends Error {}

async function ask(url, options = {}) {
  const headers = { "X-CSRFToken": token, "X-Requested-With": "simpul", ...(options.headers || {}) };
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options, headers });
  if (answer.status === 401) throw new Locked();
  return answer;
}

async function renewToken() {
  const answer = await fetch("/kunci", { credentials: "same-origin", cache: "no-store" });
  const state = await answer.json();
  token = state.token;
  document.querySelectorAll("input[name=csrf_token]").forEach((input) => { input.value = token; });
  return state;
}

// --- the lock: the page stays, what was typed stays, only the PIN is asked ---------------------------------------------
let unlocking = null;
function unlock() {
  if (unlocking) return unlocking;
  const dialog = document.getElementById("lock");
  if (!dialog) { window.location.assign("/masuk"); return new Promise(() => {}); }
  unlocking = new Promise((resolve) => {
    const form = dialog.querySelector("form");
    const problem = dialog.querySelector("[data-problem]");
    const pin = form.elements.pin;
    form.onsubmit = async (event) => {
      event.preventDefault();
      await renewToken();
      const answer = await fetch("/masuk", {
        method: "POST", credentials: "same-origin",
        headers: { "X-CSRFToken": token, "X-Requested-With": "simpul" },
        body: new URLSearchParams({ officer: form.elements.officer.value, pin: pin.value, csrf_token: token }),
      });
      pin.value = "";
      if (!answer.ok) { problem.textContent = (await answer.json()).problem; pin.focus(); return; }
      await renewToken();
      problem.textContent = "";
      dialog.close();
      unlocking = null;
      resolve();
    };
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
    pin.focus();
  });
  return unlocking;
}

async function askUnlocked(url, options) {
  for (;;) {
    try {
      const answer = await ask(url, options);
      if (answer.status !== 400 || answer.headers.get("X-Simpul-Problem") !== "token") return answer;
      await renewToken();
    } catch (problem) {
      if (!(problem instanceof Locked)) throw problem;
      await unlock();
    }
  }
}

// --- live fragments: asked every five seconds, answered with 304 when nothing changed ----------------------------------
const etags = new Map();
async function refresh(element) {
  const url = element.dataset.live;
  const answer = await fetch(url, {
    credentials: "same-origin", cache: "no-store",
    headers: { "If-None-Match": etags.get(url) || "", "X-Requested-With": "simpul-live" },
  });
  if (answer.status === 200) {
    etags.set(url, answer.headers.get("ETag") || "");
    const text = await answer.text();
    if (element.innerHTML.trim() !== text.trim()) element.innerHTML = text;
  }
}
function beat() {
  if (document.hidden) return;
  document.querySelectorAll("[data-live]").forEach((element) => {
    refresh(element).catch(() => {
      etags.clear(); // the next answer replaces this sentence, even when it is the same as before
      document.querySelectorAll("[data-link]").forEach((lamp) => {
        lamp.className = "lamp lamp-bad";
        lamp.textContent = say("stopped");
      });
    });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  token = document.body.dataset.token;
  document.querySelectorAll("[data-theme-switch]").forEach((button) => {
    const show = () => button.setAttribute("aria-pressed", String(page.dataset.bsTheme === "dark"));
    button.addEventListener("click", () => {
      localStorage.setItem("simpul-theme", page.dataset.bsTheme === "dark" ? "light" : "dark");
      applyTheme(chosenTheme());
      show();
    });
    show();
  });
  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
  document.querySelectorAll("[data-confirm]").forEach((form) => form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  }));
  document.querySelectorAll("form[data-once]").forEach((form) => form.addEventListener("submit", () => {
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; });
  }));
  const wrong = document.getElementById("problems");
  if (wrong) wrong.focus();
  const search = document.querySelector("[data-filter]");
  if (search) startFilter(search);
  if (document.querySelector("[data-live]")) window.setInterval(beat, 5000);
});

// --- services: found while typing --------------------------------------------------------------------------------------
function startFilter(input) {
  const items = Array.from(document.querySelectorAll("[data-words]"));
  const status = document.getElementById("found");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    items.forEach((item) => {
      const fits = words.every((word) => item.dataset.words.includes(word));
      item.hidden = !fits;
      count += fits ? 1 : 0;
    });
    document.querySelectorAll("[data-group]").forEach((group) => {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
    });
    status.textContent = `${count} ${status.dataset.word}`;
  };
  input.addEventListener("input", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); }
  });
  show();
}
