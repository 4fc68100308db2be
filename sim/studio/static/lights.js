// Light and sounder as on the device: the same rhythms, in real time at whatever speed the world
// goes. A world's second may be a millisecond here, and a light that flickers so harms people.
import { calm, told } from "./words.js";

// The rhythm is drawn over so long, in ms.
const DRAWN_MS = 6000;
const SVG = "http://www.w3.org/2000/svg";

export class Lamp {
  constructor(bulb, drawing) {
    this.bulb = bulb;
    this.drawing = drawing;
    this.shown = null;
    this.timer = 0;
  }

  show(name) {
    if (name === this.shown) return;
    this.shown = name;
    clearTimeout(this.timer);
    this.bulb.dataset.light = name;
    const steps = told.patterns[name] ?? [];
    this.draw(steps);
    if (calm.matches) this.lit(steps.length > 0);
    else this.play(steps, 0);
  }

  play(steps, at) {
    this.lit(steps.length > 0 && at % 2 === 0);
    if (steps.length) this.timer = setTimeout(() => this.play(steps, (at + 1) % steps.length), steps[at]);
  }

  lit(on) {
    this.bulb.classList.toggle("lit", on);
  }

  // Bars and gaps: what cannot be seen by flicker or colour can be seen by this.
  draw(steps) {
    const bars = [];
    const whole = steps.reduce((sum, ms) => sum + ms, 0);
    for (let at = 0; whole && at < DRAWN_MS; ) {
      for (const [place, ms] of steps.entries()) {
        if (place % 2 === 0 && at < DRAWN_MS) {
          const bar = document.createElementNS(SVG, "rect");
          bar.setAttribute("x", (300 * at) / DRAWN_MS);
          bar.setAttribute("width", (300 * Math.min(ms, DRAWN_MS - at)) / DRAWN_MS);
          bar.setAttribute("height", 10);
          bars.push(bar);
        }
        at += ms;
      }
    }
    this.drawing.replaceChildren(...bars);
  }
}

// What the sounders say, for who wants to hear it. A browser lets a page sound only after a press.
export class Sounder {
  constructor() {
    this.context = null;
    this.timer = 0;
    this.name = null;
  }

  get on() {
    return this.context !== null;
  }

  toggle() {
    if (this.on) {
      clearTimeout(this.timer);
      this.context.close();
      this.context = null;
    } else {
      this.context = new AudioContext();
      this.sound(this.name);
    }
  }

  show(name) {
    if (name === this.name) return;
    this.name = name;
    if (this.on) this.sound(name);
  }

  sound(name) {
    clearTimeout(this.timer);
    const [tones, every] = told.sounds[name] ?? [[], 0];
    let at = this.context.currentTime + 0.02;
    for (const [hz, ms] of tones) {
      if (hz) this.tone(hz, at, ms / 1000);
      at += ms / 1000;
    }
    if (every) this.timer = setTimeout(() => this.on && this.sound(name), every);
  }

  tone(hz, at, length) {
    const tone = new OscillatorNode(this.context, { frequency: hz });
    const loud = new GainNode(this.context, { gain: 0.08 });
    tone.connect(loud).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
