"use strict";
// What a page about a workshop can do: search, another theme, copying commands. A page may grow.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("meshpeek-theme", value);
      return localStorage.getItem("meshpeek-theme");
    } catch { return null; }
  };
  const theme = remembered();
  if (theme) root.dataset.theme = theme;

  const ITEMS = ".step, .prose, .remark";
  const texts = new WeakMap();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const filter = () => {
    const words = document.getElementById("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyFailed = document.getElementById("only-failed")?.getAttribute("aria-pressed") === "true";
    let steps = 0;
    for (const item of document.querySelectorAll(ITEMS)) {
      const isWanted = (!words.length || words.every((word) => textOf(item).includes(word)))
        && (!onlyFailed || item.classList.contains("failed"));
      item.hidden = !isWanted;
      if (isWanted && item.classList.contains("step")) steps += 1;
    }
    const isFiltered = words.length > 0 || onlyFailed;
    for (const part of document.querySelectorAll(".part")) {
      part.hidden = isFiltered && !part.querySelector(".step:not([hidden]), .prose:not([hidden]), .remark:not([hidden])");
    }
    document.getElementById("found").textContent = isFiltered ? `${steps} ${steps === 1 ? "step" : "steps"}` : "";
    return isFiltered;
  };

  // Only pages with https may use the clipboard directly; one in the room's network has http.
  const copy = (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.readOnly = true; // or a phone shows its keyboard
    area.value = text;
    area.className = "vh";
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    focused?.focus({ preventScroll: true });
    return isDone ? Promise.resolve() : Promise.reject(new Error("not allowed"));
  };

  const copyCommand = (button) => {
    const command = button.closest(".step").querySelector(".command").cloneNode(true);
    for (const prompt of command.querySelectorAll(".prompt")) prompt.remove();
    const tell = (word, isDone) => {
      button.textContent = word;
      button.classList.toggle("done", isDone);
    };
    copy(command.textContent).then(() => tell("Copied", true), () => tell("Not allowed", false));
    setTimeout(() => tell("Copy", false), 1500);
  };

  // For the script of a page that grows.
  window.meshpeek = {
    changed(element) {
      const item = element.closest(ITEMS);
      if (item) texts.delete(item);
    },
    filter,
  };

  document.addEventListener("DOMContentLoaded", () => {
    const find = document.getElementById("find");
    const failed = document.getElementById("only-failed");
    find.addEventListener("input", filter);
    failed?.addEventListener("click", () => {
      failed.setAttribute("aria-pressed", String(failed.getAttribute("aria-pressed") !== "true"));
      filter();
    });
    document.getElementById("theme").addEventListener("click", () => {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      remembered(root.dataset.theme);
    });
    document.addEventListener("click", ({ target }) => {
      const button = target.closest(".copy");
      if (button) copyCommand(button);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && event.target !== find) { event.preventDefault(); find.focus(); }
      if (event.key === "Escape" && event.target === find) { find.value = ""; filter(); }
    });
  });
})();
