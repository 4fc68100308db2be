// The page's texts, in the language the server rendered it in.
export const told = JSON.parse(document.getElementById("told").textContent);

export function say(key, values = {}) {
  const text = told.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

// Somebody whom movement makes ill.
export const calm = matchMedia("(prefers-reduced-motion: reduce)");

export const knows = (key) => key in told.words;

// "4:07", or "2:04:07" where hours have passed.
export function clock(ms) {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

export function names(people) {
  if (people.length < 2) return people.join("");
  return people.slice(0, -1).join(", ") + say("live_and") + people.at(-1);
}

// Changes a text only where it differs: what reads the page aloud says it again otherwise.
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
