// What has happened, the newest first.
import { clock, say } from "./words.js";

const MOST = 300;
// Values that are themselves words of the catalogue.
const WORDS = { cause: "why", fault: "why", part: "break", device: "news", light: "light", sees: "news" };

export class Story {
  constructor(list) {
    this.list = list;
    this.names = new Map();
    this.clear();
  }

  know({ people, phones }) {
    this.names = new Map([...people, ...phones].map(({ id, name }) => [id, name]));
  }

  clear() {
    const empty = Object.assign(document.createElement("li"), { className: "soft", textContent: this.list.dataset.empty });
    this.list.replaceChildren(empty);
    this.empty = true;
  }

  add(news) {
    if (!news.length) return;
    if (this.empty) this.list.replaceChildren();
    this.empty = false;
    this.list.prepend(...news.map((one) => this.item(one)).reverse());
    while (this.list.childElementCount > MOST) this.list.lastElementChild.remove();
  }

  item({ t_ms, key, ...values }) {
    for (const [name, room] of Object.entries(WORDS)) {
      if (name in values) values[name] = say(`${room}_${values[name]}`);
    }
    if ("who" in values) values.who = this.names.get(values.who) ?? values.who;
    const item = document.createElement("li");
    item.dataset.key = key;
    const time = Object.assign(document.createElement("time"), { textContent: clock(t_ms) });
    const text = Object.assign(document.createElement("span"), { textContent: say(`news_${key}`, values) });
    item.append(time, text);
    return item;
  }
}
