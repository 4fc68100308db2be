// The chest over time: what it does, and what the radar sees of it.

import { calm } from "./words.js";

// From top to bottom. Breath moves the chest 2 to 4 mm; what goes beyond is movement.
const HEIGHT_MM = 7;
const MOST = 2000;
const CALM_MS = 2000;

export class Wave {
  constructor(canvas) {
    this.canvas = canvas;
    this.clear();
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear() {
    this.stretches = [];
    this.drawnAt = -CALM_MS;
  }

  take({ wave, shown_s, t_ms }) {
    this.shownMs = shown_s * 1000;
    this.nowMs = t_ms;
    this.stretches.push(...wave);
    // More than is shown is kept: at a lower speed one may have seen enough to look back.
    this.stretches.splice(0, this.stretches.length - MOST);
    // It scrolls; for whom movement makes ill it is a picture that changes now and then.
    const now = performance.now();
    if (calm.matches && now - this.drawnAt < CALM_MS) return;
    this.drawnAt = now;
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dots = devicePixelRatio || 1;
    if (this.canvas.width !== width * dots || this.canvas.height !== height * dots) {
      this.canvas.width = width * dots;
      this.canvas.height = height * dots;
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!this.shownMs || !this.stretches.length) return;
    const style = getComputedStyle(this.canvas);
    this.grid(pen, width, height, style.getPropertyValue("--line"));
    this.line(pen, 2, width, height, style.getPropertyValue("--radar"), 3);
    this.line(pen, 1, width, height, style.getPropertyValue("--chest"), 1.5);
  }

  grid(pen, width, height, colour) {
    const every = [5, 10, 30, 60, 300, 600, 3600].find((s) => this.shownMs / s <= 8000) ?? 7200;
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    pen.beginPath();
    const first = Math.ceil((this.nowMs - this.shownMs) / 1000 / every) * every;
    for (let s = first; s * 1000 <= this.nowMs; s += every) {
      const x = this.x(s * 1000, width);
      pen.moveTo(x, 0);
      pen.lineTo(x, height);
    }
    pen.stroke();
  }

  x(ms, width) {
    return width * (1 - (this.nowMs - ms) / this.shownMs);
  }

  line(pen, which, width, height, colour, thick) {
    const shown = this.stretches.filter(([at]) => at >= this.nowMs - this.shownMs);
    const y = (mm) => height * (0.5 - mm / HEIGHT_MM);
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.lineJoin = "round";
    pen.beginPath();
    let drawn = false;
    for (const stretch of shown) {
      const span = stretch[which];
      if (!span) {
        drawn = false;
        continue;
      }
      const x = this.x(stretch[0], width);
      if (drawn) pen.lineTo(x, y(span[0]));
      else pen.moveTo(x, y(span[0]));
      if (span[1] !== span[0]) pen.lineTo(x, y(span[1]));
      drawn = true;
    }
    pen.stroke();
  }
}
