// The devices, the phones, the parts that break, and who is chosen.
import { Lamp, Sounder } from "./lights.js";
import { clock, knows, put, say } from "./words.js";

const by = (id) => document.getElementById(id);
// Of two devices, the light that says the most is the one to be told of.
const WEIGHT = ["none", "off", "tested", "test_press", "identify", "agree", "noted", "sending", "delivered", "asked_again", "prompt", "coming", "cannot_send"];
const MESSAGES_SHOWN = 3;

export class Cards {
  constructor(act, room) {
    this.act = act;
    this.room = room;
    this.sounder = new Sounder();
  }

  furnish(scene) {
    this.scene = scene;
    this.devices = new Map(scene.devices.map((device) => [device.id, this.device(device)]));
    by("device-list").replaceChildren(...[...this.devices.values()].map(({ card }) => card));
    this.phones = new Map(scene.phones.map((phone) => [phone.id, this.phone(phone)]));
    by("phone-list").replaceChildren(...[...this.phones.values()].map(({ card }) => card));
    const who = by("who");
    who.hidden = scene.people.length < 2;
    const select = who.querySelector("select");
    select.replaceChildren(...scene.people.map(({ id, name }) => new Option(name, id)));
    select.onchange = () => this.room.choose(select.value);
    this.chosen(scene.people[0]?.id);
  }

  chosen(id) {
    by("who").querySelector("select").value = id;
  }

  device({ id, kind, unit }) {
    const card = by("device-card").content.firstElementChild.cloneNode(true);
    card.dataset.device = id;
    card.dataset.kind = kind;
    const name = say(`news_${kind}`);
    card.querySelector("h3").textContent = `${name.charAt(0).toUpperCase()}${name.slice(1)} ${unit}`;
    card.querySelector(kind === "sensor" ? ".of-button" : ".of-sensor").remove();
    for (const button of card.querySelectorAll("[data-press]")) {
      button.addEventListener("click", () => this.act({ what: "press", device: id, press: button.dataset.press }));
    }
    const plug = card.querySelector(".plug");
    plug.addEventListener("click", () => this.act({ what: plug.getAttribute("aria-pressed") === "true" ? "plug_in" : "plug_out", device: id }));
    return { card, plug, lamp: new Lamp(card.querySelector(".lamp"), card.querySelector(".rhythm")) };
  }

  phone({ id, name }) {
    const card = by("phone-card").content.firstElementChild.cloneNode(true);
    card.dataset.phone = id;
    card.querySelector("h3").textContent = name;
    for (const button of card.querySelectorAll("[data-answer]")) {
      button.addEventListener("click", () => this.act({ what: button.dataset.answer, person: id }));
    }
    return { card, list: card.querySelector("ol") };
  }

  show(frame) {
    for (const [id, { card, plug, lamp }] of this.devices) {
      const device = frame.devices[id];
      const light = device.power ? device.light : "off";
      lamp.show(light);
      put(card.querySelector("strong"), say(`light_${light}`));
      put(card.querySelector(".light-words span"), knows(`light_${light}_more`) ? say(`light_${light}_more`) : "");
      card.classList.toggle("dead", !device.power);
      plug.setAttribute("aria-pressed", !device.power);
      put(plug, device.power ? plug.dataset.in : plug.dataset.out);
      const drawn = by(`plan-${card.dataset.kind}`);
      if (drawn) drawn.dataset.light = light;
    }
    this.sounder.show(this.lightNow(frame));
    for (const { id, messages, can } of frame.phones) this.showPhone(this.phones.get(id), messages, can);
    for (const button of document.querySelectorAll("[data-part]")) {
      const works = frame.way[button.dataset.part];
      button.hidden = works === undefined;
      button.setAttribute("aria-pressed", works === false);
      const words = button.querySelector("small");
      put(words, works === false ? words.dataset.broken : words.dataset.works);
    }
    this.allow(frame);
  }

  showPhone(phone, messages, can) {
    if (!phone) return;
    const shown = messages.slice(-MESSAGES_SHOWN);
    const mark = JSON.stringify(shown);
    if (phone.mark !== mark) {
      phone.mark = mark;
      phone.list.replaceChildren(...shown.map(({ t_ms, title, body }) => {
        const item = document.createElement("li");
        const [time, strong, text] = ["time", "strong", "span"].map((name) => document.createElement(name));
        [time.textContent, strong.textContent, text.textContent] = [clock(t_ms), title, body];
        item.append(time, strong, text);
        return item;
      }));
      if (!shown.length) phone.list.append(Object.assign(document.createElement("li"), { className: "soft", textContent: by("phone-list").dataset.empty }));
      else if (phone.seen !== undefined && messages.length > phone.seen) this.buzz(phone.card);
      phone.seen = messages.length;
    }
    for (const button of phone.card.querySelectorAll("[data-answer]")) button.disabled = !can.includes(button.dataset.answer);
  }

  buzz(card) {
    card.classList.remove("buzz");
    void card.offsetWidth; // the animation begins anew
    card.classList.add("buzz");
  }

  // What nobody who is outside can do is not offered.
  allow(frame) {
    const chosen = frame.people.find((one) => one.id === this.room.chosen);
    const outside = !chosen || chosen.posture === "outside";
    const out_cold = chosen?.conscious === false;
    for (const button of document.querySelectorAll("#room [data-acts]")) {
      const { acts } = button.dataset;
      if (acts === "enter") button.disabled = !outside;
      else button.disabled = outside || (out_cold && acts !== "breathe");
    }
  }

  lightNow(frame) {
    const lights = Object.values(frame.devices).map(({ light, power }) => (power ? light : "off"));
    return lights.reduce((a, b) => (WEIGHT.indexOf(b) > WEIGHT.indexOf(a) ? b : a), "none");
  }

  sensorWords({ sensor }) {
    if (!sensor) return say("sees_none");
    if (!sensor.power) return say("sees_dead");
    const presence = `sees_${sensor.sees}_presence`;
    const sees = sensor.tier === "presence" && knows(presence) ? presence : `sees_${sensor.sees}`;
    return `${say(sees)} · ${say(sensor.faulty ? "does_faulty" : `does_${sensor.does}`)}`;
  }

  toggleSound(button) {
    this.sounder.toggle();
    button.setAttribute("aria-pressed", this.sounder.on);
    button.textContent = this.sounder.on ? button.dataset.on : button.dataset.off;
  }
}
