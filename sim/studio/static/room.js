// The room from above, and the people in it, whom one drags or moves by arrow keys.
import { put, say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const OUTSIDE_M = 1.45;
const WALL_M = 0.3;
// How near to a chair somebody is let go to be on it; and where it is meant though a bed is there too.
const NEAR_M = 0.55;
const ON_M = 0.25;
// One press of an arrow key.
const STEP_M = 0.3;
const FEW = 3;
const LEAST_VIEW_M = 4.4;
// Beside the walls there is room for the names of what hangs on them.
const LABEL_M = 0.75;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function make(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const within = (value, low, high) => Math.min(Math.max(value, low), high);

export class Room {
  // act: told what somebody at the page does with whom: act(what, person, {x, y}).
  constructor(plan, act) {
    this.plan = plan;
    this.act = act;
    this.tokens = new Map();
    this.wished = new Map();
    plan.addEventListener("pointermove", (event) => this.drag(event));
    plan.addEventListener("pointerup", (event) => this.drop(event));
    plan.addEventListener("pointercancel", () => this.let_go());
  }

  furnish({ room, people }) {
    this.room = room;
    this.people = people;
    this.chosen = people[0]?.id;
    this.picked = false;
    const side = this.side(room.door);
    const pad = (which) => (side === which ? OUTSIDE_M : which === "left" || which === "right" ? LABEL_M : WALL_M);
    const [left, top] = [pad("left"), pad("top")];
    const [right, bottom] = [room.width_m + pad("right"), room.depth_m + pad("bottom")];
    // A small room is drawn small: people are of one size.
    const spare = Math.max(0, LEAST_VIEW_M - left - right) / 2;
    this.plan.setAttribute("viewBox", [-left - spare, -top, left + right + 2 * spare, top + bottom].join(" "));
    this.outside = this.beyond(room.door, side);
    this.tokens.clear();
    this.wished.clear();
    this.ghost = make("circle", { class: "ghost", r: 0.3, visibility: "hidden" });
    this.plan.replaceChildren(...this.walls(room, side), ...this.things(room), this.ghost, ...people.map((one) => this.token(one)));
  }

  side({ x, y }) {
    const { width_m, depth_m } = this.room;
    const far = { left: x, right: width_m - x, top: y, bottom: depth_m - y };
    return Object.keys(far).reduce((a, b) => (far[b] < far[a] ? b : a));
  }

  beyond({ x, y }, side) {
    const by = { left: [-1, 0], right: [1, 0], top: [0, -1], bottom: [0, 1] }[side];
    return { x: x + by[0] * 0.65, y: y + by[1] * 0.65 };
  }

  walls({ width_m, depth_m, door }, side) {
    const along = side === "left" || side === "right" ? [0, 1] : [1, 0];
    const gap = { x1: door.x - along[0] * 0.42, y1: door.y - along[1] * 0.42, x2: door.x + along[0] * 0.42, y2: door.y + along[1] * 0.42 };
    const label = make("text", { class: "label corridor", x: this.outside.x + along[0] * 1.2, y: this.outside.y + 0.07, "text-anchor": "middle" });
    if (along[1]) label.setAttribute("transform", `rotate(-90 ${this.outside.x} ${this.outside.y + 1.2}) translate(0 1.2)`);
    label.textContent = this.plan.dataset.corridor;
    return [make("rect", { class: "floor", width: width_m, height: depth_m, rx: 0.04 }), make("line", { class: "door", ...gap }), label];
  }

  things({ chair, bed, sensor, button, others = [] }) {
    const drawn = [];
    if (sensor?.beam_deg) {
      const reach = sensor.range_m;
      const [from, to] = [-1, 1].map((way) => ((sensor.facing_deg + (way * sensor.beam_deg) / 2) * Math.PI) / 180);
      const at = (angle) => `${sensor.x + reach * Math.cos(angle)} ${sensor.y + reach * Math.sin(angle)}`;
      drawn.push(make("clipPath", { id: "inside" }, make("rect", { width: this.room.width_m, height: this.room.depth_m })));
      const round = { cx: sensor.x, cy: sensor.y, r: reach };
      const wedge = { d: `M${sensor.x} ${sensor.y} L${at(from)} A${reach} ${reach} 0 0 1 ${at(to)} Z` };
      const above = sensor.beam_deg >= 360;
      drawn.push(make(above ? "circle" : "path", { class: "beam", "clip-path": "url(#inside)", ...(above ? round : wedge) }));
    }
    // Under the bed, where it stands beside it.
    if (chair) drawn.push(make("rect", { class: "chair", x: chair.x - 0.27, y: chair.y - 0.27, width: 0.54, height: 0.54, rx: 0.12 }));
    if (bed) {
      drawn.push(make("rect", { class: "bed", x: bed.x - bed.width_m / 2, y: bed.y - bed.depth_m / 2, width: bed.width_m, height: bed.depth_m, rx: 0.1 }));
      drawn.push(make("rect", { class: "pillow", x: bed.x - bed.width_m / 2 + 0.1, y: bed.y - bed.depth_m / 2 + 0.08, width: Math.min(0.4, bed.width_m - 0.2), height: bed.depth_m > bed.width_m ? 0.3 : bed.depth_m - 0.16, rx: 0.08 }));
    }
    for (const { x, y, kind } of others) drawn.push(make("circle", { class: `other ${kind}`, cx: x, cy: y, r: 0.2 }));
    for (const [kind, device] of Object.entries({ sensor, button })) {
      if (device) drawn.push(make("circle", { class: kind, id: `plan-${kind}`, cx: device.x, cy: device.y, r: 0.13 }), this.label(kind, device));
    }
    return drawn;
  }

  // Beside a device that hangs on the wall, outside of the room.
  label(kind, { x, y }) {
    const [out, anchor] = x < this.room.width_m / 2 ? [-0.2, "end"] : [0.2, "start"];
    const text = make("text", { class: "label", x: x + out, y: y + 0.06, "text-anchor": anchor });
    text.textContent = say(`news_${kind}`);
    return text;
  }

  token({ id, name }) {
    const body = make("g", { class: "figure" },
      make("ellipse", { class: "legs", cx: 0.42, rx: 0.42, ry: 0.17 }),
      make("ellipse", { class: "shoulders", rx: 0.19, ry: 0.3 }),
      make("circle", { class: "head", r: 0.14 }));
    const label = make("text", { class: "name", y: 0.55, "text-anchor": "middle" });
    label.textContent = name;
    const how = make("text", { class: "how", y: 0.74, "text-anchor": "middle" });
    const token = make("g", { class: "person", tabindex: 0, role: "button", "data-person": id, "aria-label": name, "aria-describedby": "room-help" }, make("circle", { class: "reach", r: 0.45 }), body, label, how);
    token.addEventListener("pointerdown", (event) => this.take(event, id));
    token.addEventListener("keydown", (event) => this.key(event, id));
    token.addEventListener("focus", () => this.choose(id));
    this.tokens.set(id, { token, body, label, how });
    return token;
  }

  choose(id) {
    this.picked = true;
    this.follow(id);
  }

  follow(id) {
    if (id === this.chosen) return;
    this.chosen = id;
    this.plan.dispatchEvent(new CustomEvent("chosen"));
  }

  show(people) {
    // Until somebody is picked, it is about whoever is in the room.
    const inside = people.find(({ posture }) => posture !== "outside");
    if (!this.picked && inside && people.find(({ id }) => id === this.chosen)?.posture === "outside") this.follow(inside.id);
    for (const person of people) {
      const known = this.tokens.get(person.id);
      if (!known) continue;
      const outside = person.posture === "outside";
      const { x, y } = outside ? this.outside : person;
      known.x = x;
      known.y = y;
      known.token.setAttribute("transform", `translate(${x} ${y})`);
      known.body.setAttribute("transform", `rotate(${person.facing_deg ?? 0})`);
      put(known.how, outside ? "" : say(`breath_${person.breathing}`));
      known.token.dataset.posture = person.posture;
      known.token.dataset.breathing = person.breathing;
      known.token.classList.toggle("chosen", this.chosen === person.id && people.length > 1);
      // A crowd in the corridor would be one heap.
      known.token.classList.toggle("away", outside && people.length > FEW && this.chosen !== person.id);
      known.token.setAttribute("aria-label", describe(known.label.textContent, person));
    }
  }

  // How far the chest has risen, 0 … 1: drawn large, since 3 mm of a room from above is nothing.
  breathe(id, risen) {
    this.tokens.get(id)?.body.style.setProperty("--risen", risen.toFixed(2));
  }

  // --- dragging -------------------------------------------------------------------------------

  take(event, id) {
    event.preventDefault();
    this.choose(id);
    this.held = id;
    this.plan.setPointerCapture(event.pointerId);
    this.plan.classList.add("holding");
    this.tokens.get(id).token.focus({ preventScroll: true });
  }

  drag(event) {
    if (this.held) this.show_ghost(this.place(event));
  }

  drop(event) {
    if (!this.held) return;
    const moved = this.ghost.getAttribute("visibility") === "visible";
    const [id, place] = [this.held, this.place(event)];
    this.let_go();
    if (moved) this.send(id, place);
  }

  let_go() {
    this.held = null;
    this.plan.classList.remove("holding");
    this.ghost.setAttribute("visibility", "hidden");
  }

  show_ghost({ x, y }) {
    this.ghost.setAttribute("visibility", "visible");
    this.ghost.setAttribute("cx", x);
    this.ghost.setAttribute("cy", y);
  }

  place(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.plan.getScreenCTM().inverse());
    return { x, y };
  }

  key(event, id) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const from = this.wished.get(id) ?? this.tokens.get(id);
    const to = { x: from.x + arrow[0] * STEP_M, y: from.y + arrow[1] * STEP_M };
    this.send(id, to);
    // Further presses go on from where they are going, not from where they are.
    this.wished.set(id, to);
    clearTimeout(this.forget);
    this.forget = setTimeout(() => this.wished.clear(), 1500);
  }

  // The place decides what it is that they do there.
  send(id, { x, y }) {
    const { room } = this;
    const within_m = (thing, far) => thing && Math.abs(thing.x - x) <= far && Math.abs(thing.y - y) <= far;
    const over = (thing) => thing && Math.abs(thing.x - x) <= thing.width_m / 2 && Math.abs(thing.y - y) <= thing.depth_m / 2;
    if (x < 0 || y < 0 || x > room.width_m || y > room.depth_m) this.act("leave", id, {});
    else if (within_m(room.chair, ON_M)) this.act("sit", id, {});
    else if (over(room.bed)) this.act("lie", id, {});
    else if (within_m(room.chair, NEAR_M)) this.act("sit", id, {});
    else this.act("move", id, { x: within(x, 0.2, room.width_m - 0.2), y: within(y, 0.2, room.depth_m - 0.2) });
  }
}

export function describe(name, { posture, breathing }) {
  const how = say(`posture_${posture}`);
  return posture === "outside" ? `${name}: ${how}` : say("live_at", { person: name, posture: how, breathing: say(`breath_${breathing}`) });
}
