"use strict";
/* Theme before the first paint; light on paper; "/" goes to the search, j k x walk the queue; error summary gets the focus. */
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
    const queue = document.getElementById("queue");
    if (queue) {
      /* Only while the focus is in the list (WCAG 2.1.4): j and k move by rows, x ticks. */
      queue.closest("[role=region]").addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey || !"jkx".includes(event.key)) return;
        const links = [...queue.querySelectorAll("tbody th a")];
        const row = document.activeElement.closest("tr");
        const at = row ? links.indexOf(row.querySelector("th a")) : -1;
        event.preventDefault();
        if (event.key === "x") {
          const box = row && row.querySelector("input[type=checkbox]");
          if (box) box.checked = !box.checked;
          return;
        }
        const next = links[event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0)];
        if (next) next.focus();
      });
    }
    /* A part of a page that is asked for again; the answer 304 costs no bytes, and a reader in the middle of it is left alone. */
    for (const part of document.querySelectorAll("[data-live]")) {
      let tag = "";
      setInterval(async () => {
        if (document.hidden || part.contains(document.activeElement)) return;
        try {
          const answer = await fetch(part.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
          if (answer.status !== 200 || answer.redirected) return;
          tag = answer.headers.get("ETag") || "";
          part.innerHTML = await answer.text();
        } catch { /* the next round asks again */ }
      }, 1000 * Number(part.dataset.every));
    }
    const errors = document.getElementById("errors");
    if (errors) errors.focus();
  });
})();
