// Keeps an open page true. Everything here is an addition: without it the page refreshes itself.
"use strict";

// A new card pushes the others down. A finger already on its way must not hit another room's button.
const HANDS_OFF_MS = 500;
// Shorter is a hiccup that the browser mends by itself.
const OUT_OF_TOUCH_MS = 6000;

const main = document.getElementById("main");
const warning = document.getElementById("out-of-touch");
let pressed = false;
let waiting = false;
let movedAt = -Infinity;
let lostSince = 0;

const isStill = () => main.querySelector("[data-still]") !== null;

function outOfTouch(lost) {
  if (!lost) {
    lostSince = 0;
    warning.hidden = true;
  } else if (!lostSince) {
    lostSince = Date.now();
  }
}
setInterval(() => {
  if (lostSince && Date.now() - lostSince >= OUT_OF_TOUCH_MS) warning.hidden = false;
}, 1000);

async function renew() {
  if (isStill()) return;
  if (pressed) {
    waiting = true;
    return;
  }
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status >= 500) throw new Error("the page could not be fetched");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.getElementById("main");
    if (pressed || !next || next.innerHTML === main.innerHTML) return;
    const places = [...main.querySelectorAll("[data-alert]")].map((one) => one.dataset.alert).join();
    const open = [...main.querySelectorAll("details[open]")].map((one) => one.parentElement.querySelector("[data-alert]")?.dataset.alert);
    const focused = document.activeElement && document.activeElement.id;
    main.replaceChildren(...next.childNodes);
    document.title = fresh.title;
    for (const alert of open) {
      const details = main.querySelector(`[data-alert="${alert}"]`)?.parentElement.querySelector("details");
      if (details) details.open = true;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    const now = [...main.querySelectorAll("[data-alert]")].map((one) => one.dataset.alert).join();
    if (now !== places) movedAt = performance.now();
  } catch {
    outOfTouch(true);
  }
}

addEventListener("pointerdown", () => { pressed = true; });
for (const over of ["pointerup", "pointercancel"]) {
  addEventListener(over, () => {
    // The click comes after the finger is up.
    setTimeout(() => {
      pressed = false;
      if (waiting) {
        waiting = false;
        renew();
      }
    }, 300);
  });
}
addEventListener("submit", (event) => {
  if (performance.now() - movedAt < HANDS_OFF_MS) event.preventDefault();
}, true);

// Somebody touches this page: what it shows has been seen. A preview fetched by an app is not that.
const told = new Set();
function seen(event) {
  if (!event.isTrusted) return;
  const token = document.querySelector('meta[name="form-token"]').content;
  for (const one of main.querySelectorAll("[data-open]")) {
    const alert = one.dataset.alert;
    if (told.has(alert)) continue;
    told.add(alert);
    fetch(`/alerts/${alert}/seen`, { method: "POST", body: new URLSearchParams({ token }) }).catch(() => told.delete(alert));
  }
}
for (const sign of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(sign, seen, { passive: true });
}

const news = new EventSource("/live");
news.addEventListener("changed", renew);
news.addEventListener("open", () => outOfTouch(false));
news.addEventListener("error", () => outOfTouch(true));
// A phone that was asleep has missed what it was not told.
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
