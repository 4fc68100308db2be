// The page: shows what the world tells, and tells the world what is done here.
import { Cards } from "./cards.js";
import { Hints } from "./hints.js";
import { Room, describe } from "./room.js";
import { Story } from "./story.js";
import { Waits } from "./waits.js";
import { Wave } from "./wave.js";
import { calm, clock, names, put, say } from "./words.js";

const by = (id) => document.getElementById(id);
const TOAST_MS = 5000;
// Shorter is a hiccup that the browser mends by itself.
const LOST_AFTER_MS = 3000;
const AGAIN_AFTER_MS = 3000;
// A page that is loaded anew, in this tab, finds its room again.
const KEPT = "visit";

let visit = null;
let news = null;
let scene = null;
let frame = null;
let lostTimer = 0;
let toastTimer = 0;

const room = new Room(by("plan"), (what, person, values) => act({ what, person, ...values }));
const wave = new Wave(by("wave"));
const cards = new Cards(act, room);
const story = new Story(by("story"));
const hints = new Hints(by("hint"), cards);
const waits = new Waits();

// --- to the world -------------------------------------------------------------------------------

const post = (path, body) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// One after the other: somebody who comes in and sits must not sit first.
let sending = Promise.resolve();
function order(body) {
  if (!visit) return;
  sending = sending.then(() => post(`/visits/${visit}/orders`, body)).then(
    (answer) => { if (answer.status === 404) begin(); },
    () => lost(),
  );
}

function act(values) {
  order({ act: values });
}

function toast(text) {
  const node = by("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, TOAST_MS);
}

// --- from the world -----------------------------------------------------------------------------

const shows = {
  beginning() {
    scene = frame = null;
    by("ended").hidden = true;
    wave.clear();
    story.clear();
    put(by("strip-sensor"), say("live_beginning"));
  },
  scene(fresh) {
    scene = fresh;
    room.furnish(scene);
    cards.furnish(scene);
    story.know(scene);
    const form = by("choose");
    form.seed.value = scene.seed;
    form.situation.value = scene.situation;
    put(by("about"), form.situation.selectedOptions[0]?.textContent ?? scene.title);
    showAbout();
    const about = document.querySelector(`[data-about="${CSS.escape(scene.situation)}"]`);
    // The three steps are about the first situation; the others say themselves what to do.
    const first = form.situation.selectedIndex === 0;
    const playable = scene.people.length > 0 && scene.room.sensor !== null;
    hints.begin(first && playable);
    waits.begin();
    document.querySelector(".controls").hidden = scene.people.length === 0;
    put(by("about-more"), first && playable ? "" : (about?.textContent ?? ""));
    document.body.dataset.ready = "yes";
  },
  frame(fresh) {
    if (!scene) return;
    frame = fresh;
    story.add(frame.news);
    wave.take(frame);
    room.show(frame.people);
    breathe();
    cards.show(frame);
    strip();
    transport();
    hints.show(frame);
    const needs = waits.after(frame);
    put(by("waits"), needs && say(needs));
  },
  story({ news: all }) {
    story.clear();
    story.add(all);
  },
  refused({ text }) {
    toast(say(text));
  },
  ended({ text }) {
    put(by("ended-text"), say("live_ended", { text }));
    by("ended").hidden = false;
  },
};

// The chest of whom the waveform is of, from the newest of it.
function breathe() {
  if (calm.matches) return;
  const newest = wave.stretches.slice(-60).map((one) => one[1]).filter(Boolean);
  if (!newest.length || !frame.wave_of) return;
  const low = Math.min(...newest.map((span) => span[0]));
  const high = Math.max(...newest.map((span) => span[1]));
  room.breathe(frame.wave_of, (newest.at(-1)[1] - low) / Math.max(high - low, 1));
}

function strip() {
  const inside = frame.people.filter((one) => one.posture !== "outside");
  const name = (person) => scene.people.find((one) => one.id === person.id)?.name ?? person.id;
  put(by("strip-person"), inside.map((one) => describe(name(one), one)).join("; ") || say("live_nobody"));
  put(by("strip-sensor"), cards.sensorWords(frame));
  by("strip-sensor-box").dataset.state = frame.sensor?.does ?? "";
  put(by("strip-alert"), alertWords(frame.alert));
  by("strip-alert-box").dataset.state = by("alert").dataset.state = frame.alert?.state ?? "";
  put(by("alert"), frame.alert ? alertWords(frame.alert) : "");
  const light = cards.lightNow(frame);
  put(by("strip-light"), say(`light_${light}`));
  by("strip-light-box").dataset.state = light;
}

function alertWords(alert) {
  if (!alert) return say("alert_none");
  const state = say(`alert_${alert.state}`, { people: names(alert.people) });
  return `${say(`alert_${alert.kind}`)} · ${state}`;
}

// --- time ---------------------------------------------------------------------------------------

// The slider's steps: ten to each tenfold.
const speedOf = (step) => {
  const speed = 10 ** (step / 10);
  return speed < 10 ? Math.round(speed * 10) / 10 : Math.round(speed);
};
const stepOf = (speed) => Math.round(10 * Math.log10(speed));

function transport() {
  const { paused, speed, real_speed, ease, t_ms } = frame;
  const pause = by("pause");
  pause.setAttribute("aria-label", paused ? pause.dataset.play : pause.dataset.pause);
  pause.classList.toggle("paused", paused);
  const slider = by("speed");
  if (document.activeElement !== slider || Math.abs(stepOf(speed) - slider.value) > 1) slider.value = stepOf(speed);
  const round = (n) => (n < 10 ? Math.round(n * 10) / 10 : Math.round(n));
  const short = !paused && real_speed < 0.8 * speed;
  const words = paused ? say("live_paused") : short ? say("live_real_speed", { speed: round(speed), real: round(real_speed) }) : say("live_speed", { speed: round(speed) });
  put(by("speed-said"), words);
  slider.setAttribute("aria-valuetext", words);
  by("ease").checked = ease;
  put(by("clock"), clock(t_ms));
}

by("pause").addEventListener("click", () => order({ pause: !frame?.paused }));
by("step").addEventListener("click", () => order({ step: true }));
by("speed").addEventListener("input", () => order({ speed: speedOf(Number(by("speed").value)) }));
by("ease").addEventListener("change", () => order({ ease: by("ease").checked }));

// --- what is pressed ----------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.acts) for (const what of button.dataset.acts.split(" ")) act({ what, person: room.chosen });
  if (button.dataset.part) act({ what: button.getAttribute("aria-pressed") === "true" ? "mend" : "break", part: button.dataset.part });
  if ("restart" in button.dataset) restart({});
});

function showAbout() {
  const chosen = by("choose").situation.value;
  for (const text of document.querySelectorAll("[data-about]")) text.hidden = text.dataset.about !== chosen;
}
by("choose").situation.addEventListener("change", showAbout);
by("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  restart({ situation: form.situation.value, seed: Number(form.seed.value) });
  scrollTo({ top: 0 });
});

async function restart(wish) {
  try {
    const answer = await post(`/visits/${visit}/restart`, wish);
    if (answer.status === 404) begin();
  } catch {
    lost();
  }
}

// --- the connection -----------------------------------------------------------------------------

function lost() {
  if (!lostTimer) lostTimer = setTimeout(() => notice(say("live_lost")), LOST_AFTER_MS);
}

function notice(text) {
  by("lost").hidden = !text;
  put(by("lost"), text);
}

function found() {
  clearTimeout(lostTimer);
  lostTimer = 0;
  notice("");
}

function listen() {
  news?.close();
  news = new EventSource(`/visits/${visit}/live`);
  news.addEventListener("open", found);
  news.addEventListener("error", () => {
    lost();
    // Closed for good: the server does not know this visit, or was not a server of ours.
    if (news.readyState === EventSource.CLOSED) setTimeout(begin, AGAIN_AFTER_MS);
  });
  for (const [kind, show] of Object.entries(shows)) {
    news.addEventListener(kind, (event) => show(JSON.parse(event.data)));
  }
}

// A room of one's own: the one this tab had, or a new one. Two may notice at once that there is none.
let beginning = null;
function begin() {
  beginning ??= beginOnce().finally(() => { beginning = null; });
}

async function beginOnce() {
  const kept = sessionStorage.getItem(KEPT);
  if (kept && kept !== visit) {
    visit = kept;
    listen();
    return;
  }
  try {
    const answer = await post("/visits", {});
    if (answer.status === 503) {
      notice(say("live_full"));
      setTimeout(begin, 4 * AGAIN_AFTER_MS);
      return;
    }
    if (!answer.ok) throw new Error("no room");
    const had = visit;
    visit = (await answer.json()).visit;
    sessionStorage.setItem(KEPT, visit);
    shows.beginning();
    if (had) toast(say("live_new_room"));
    listen();
  } catch {
    lost();
    setTimeout(begin, AGAIN_AFTER_MS);
  }
}

by("sound").addEventListener("click", () => cards.toggleSound(by("sound")));
by("plan").addEventListener("chosen", () => cards.chosen(room.chosen));
begin();
