// Keeps an open page true. Everything here is an addition: without it the page refreshes itself.
"use strict";

// A new card pushes the others down. A finger already on its way must not hit another room's button.
const HANDS_OFF_MS = 500;
// Shorter is a hiccup that the browser mends by itself.
const OUT_OF_TOUCH_MS = 6000;
// The backend says that it is there every 15 s (live.py). Beyond this the connection is dead,
// though nobody has said so: a phone has changed its network, a router has forgotten it.
const SILENT_MS = 40000;
const AGAIN_MS = 2000;

const main = document.getElementById("main");
const warning = document.getElementById("out-of-touch");
let pressed = false;
let waiting = false;
let moved = 0;
let lostSince = 0;
// Renewals, by number: how many were begun, and the latest that the page shows.
let asked = 0;
let shown = 0;
let news = null;
let heardAt = 0;

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
  const now = Date.now();
  if (lostSince && now - lostSince >= OUT_OF_TOUCH_MS) warning.hidden = false;
  // What a proxy has answered for a backend that is gone stays closed by itself.
  const patience = news.readyState === EventSource.CLOSED ? OUT_OF_TOUCH_MS : SILENT_MS;
  if (now - heardAt >= patience) {
    outOfTouch(true);
    listen();
  }
}, 1000);

function handsOff() {
  main.classList.add("moving");
  clearTimeout(moved);
  moved = setTimeout(() => main.classList.remove("moving"), HANDS_OFF_MS);
}

// Which alerts, in which order; and what each offers, because a button may have come or gone.
const places = (where) =>
  [...where.querySelectorAll("[data-alert], button, .button")].map((one) => one.dataset.alert || one.id).join();

// Changes only what differs: a button that stays is the same button, with its focus; what is open stays open.
function become(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE || old.isEqualNode(fresh)) return;
  if (old !== main) {
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }
  const [theirs, ours] = [[...fresh.childNodes], [...old.childNodes]];
  if (theirs.length === ours.length) ours.forEach((one, place) => become(one, theirs[place]));
  else old.replaceChildren(...theirs);
}

function show(fresh) {
  const next = fresh.getElementById("main");
  if (!next || next.innerHTML === main.innerHTML) return;
  document.title = fresh.title;
  if (places(main) === places(next)) {
    become(main, next);
  } else {
    main.replaceChildren(...next.childNodes);
    handsOff();
  }
}

async function renew() {
  if (isStill()) return;
  if (pressed) {
    waiting = true;
    return;
  }
  asked += 1;
  const number = asked;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.status >= 500) throw new Error("the page could not be fetched");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Overtaken by the answer to a later question: a call that has come since would be hidden.
    if (number < shown) return;
    if (pressed) {
      waiting = true;
      return;
    }
    shown = number;
    if (news.readyState === EventSource.OPEN) outOfTouch(false);
    show(fresh);
  } catch {
    outOfTouch(true);
    setTimeout(() => { if (number === asked) renew(); }, AGAIN_MS);
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

function listen() {
  if (news) news.close();
  heardAt = Date.now();
  const here = new EventSource(document.documentElement.dataset.live || "/live");
  const heard = () => { heardAt = Date.now(); };
  here.addEventListener("here", heard);
  here.addEventListener("changed", () => { heard(); renew(); });
  here.addEventListener("open", () => { heard(); outOfTouch(false); });
  here.addEventListener("error", () => outOfTouch(true));
  news = here;
}
listen();
// A phone that was asleep has missed what it was not told.
document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
