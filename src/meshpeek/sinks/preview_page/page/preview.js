"use strict";

const ROWS = 24;
let version = null;

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function drawRun(run) {
  const span = element("span", run.text);
  for (const kind of ["bold", "italic", "underline", "dim"]) if (run[kind]) span.classList.add(kind);
  if (run.color) span.style.color = run.color;
  if (run.background) span.style.backgroundColor = run.background;
  return span;
}

function drawPage(page, index, count) {
  const section = element("section");
  const title = element("h2", page.title || "(no heading)");
  const place = ` ${index + 1} of ${count}, steps ${page.steps[0]} to ${page.steps[1]}, `;
  title.append(element("small", `${place}${page.lines.length} lines`, page.too_tall ? "tall" : ""));
  const screen = element("pre", undefined, "screen");
  page.lines.forEach((line, number) => {
    if (number === page.lines.length - ROWS) screen.append(element("span", undefined, "edge"));
    screen.append(...line.map(drawRun), "\n");
  });
  section.append(title, screen);
  for (const note of page.notes) section.append(element("p", `Note, ${note}`, "note"));
  for (const finding of page.findings) section.append(element("p", finding, "finding"));
  return section;
}

function draw(shown) {
  document.title = `${shown.path} – preview`;
  document.getElementById("title").textContent = shown.path;
  const status = document.getElementById("status");
  status.className = shown.error ? "wrong" : "";
  status.textContent = shown.error ?? "As the room will see it; it follows the file as it is saved.";
  if (shown.error) return;
  const pages = shown.pages.map((page, index) => drawPage(page, index, shown.pages.length));
  document.getElementById("pages").replaceChildren(...pages);
}

async function follow() {
  try {
    const answer = await (await fetch("state", { cache: "no-store" })).json();
    if (answer.version !== version) {
      version = answer.version;
      draw(answer.shown);
    }
  } catch {
    document.getElementById("status").textContent = "The preview has ended.";
  }
  setTimeout(follow, 500);
}

follow();
