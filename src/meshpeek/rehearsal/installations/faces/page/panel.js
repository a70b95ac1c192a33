// What stands beside the grid: shares, routes, and one request in full.

import { shade } from "./colors.js";
import { ask } from "./server.js";

const STOPWATCH = "\u{23F1}\u{FE0F}";
const WINDOW = 160; // faces that shares and figures are taken from
const FADING_WINDOW = 300; // looks at the grid, a minute of them
const LOOK_AT_ROUTES = 1000; // milliseconds, always of real time
const REDRAW = 250;

const find = (id) => document.getElementById(id);
const percent = (part) => `${Math.round(part * 100)} %`;
const duration = (milliseconds) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${Number((milliseconds / 1000).toFixed(2))} s`;

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

const code = (text) => element("code", "", text);
const cluster = (name) => element("span", "cluster", name);

/** Say what a request for a part came to, as one kind among others. */
function outcome(hop, part) {
  const call = hop.calls.find((each) => each.service === part);
  if (call?.status !== 200) return failure(call);
  const value = call.body[part] ?? "nothing";
  const place = [code(call.backend), " in ", cluster(call.cluster)];
  const key = `${call.backend} ${call.cluster} ${value}`;
  if (part === "smiley") return { key, text: place, sign: value };
  return { key, text: [`${value}, of `, ...place], sign: "", tint: shade(value) };
}

function failure(call) {
  if (!call) return { key: "none", text: ["no face to ask for it"], sign: "!", isFailed: true };
  const { status } = call;
  const whose = code(call.backend || call.service);
  const isLate = status === 504;
  return {
    key: `${status} ${call.backend}`,
    text: [isLate ? "timed out, of " : `error ${status}, of `, whose],
    sign: isLate ? STOPWATCH : "!",
    isFailed: true,
  };
}

const inOrder = (one, other) =>
  Number(one.isFailed ?? false) - Number(other.isFailed ?? false) ||
  one.key.localeCompare(other.key);

export class Panel {
  constructor() {
    this.isPaused = false;
    this.isPresent = true;
    this.isDrawn = true;
    this.routes = "";
    this.clear();
    find("afresh").addEventListener("click", () => {
      this.clear();
      this.draw();
    });
    setInterval(() => this.isDrawn || this.draw(), REDRAW);
  }

  clear() {
    this.faces = [];
    this.fading = [];
  }

  count(hop, isLate) {
    if (hop.status === 0) return;
    this.faces.push({ hop, isLate });
    if (this.faces.length > WINDOW) this.faces.shift();
    this.isDrawn = false;
  }

  countFaded(part) {
    this.fading.push(part);
    if (this.fading.length > FADING_WINDOW) this.fading.shift();
  }

  draw() {
    this.isDrawn = true;
    const total = this.faces.length;
    const mean = (list) => list.reduce((sum, each) => sum + each, 0) / (list.length || 1);
    const put = (id, text) => (find(id).textContent = total ? text : "–");
    put("mean", duration(mean(this.faces.map(({ hop }) => hop.milliseconds))));
    put("faded", percent(mean(this.fading)));
    put("timeouts", percent(mean(this.faces.map(({ isLate }) => Number(isLate)))));
    find("window").textContent = total;
    for (const part of ["color", "smiley"]) this.drawShares(part);
  }

  drawShares(part) {
    const kinds = new Map();
    for (const { hop } of this.faces) {
      const found = outcome(hop, part);
      const kind = kinds.get(found.key) ?? { ...found, count: 0 };
      kind.count += 1;
      kinds.set(found.key, kind);
    }
    const rows = [...kinds.values()].sort(inOrder).map((kind) => this.share(kind));
    find(`shares-${part}`).replaceChildren(...rows);
  }

  share({ key, text, sign, tint, count, isFailed }) {
    const share = count / this.faces.length;
    const swatch = element("span", "swatch", sign);
    swatch.setAttribute("aria-hidden", "true");
    const bar = element("span", "bar");
    bar.style.inlineSize = `${share * 100}%`;
    if (tint) swatch.style.backgroundColor = bar.style.backgroundColor = tint;
    const words = element("span", "", ...text);
    const row = element("li", isFailed ? "failed" : "", swatch, words);
    row.append(element("b", "", percent(share)), bar);
    // For tests and other programs that look at the page.
    Object.assign(row.dataset, { kind: key, share: share.toFixed(3) });
    return row;
  }

  trace(place, hop) {
    find("trace-title").textContent = `One request, from ${place}`;
    if (!hop) return;
    find("trace").replaceChildren(this.step(hop));
  }

  step(hop) {
    const line = element("span", "", code(hop.service));
    if (hop.backend && hop.backend !== hop.service) line.append(" → ", code(hop.backend));
    if (hop.cluster) line.append(" in ", cluster(hop.cluster));
    const details = [];
    if (hop.status !== 200) details.push(hop.status ? `status ${hop.status}` : "no answer");
    if (hop.reason) details.push(hop.reason);
    if (hop.route) details.push(`by the route ${hop.route}`);
    if (hop.pod) details.push(`pod ${hop.pod}`);
    const step = element(
      "li",
      hop.status === 200 ? "" : "failed",
      element("div", "step", line, element("b", "", duration(hop.milliseconds))),
      element("div", "small", details.join(", ")),
    );
    const calls = hop.calls.map((call) => this.step(call));
    if (calls.length) step.append(element("ol", "", ...calls));
    return step;
  }

  /** Look at the routes from now on; tell `whenPresent` whether there is anything to ask. */
  async follow(whenPresent) {
    for (;;) {
      const notice = await this.look();
      this.isPresent = !notice;
      find("absent").hidden = this.isPresent;
      if (find("absent").textContent !== notice) find("absent").textContent = notice;
      whenPresent(this.isPresent);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AT_ROUTES));
    }
  }

  /** Show the routes as they are; return what there is to say if there are none. */
  async look() {
    let state;
    try {
      state = await ask("routes");
    } catch {
      return "The rehearsal has ended: its clusters do not answer any more.";
    }
    const { home, services } = state;
    const text = JSON.stringify(services);
    if (text !== this.routes) find("routes").replaceChildren(...services.map(describe));
    this.routes = text;
    const origin = home ? ["asked for from the ingress of ", cluster(home)] : [];
    find("home").replaceChildren(...origin);
    return home ? "" : "There is no Faces in these clusters: none has a Service called face.";
  }
}

/** Say where requests to a Service go at present. */
function describe({ name, isThere, route, requestTimeout, backendTimeout, backends }) {
  const head = element("p", "", code(name));
  if (!isThere) head.append(" is no Service any more");
  else if (route) head.append(" goes where the HTTPRoute ", code(route), " says");
  else head.append(" has no route: its own pods answer");
  const block = element("div", "service", head, element("ul", "", ...backends.map(backendLine)));
  const timeouts = [];
  if (requestTimeout) timeouts.push(`given up after ${duration(requestTimeout)}`);
  if (backendTimeout) timeouts.push(`each backend after ${duration(backendTimeout)}`);
  if (timeouts.length) block.append(element("p", "small", timeouts.join(", ")));
  return block;
}

function backendLine({ name, share, clusters, pods, reason }) {
  const isFine = pods > 0 && !reason;
  const line = element("li", isFine ? "" : "failed", element("b", "", percent(share)));
  if (name) line.append(" ", code(name));
  for (const each of clusters) line.append(" in ", cluster(each));
  if (isFine) line.append(`, ${pods} ${pods > 1 ? "pods" : "pod"}`);
  else line.append(`: ${reason || "no pod is ready, so 504 after 3 s"}`);
  return line;
}
