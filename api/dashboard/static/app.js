"use strict";
// What pages do besides showing: local times, names of countries, plots, dropped files, confirmations.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (zone) document.cookie = `outdial_zone=${encodeURIComponent(zone)}; path=/dashboard; max-age=31536000; SameSite=Lax${secure}`;

  const forms = {
    clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  function localTimes(root) {
    for (const time of root.querySelectorAll("time[data-zone]")) {
      if (!zone || time.dataset.zone === zone) continue;
      const at = new Date(time.dateTime);
      const today = at.toDateString() === new Date().toDateString() && time.dataset.form === "short";
      time.textContent = today ? `today ${clock(at / 1000)}` : at.toLocaleString("en-GB", { ...(forms[time.dataset.form] || forms.short), timeZone: zone }).replace(",", "");
      time.title = at.toLocaleString("en-GB", { timeZone: zone, timeZoneName: "short" });
      time.dataset.zone = zone;
    }
    for (const select of root.querySelectorAll("select[data-local-zone]")) {
      const choice = [...select.options].find((option) => option.value === zone);
      if (choice && !select.dataset.chosen) select.value = zone;
      select.dataset.chosen = "yes";
    }
  }

  const countries = new Intl.DisplayNames(["en"], { type: "region" });
  function countryNames(root) {
    for (const element of root.querySelectorAll("[data-region]")) {
      const code = element.dataset.region;
      const name = countries.of(code);
      element.textContent = element.dataset.calling ? `${name} (+${element.dataset.calling})` : name;
      delete element.dataset.region;
    }
    for (const select of root.querySelectorAll("select[data-sorted]")) {
      const chosen = select.value;
      const options = [...select.options].sort((one, other) => one.text.localeCompare(other.text));
      select.append(...options);
      select.value = chosen;
      delete select.dataset.sorted;
    }
  }

  const plots = new WeakMap();
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  function plot(figure) {
    const source = document.getElementById(figure.dataset.plot);
    if (!source || !window.uPlot) return;
    const { series, unit } = figure.dataset;
    const data = JSON.parse(source.dataset.points);
    const shown = plots.get(figure);
    if (shown) return shown.setData(data);
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const labels = JSON.parse(series);
    const strokes = ["--accent", "--info"];
    const options = {
      width: figure.clientWidth, height: 180, cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, low, high) => [0, Math.max(high || 0, 1)] } },
      axes: [{ ...axis, gap: 8, values: (_, seconds) => seconds.map(clock) }, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000] }],
      series: [{ label: "Minute", value: (_, second) => (second ? clock(second) : "–") }, ...labels.map((label, at) => ({
        label: `${label} ${unit}`, stroke: colour(strokes[at]), width: 2, points: { show: data[0].length < 30 },
        dash: at ? [6, 4] : undefined, fill: at ? undefined : colour("--accent-soft"),
      }))],
    };
    plots.set(figure, new uPlot(options, data, figure));
    new ResizeObserver(() => plots.get(figure).setSize({ width: figure.clientWidth, height: 180 })).observe(figure);
  }
  // What somebody opened stays open while the page changes around it.
  if (window.Idiomorph) Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element.tagName === "DETAILS");
  const drawPlots = () => document.querySelectorAll("[data-plot]").forEach(plot);

  function dropZones(root) {
    for (const area of root.querySelectorAll("[data-drop]")) {
      const input = area.querySelector("input[type=file]");
      area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
      area.addEventListener("dragleave", () => area.classList.remove("over"));
      area.addEventListener("drop", (event) => {
        event.preventDefault();
        area.classList.remove("over");
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
  }

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (event.submitter && event.target.method === "post" && !event.target.hasAttribute("hx-post")) {
      const button = event.submitter;
      setTimeout(() => { button.setAttribute("aria-disabled", "true"); button.classList.add("waiting"); });
    }
  }, true);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (event.target.closest("button[aria-disabled=true]")) event.preventDefault();
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
  // "Later" shows when; the fields stay usable without this script.
  function whenChosen(root) {
    for (const group of root.querySelectorAll("[data-when]")) {
      const update = () => {
        const later = group.querySelector("input[value=later]").checked;
        group.querySelector("[data-later]").hidden = !later;
      };
      group.addEventListener("change", update);
      update();
    }
  }

  function dress(root) { localTimes(root); countryNames(root); dropZones(root); whenChosen(root); drawPlots(); }
  document.addEventListener("DOMContentLoaded", () => {
    dress(document);
    const here = document.querySelector("nav [aria-current]");
    const bar = here?.closest("nav");
    if (bar) bar.scrollLeft = here.offsetLeft - bar.clientWidth / 2;
  });
  document.addEventListener("htmx:afterSettle", () => { localTimes(document); countryNames(document); drawPlots(); });
  document.addEventListener("htmx:sseMessage", () => { localTimes(document); countryNames(document); drawPlots(); });
  document.addEventListener("htmx:sseError", () => document.body.classList.add("stale"));
  document.addEventListener("htmx:sseOpen", () => document.body.classList.remove("stale"));
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button.waiting")) { button.removeAttribute("aria-disabled"); button.classList.remove("waiting"); }
  });
})();
