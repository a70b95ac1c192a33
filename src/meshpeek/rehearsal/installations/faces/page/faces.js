// The grid of Faces 0.8.0. The server answers each cell's request at once and says how long the
// answer took; the page waits that long. `?speed=20` lets its clock run twenty times as fast.

import { shade } from "./colors.js";
import { Panel } from "./panel.js";
import { ask } from "./server.js";

const PERIOD = 2000; // milliseconds from request to request
const WATCH = 200; // between looks at how old cells are
const FADES_AFTER = 2000;
const GONE_AFTER = 2500;
const MOST_TIMEOUTS = 4;
const SIZE = 4;

const SLEEPING = "\u{1F634}";
const CONFUSED = "\u{1F615}";
const NEUTRAL = "\u{1F610}";
const NAMES = {
  "\u{1F603}": "smiling",
  "\u{1F634}": "sleeping",
  "\u{1F92C}": "cursing",
  "\u{1F92F}": "overwhelmed",
  "\u{1F60D}": "heart eyes",
  "\u{1F610}": "neutral",
  "\u{1F644}": "rolling eyes",
  "\u{1F631}": "screaming",
  "\u{1F615}": "confused",
};
const wanted = Number(new URLSearchParams(location.search).get("speed"));
const speed = Math.min(Math.max(wanted || 1, 0.1), 50);
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

const now = () => performance.now() * speed;
const after = (milliseconds, action) => setTimeout(action, milliseconds / speed);
const sleep = (milliseconds) => new Promise((resolve) => after(milliseconds, resolve));

function make(parent, name, className, hidden = true) {
  const element = document.createElement(name);
  element.className = className;
  if (hidden) element.setAttribute("aria-hidden", "true");
  parent.append(element);
  return element;
}

class Cell {
  constructor(grid, row, column) {
    this.grid = grid;
    this.place = `row ${row + 1}, column ${column + 1}`;
    this.path = `cell?row=${row}&col=${column}`;
    this.button = make(grid.element, "button", "cell", false);
    this.button.type = "button";
    this.face = make(this.button, "span", "face");
    this.smileyText = make(this.face, "span", "smiley");
    this.tint = make(this.button, "span", "tint");
    this.mark = make(this.button, "span", "mark");
    this.count = make(this.button, "span", "count");
    this.mark.textContent = "!";
    this.color = "grey";
    this.smiley = "";
    this.timeouts = 0;
    this.isWrong = false;
    this.updated = now();
    this.lastHop = null;
    this.isWaiting = false;
    this.draw();
    this.face.style.opacity = 0.5;
    after(row * (PERIOD / SIZE) + column * (PERIOD / SIZE ** 2), () => this.run());
  }

  async run() {
    if (this.isWaiting || !this.grid.isActive) return;
    this.isWaiting = true;
    const sent = now();
    let hop;
    try {
      hop = await ask(this.path);
      await sleep(hop.milliseconds - (now() - sent));
    } catch {
      hop = { service: "face", status: 0, milliseconds: 0, calls: [], body: {}, reason: "" };
    }
    this.isWaiting = false;
    this.receive(hop);
    after(Math.max(0, PERIOD - (now() - sent)), () => this.run());
  }

  receive(hop) {
    this.updated = now();
    this.lastHop = hop;
    const { color, smiley, errors } = hop.body;
    const isLate = hop.status === 504 || hop.status === 429;
    const isHalfLate = hop.status === 200 && (color === "504" || smiley === "504");
    this.isWrong = Boolean(errors);
    if (isLate || isHalfLate) this.timeouts += 1;
    else this.timeouts = 0;
    if (hop.status === 200) {
      if (color !== "504") this.color = color;
      if (smiley !== "504") this.smiley = smiley;
    } else if (hop.status === 599) {
      [this.smiley, this.color] = [NEUTRAL, "hotpink"];
    } else if (!isLate) {
      [this.smiley, this.color, this.isWrong] = [CONFUSED, "red", true];
    }
    this.draw();
    this.grid.received(this, hop, isLate || isHalfLate);
  }

  draw() {
    const isAsleep = this.timeouts > MOST_TIMEOUTS;
    const color = isAsleep ? "pink" : this.color;
    const smiley = isAsleep ? SLEEPING : this.smiley;
    this.face.style.backgroundColor = shade(color);
    this.smileyText.textContent = smiley;
    this.tint.textContent = smiley ? color : "";
    this.count.textContent = this.timeouts || "";
    this.button.classList.toggle("wrong", this.isWrong);
    this.fade();
    const parts = smiley ? [`${NAMES[smiley] ?? smiley} on ${color}`] : ["not answered yet"];
    if (this.timeouts) parts.push(`${this.timeouts} timeouts in a row`);
    if (this.isWrong && !this.timeouts) parts.push("error");
    this.button.setAttribute("aria-label", `${this.place}: ${parts.join(", ")}`);
  }

  /** Fade with age; return whether there is less to be seen than there was. */
  fade() {
    const age = now() - this.updated;
    let opacity = Math.min(Math.max((GONE_AFTER - age) / (GONE_AFTER - FADES_AFTER), 0), 1);
    const isFaded = opacity < 1;
    if (isCalm.matches && isFaded) opacity = opacity > 0 ? 0.4 : 0;
    if (this.timeouts > MOST_TIMEOUTS) opacity = Math.min(opacity, 0.2);
    if (this.lastHop) this.face.style.opacity = opacity;
    this.button.classList.toggle("gone", opacity === 0);
    return isFaded;
  }
}

class Grid {
  constructor(element, panel) {
    this.element = element;
    this.panel = panel;
    this.isActive = true;
    this.cells = [];
    for (let row = 0; row < SIZE; row += 1)
      for (let column = 0; column < SIZE; column += 1)
        this.cells.push(new Cell(this, row, column));
    this.cells.forEach((cell) => cell.button.addEventListener("click", () => this.choose(cell)));
    this.choose(this.cells[0]);
    element.addEventListener("keydown", (event) => this.move(event));
    setInterval(() => this.watch(), Math.max(WATCH / speed, 4));
  }

  choose(cell) {
    this.chosen = cell;
    for (const each of this.cells) {
      each.button.setAttribute("aria-pressed", String(each === cell));
      each.button.tabIndex = each === cell ? 0 : -1;
    }
    this.panel.trace(cell.place, cell.lastHop);
  }

  move(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIZE, ArrowDown: SIZE };
    const at = this.cells.findIndex((cell) => cell.button === document.activeElement);
    const edges = { Home: 0, End: this.cells.length - 1 };
    const target = this.cells[edges[event.key] ?? at + steps[event.key]];
    if (!target) return;
    event.preventDefault();
    this.choose(target);
    target.button.focus();
  }

  received(cell, hop, isLate) {
    this.panel.count(hop, isLate);
    if (cell === this.chosen) this.panel.trace(cell.place, hop);
  }

  watch() {
    if (!this.isActive) return;
    const faded = this.cells.filter((cell) => cell.fade() && cell.lastHop).length;
    this.panel.countFaded(faded / this.cells.length);
  }

  /** Stop asking, or go on. A pause is no time in which a cell grows old. */
  setActive(isActive) {
    if (isActive === this.isActive) return;
    this.isActive = isActive;
    if (isActive) {
      const idle = now() - this.pausedAt;
      for (const cell of this.cells) {
        cell.updated = Math.min(cell.updated + idle, now());
        cell.run();
      }
    } else {
      this.pausedAt = now();
    }
  }
}

document.documentElement.style.setProperty("--watch", `${WATCH / speed}ms`);

const panel = new Panel();
const grid = new Grid(document.getElementById("cells"), panel);

const pause = document.getElementById("pause");
pause.addEventListener("click", () => {
  const isPaused = pause.getAttribute("aria-pressed") === "false";
  pause.setAttribute("aria-pressed", String(isPaused));
  panel.isPaused = isPaused;
  grid.setActive(!isPaused && panel.isPresent);
});

panel.follow((isPresent) => grid.setActive(isPresent && !panel.isPaused));
