// Keeps the page as the simulation is, once a second: whatever has data-live is replaced when the version is
// another. What is typed stays, for forms with input aren't part of it; so does what is unfolded or focused.
"use strict";
(() => {
  const page = document.getElementById("page");
  const told = document.getElementById("live");
  if (!page.dataset.live) return;
  const base = "/_destmock";
  let version = page.dataset.version;

  // Nothing can be done while nobody answers: the buttons say so.
  const say = (words, gone) => {
    if (told.textContent !== words) told.textContent = words;
    if (told.classList.toggle("gone", gone) || document.querySelector("button:disabled")) {
      for (const button of document.querySelectorAll("button")) button.disabled = gone;
    }
  };

  const focusIn = (region) => {
    const active = document.activeElement;
    if (!active || !region.contains(active)) return () => {};
    const host = active.closest("[id]");
    const path = active === host ? null : active.localName;
    const place = path && [...host.querySelectorAll(path)].indexOf(active);
    return () => {
      const found = document.getElementById(host.id);
      const target = found && path ? found.querySelectorAll(path)[place] : found;
      if (target) target.focus({ preventScroll: true });
    };
  };

  const isSelected = (region) => {
    const selection = getSelection();
    return !selection.isCollapsed && region.contains(selection.anchorNode);
  };

  const replace = (old, fresh) => {
    const open = new Map([...old.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    for (const one of fresh.querySelectorAll("details[id]")) {
      if (open.has(one.id)) one.open = open.get(one.id);
    }
    if (old.isEqualNode(fresh)) return;
    const scrolled = [...old.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    const refocus = focusIn(old);
    old.replaceWith(fresh);
    fresh.querySelectorAll(".scroll").forEach((one, place) => { one.scrollLeft = scrolled[place] || 0; });
    refocus();
  };

  const refresh = async () => {
    const answer = await fetch(page.dataset.live, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    let whole = true;
    for (const region of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(region.id);
      if (!old) continue;
      if (isSelected(old)) { whole = false; continue; }
      replace(old, document.adoptNode(region));
    }
    if (whole) version = fresh.getElementById("page").dataset.version;
  };

  const look = async () => {
    try {
      const answer = await fetch(`${base}/state?since=${encodeURIComponent(version)}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      if ((await answer.json()).changed) await refresh();
      say("Live", false);
    } catch {
      say("Not connected: the server has ended or does not answer. What is shown is old.", true);
    }
    setTimeout(look, document.hidden ? 5000 : 1000);
  };
  setTimeout(look, 500);
})();
