"use strict";
// Keeps the page up to date: each message has what changed since the last one.
(() => {
  const find = (id) => document.getElementById(id);
  const content = find("content");
  const status = find("status");
  let follows = true;
  let now = null;
  let isOver = false;
  let scrolledAt = 0;

  const make = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.firstElementChild;
  };

  // An identity that is there is replaced; a new one goes behind `after`: "" is the beginning,
  // null the end.
  const put = ({ id, html, state, parent, after }) => {
    const old = find(id);
    if (state !== undefined) {
      if (old) old.className = `step ${state}`;
      return;
    }
    const element = make(html);
    if (old) {
      old.replaceWith(element);
    } else {
      const place = find(parent);
      if (after === null) place.append(element);
      else if (after === "") place.prepend(element);
      else find(after).after(element);
    }
    window.meshpeek.changed(element);
  };

  const point = (id) => {
    for (const old of document.querySelectorAll("[aria-current=step]")) {
      old.removeAttribute("aria-current");
    }
    now = id && find(id);
    now?.setAttribute("aria-current", "step");
    if (id) find("now").href = `#${id}`;
    find("now").hidden = !id;
  };

  const keepUp = () => {
    if (!follows || !now || now.hidden) return;
    scrolledAt = performance.now();
    const terminal = now.querySelector(".terminal");
    if (terminal) terminal.scrollTop = terminal.scrollHeight;
    now.scrollIntoView({ block: "nearest" });
  };

  const offerToFollow = () => { find("follow").hidden = follows || isOver || !now; };

  const take = (update) => {
    if (update.again) {
      find("steps").replaceChildren();
      find("outline").replaceChildren();
    }
    update.elements.forEach(put);
    point(update.now);
    isOver = update.over;
    document.title = `${update.title || "meshpeek"} – ${isOver ? "over" : "live"}`;
    status.textContent = update.status;
    status.classList.toggle("over", isOver);
    if (find("find").value) window.meshpeek.filter();
    keepUp();
    offerToFollow();
  };

  const source = new EventSource(`events?from=${content.dataset.version}`);
  source.addEventListener("message", (event) => {
    take(JSON.parse(event.data));
    if (isOver) source.close();
  });
  source.addEventListener("full", () => {
    status.textContent = "Too many viewers: new every 15 seconds";
  });
  source.addEventListener("error", () => {
    if (!isOver && source.readyState !== EventSource.OPEN && !status.textContent.startsWith("Too many")) {
      status.textContent = "Not connected; trying again…";
    }
  });
  source.addEventListener("open", () => {
    if (status.textContent.startsWith("Not connected")) status.textContent = "Live";
  });

  // Whoever scrolls away from the step that is on now reads back; whoever returns follows again.
  addEventListener("scroll", () => {
    if (performance.now() - scrolledAt < 200 || !now) return;
    const { top, bottom } = now.getBoundingClientRect();
    follows = bottom > 0 && top < innerHeight;
    offerToFollow();
  }, { passive: true });
  const follow = () => { follows = true; keepUp(); offerToFollow(); };
  find("follow").addEventListener("click", follow);
  find("now").addEventListener("click", (event) => { event.preventDefault(); follow(); });
  point(find("now").getAttribute("href")?.slice(1) ?? null);
  keepUp();
})();
