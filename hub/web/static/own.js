"use strict";
/* Theme before the first paint; light on paper; "/" goes to the search; error summary gets the focus. */
(() => {
  const key = "simpul-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const remembered = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const apply = () => { root.dataset.bsTheme = remembered() || (system.matches ? "dark" : "light"); };
  apply();
  system.addEventListener("change", apply);
  addEventListener("beforeprint", () => { root.dataset.bsTheme = "light"; });
  addEventListener("afterprint", apply);

  const typing = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  addEventListener("DOMContentLoaded", () => {
    const toggle = document.getElementById("theme");
    if (toggle) {
      toggle.addEventListener("click", () => {
        const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
        try { localStorage.setItem(key, next); } catch { /* private window: not remembered */ }
        root.dataset.bsTheme = next;
      });
    }
    document.addEventListener("keydown", (event) => {
      const search = document.querySelector("input[type=search]");
      if (event.key === "/" && search && !typing(document.activeElement)) {
        event.preventDefault();
        search.focus();
      }
    });
    const errors = document.getElementById("errors");
    if (errors) errors.focus();
  });
})();
