"use strict";
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

  document.addEventListener("DOMContentLoaded", () => {
    const find = document.getElementById("find");
    const found = document.getElementById("found");
    const failed = document.getElementById("only-failed");
    const items = [...document.querySelectorAll(".step, .prose, .remark")];
    const texts = items.map((item) => item.textContent.toLowerCase());
    const parts = [...document.querySelectorAll(".part")];

    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      const onlyFailed = failed.getAttribute("aria-pressed") === "true";
      let steps = 0;
      items.forEach((item, index) => {
        const isWanted = words.every((word) => texts[index].includes(word))
          && (!onlyFailed || item.classList.contains("failed"));
        item.hidden = !isWanted;
        if (isWanted && item.classList.contains("step")) steps += 1;
      });
      const isFiltered = words.length > 0 || onlyFailed;
      for (const part of parts) {
        part.hidden = isFiltered && !part.querySelector(".step:not([hidden]), .prose:not([hidden]), .remark:not([hidden])");
      }
      found.textContent = isFiltered ? `${steps} ${steps === 1 ? "step" : "steps"}` : "";
    };
    find.addEventListener("input", filter);
    failed.addEventListener("click", () => {
      failed.setAttribute("aria-pressed", String(failed.getAttribute("aria-pressed") !== "true"));
      filter();
    });
    document.getElementById("theme").addEventListener("click", () => {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      remembered(root.dataset.theme);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && event.target !== find) { event.preventDefault(); find.focus(); }
      if (event.key === "Escape" && event.target === find) { find.value = ""; filter(); }
    });
  });
})();
