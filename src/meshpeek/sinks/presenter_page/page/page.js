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
// A show that was killed closes the connection: nothing here may look as if it went on.
let lost = false;
let full = "";
source.addEventListener("full", (event) => {
  full = `Too many viewers: ${event.data} others have this page open. Close one of them.`;
});
source.addEventListener("error", () => {
  if (state && state.ended) return;
  lost = true;
  tell(full || "No connection: the show has died, or the network has. Trying again…");
  draw();
});
source.addEventListener("open", () => {
  lost = false;
  full = "";
  tell("");
  draw();
});
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
  for (const button of document.querySelectorAll("button[data-action]")) {
    button.setAttribute("aria-disabled", String(!isHeard()));
  }
  document.querySelector("button[data-action=go]").textContent = state.typing ? "Finish typing" : "Next";
  document.body.classList.toggle("lost", lost);
  find("summary-section").hidden = !state.summary;
  find("summary").textContent = state.summary ?? "";
}

function drawNow(step) {
  const doing = state.running ? "running" : state.waiting ? "waiting for you" : state.typing ? "typing" : "showing";
  find("status").textContent = state.ended ? `the show is over: ${state.ended}` : lost ? "no connection" : doing;
  find("status").dataset.state = lost ? "" : state.running ? "running" : state.waiting ? "waiting" : "";
  if (!step) return;
  find("section").textContent = show.sections[step.section].title || show.path;
  // At a wait, what comes next is what one has to say.
  const next = step.kind === "pause" ? upcoming()[0] : null;
  find("step").textContent = state.at_end ? "The end" : step.kind !== "pause" ? words(step) : next ? `next: ${words(next)}` : "the end is next";
  find("step").classList.toggle("prose", step.kind !== "command");
  find("contexts").replaceChildren(...step.contexts.map(badge));
  const notes = notesUpTo(state.current);
  find("notes").hidden = notes.length === 0;
  fill("note-list", notes, asHtml);
  drawStage();
}

function words(step) {
  return step.html ? asHtml(step.html)[0].textContent.trim() : step.text;
}

// The notes on what has been shown since the last stop are for this one.
function notesUpTo(current) {
  let first = current;
  while (first > 0 && !show.steps[first - 1].stops) first -= 1;
  return show.steps.slice(first, current + 1).flatMap((step) => step.notes);
}

// The server has made it of Markdown, with everything escaped.
function asHtml(html) {
  const element = document.createElement("div");
  element.innerHTML = html;
  return [element];
}

function drawStage() {
  find("stage").replaceChildren(...state.stage.map((shown) => {
    if (shown.html) return asHtml(shown.html)[0];
    const element = document.createElement("pre");
    element.className = shown.kind;
    element.textContent = shown.kind === "command" ? `$ ${shown.text}` : shown.text;
    return element;
  }));
  find("stage").scrollTop = find("stage").scrollHeight;
}

function isHeard() {
  return Boolean(state) && !lost && (state.waiting || state.typing);
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
  text.textContent = words(step);
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
  if (lost) return;
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
  const left = 60 * total - elapsed;
  const countdown = left >= 0 ? `${clock(left)} left` : `${clock(-left)} over`;
  find("plan").textContent = `${countdown} of ${clock(60 * total)}, ${compared}`;
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
  if (!isHeard()) {
    tell(lost ? "No connection to the show." : "The show is not waiting just now.");
    return;
  }
  const reply = await fetch("actions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action }),
  }).catch(() => null);
  tell(!reply ? "The show does not answer." : reply.ok ? "" : "The show is not waiting just now.");
}

for (const button of document.querySelectorAll("button[data-action]")) {
  button.addEventListener("click", () => ask(button.dataset.action));
}

const SIZES = [0.7, 0.85, 1, 1.25, 1.6, 2];
let size = 2;
for (const button of document.querySelectorAll("button[data-size]")) {
  button.addEventListener("click", () => {
    size = Math.min(Math.max(size + Number(button.dataset.size), 0), SIZES.length - 1);
    document.documentElement.style.setProperty("--notes", SIZES[size]);
  });
}

// The same keys as in the terminal, and those of remote controls, unless a button has the focus and
// Enter or the space bar is its own.
const KEYS = {
  Enter: "go", PageDown: "go", ArrowDown: "go", " ": "go", ArrowRight: "skip", "+": "skip",
  PageUp: "back", ArrowUp: "back", ArrowLeft: "back", "-": "back", b: "blank", ".": "blank",
};
document.addEventListener("keydown", (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
  const isButtons = ["Enter", " "].includes(event.key) && event.target.closest("button");
  if (isPlain && !isButtons && event.key in KEYS) {
    event.preventDefault();
    ask(KEYS[event.key]);
  }
});
