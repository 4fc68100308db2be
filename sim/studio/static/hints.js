// What to do first, for who has never been here: three steps, each of them a button.
const by = (id) => document.getElementById(id);
const CLOSED = "hint-closed";
const SEEN = ["breathing", "slow", "weak", "still"];

export class Hints {
  constructor(box, cards) {
    this.box = box;
    this.cards = cards;
    by("hint-close").addEventListener("click", () => {
      sessionStorage.setItem(CLOSED, "yes");
      this.box.hidden = true;
    });
    by("hint-answer").addEventListener("click", () => {
      document.querySelector('[data-answer="on_my_way"]:enabled')?.click();
    });
  }

  // Once more from the first step. wanted: whether they are of this situation.
  begin(wanted) {
    this.box.hidden = !wanted || sessionStorage.getItem(CLOSED) === "yes";
    this.done = 0;
    this.seen = false;
    by("hint-over").hidden = true;
    this.mark();
  }

  show(frame) {
    const inside = frame.people.some(({ posture }) => posture !== "outside");
    const stopped = frame.people.some(({ posture, breathing }) => posture !== "outside" && breathing === "stopped");
    const coming = ["attending", "arrived", "resolved"].includes(frame.alert?.state);
    // Each step once, in order, and none is taken back: they may do as they like in between.
    if (this.done === 0 && inside) this.done = 1;
    if (this.done === 1 && stopped) this.done = 2;
    if (this.done === 2 && coming) this.done = 3;
    // Once is enough: whoever moves a little the next moment has been seen all the same.
    this.seen ||= SEEN.includes(frame.sensor?.sees);
    by("hint-1").querySelector("button").disabled = inside;
    by("hint-2").querySelector("button").disabled = !(this.done === 1 && this.seen);
    by("hint-answer").disabled = !(this.done === 2 && frame.phones.some(({ can }) => can.includes("on_my_way")));
    by("hint-over").hidden = this.done < 3;
    this.mark();
  }

  mark() {
    for (const step of [1, 2, 3]) {
      by(`hint-${step}`).classList.toggle("done", this.done >= step);
      by(`hint-${step}`).classList.toggle("next", this.done === step - 1);
    }
  }
}
