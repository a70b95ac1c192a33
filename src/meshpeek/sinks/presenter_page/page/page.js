"use strict";

// The show does not change; the state says where it is. Both come from the server as events.
let show = null;
let state = null;
let readAt = 0;

const find = (id) => document.getElementById(id);
const UPCOMING = 5;

const source = new EventSource("events");
source.addEventListener("show", (event) => {
  show = JSON.parse(event.data);
  draw();
});
source.addEventListener("state", (event) => {
  state = JSON.parse(event.data);
  readAt = performance.now();
  if (state.ended) source.close();
  draw();
});
source.addEventListener("error", () => {
  if (!state || !state.ended) tell("The show does not answer; trying again…");
});
source.addEventListener("open", () => tell(""));
setInterval(drawClock, 500);

function draw() {
  if (!show || !state || !show.path) return;
  const step = show.steps[state.current];
  find("title").textContent = show.path;
  document.title = `${show.path} – presenter`;
  find("notice").textContent = show.notice ?? "";
  find("notice").hidden = !show.notice;
  drawNow(step);
  fill("next", upcoming(), describe);
  drawFailed();
  drawSections(step);
  drawClock();
  for (const button of document.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", String(!state.waiting));
  }
}

function drawNow(step) {
  const status = state.ended ?? (state.running ? "running" : state.waiting ? "waiting for you" : "showing");
  find("status").textContent = state.ended ? `the show is over: ${status}` : status;
  find("status").dataset.state = state.running ? "running" : state.waiting ? "waiting" : "";
  if (!step) return;
  find("section").textContent = show.sections[step.section].title || show.path;
  find("step").textContent = step.text;
  find("step").classList.toggle("prose", step.kind === "narration");
  find("contexts").replaceChildren(...step.contexts.map(badge));
  find("notes").hidden = step.notes.length === 0;
  fill("note-list", step.notes, (note) => [note]);
}

function badge(context) {
  const element = document.createElement("span");
  element.className = "badge";
  element.textContent = context;
  const known = show.contexts.find(({ name }) => name === context);
  if (known) element.style.borderLeft = `0.7rem solid ${known.colour}`;
  return element;
}

function upcoming() {
  const after = show.steps.slice(state.current + 1);
  return after.filter((step) => step.kind !== "clear").slice(0, UPCOMING);
}

function describe(step) {
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = [step.kind, ...step.contexts].join(" · ");
  const text = document.createElement(step.kind === "command" ? "code" : "span");
  const first = step.text.split("\n").find((line) => line.trim()) ?? "";
  text.textContent = step.kind === "narration" ? first.replace(/^#+ /, "") : first;
  return [kind, document.createElement("br"), text];
}

function drawFailed() {
  const failed = Object.entries(state.outcomes).filter(([, outcome]) => outcome === "failed");
  find("failed-section").hidden = failed.length === 0;
  fill("failed", failed, ([index]) => {
    const reason = document.createElement("span");
    reason.className = "failed-reason";
    reason.textContent = state.reasons[index];
    const step = show.steps[index];
    return [`${step.place} `, ...describe(step), document.createElement("br"), reason];
  });
}

function drawSections(step) {
  fill("sections", show.sections.filter((section) => section.title), (section) => {
    const title = document.createElement("span");
    title.textContent = section.title;
    const minutes = document.createElement("span");
    minutes.className = "minutes";
    minutes.textContent = section.minutes ? `${section.minutes} min` : "";
    return [title, minutes];
  });
  const current = step && show.sections[step.section];
  const titled = show.sections.filter((section) => section.title);
  [...find("sections").children].forEach((item, index) => {
    if (titled[index] === current) item.setAttribute("aria-current", "step");
  });
}

function drawClock() {
  if (!state || !show || !show.path) return;
  const since = state.clock_runs ? (performance.now() - readAt) / 1000 : 0;
  const elapsed = state.elapsed + since;
  find("elapsed").textContent = clock(elapsed);
  find("elapsed").classList.toggle("stopped", !state.clock_runs);
  const total = minutesOf(show.sections);
  if (!total) return;
  const section = show.steps[state.current]?.section ?? 0;
  const start = 60 * minutesOf(show.sections.slice(0, section));
  const end = 60 * minutesOf(show.sections.slice(0, section + 1));
  const late = elapsed - end;
  const early = start - elapsed;
  const compared = late > 0 ? `${clock(late)} behind` : early > 0 ? `${clock(early)} ahead` : "on time";
  find("plan").textContent = `of ${clock(60 * total)}, ${compared}`;
  find("plan").classList.toggle("late", late > 0);
}

function minutesOf(sections) {
  return sections.reduce((sum, section) => sum + (section.minutes ?? 0), 0);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

function fill(id, items, contents) {
  find(id).replaceChildren(...items.map((item) => {
    const element = document.createElement("li");
    element.replaceChildren(...contents(item));
    return element;
  }));
}

function tell(message) {
  find("refused").textContent = message;
}

async function ask(action) {
  if (!state || !state.waiting) {
    tell("The show is not waiting just now.");
    return;
  }
  const reply = await fetch("actions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action }),
  }).catch(() => null);
  tell(!reply ? "The show does not answer." : reply.ok ? "" : "The show is not waiting just now.");
}

for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => ask(button.dataset.action));
}

// The same keys as in the terminal, unless a button has the focus and Enter is its own.
const KEYS = { Enter: "go", "+": "skip", "-": "back" };
document.addEventListener("keydown", (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  const isButtons = event.key === "Enter" && event.target.closest("button");
  if (isPlain && !isButtons && event.key in KEYS) {
    event.preventDefault();
    ask(KEYS[event.key]);
  }
});
